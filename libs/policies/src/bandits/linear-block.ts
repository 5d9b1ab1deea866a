import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText } from '../codec.js';
import { choleskyInPlace, invertCholesky } from '../linear-algebra/cholesky.js';
import { addOuterLower, addScaled } from '../linear-algebra/rank-one.js';
import { decayFactor } from './decayed-counts.js';

/**
 * What one linear model has seen: A = sum w x x' (lower triangle of dim * dim doubles, without the ridge) and
 * b = sum w x r, where w fades with age. The ridge is added and the inverse taken afresh when the state is compiled:
 * updating an inverse under forgetting drifts until variances turn negative.
 */
export interface LinearBlock {
  readonly dim: number;
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** Unix milliseconds of the newest decision in it. */
  readonly at: number;
}

export interface LinearRow {
  readonly x: Float64Array;
  readonly reward: number;
  readonly at: number;
}

export function emptyBlock(dim: number): LinearBlock {
  return { dim, a: new Float64Array(dim * dim), b: new Float64Array(dim), at: 0 };
}

/** A copy with the rows added, faded to the newest time. The block given stays as it is. */
export function learnRows(
  block: LinearBlock,
  rows: readonly LinearRow[],
  halfLifeDays: number | null,
): LinearBlock {
  const untouched = block.at === 0;
  const at = rows.reduce((newest, row) => Math.max(newest, row.at), untouched ? -Infinity : block.at);
  const fade = untouched ? 1 : decayFactor(block.at, at, halfLifeDays);
  const a = fade === 1 ? block.a.slice() : block.a.map((value) => value * fade);
  const b = fade === 1 ? block.b.slice() : block.b.map((value) => value * fade);
  for (const row of rows) {
    const weight = decayFactor(row.at, at, halfLifeDays);
    addOuterLower(a, block.dim, row.x, weight);
    addScaled(b, row.x, weight * row.reward);
  }
  return { dim: block.dim, a, b, at };
}

/** The same knowledge in a larger layout: entry i moves to `place(i)`, which must be increasing. */
export function growBlock(block: LinearBlock, dim: number, place: (index: number) => number): LinearBlock {
  if (dim === block.dim) return block;
  const grown = { dim, a: new Float64Array(dim * dim), b: new Float64Array(dim), at: block.at };
  for (let i = 0; i < block.dim; i++) {
    const row = place(i) * dim;
    for (let j = 0; j <= i; j++) grown.a[row + place(j)] = block.a[i * block.dim + j] as number;
    grown.b[place(i)] = block.b[i] as number;
  }
  return grown;
}

/** Posterior of one block: mean weights and (A + ridge I)^-1, both dense. */
export interface LinearPosterior {
  readonly dim: number;
  readonly theta: Float64Array;
  readonly inverse: Float64Array;
}

interface Inverted {
  readonly ridge: number;
  readonly fade: number;
  readonly inverse: Float64Array;
}

/** Blocks are immutable and most survive an update, so an inverse is kept as long as its block lives. */
const inverses = new WeakMap<LinearBlock, Inverted>();

function invert(block: LinearBlock, ridge: number, fade: number): Float64Array {
  const known = inverses.get(block);
  if (known !== undefined && known.ridge === ridge && known.fade === fade) return known.inverse;
  const full = fade === 1 ? block.a.slice() : block.a.map((value) => value * fade);
  for (let i = 0; i < block.dim; i++) full[i * block.dim + i] = (full[i * block.dim + i] as number) + ridge;
  choleskyInPlace(full, block.dim);
  const inverse = invertCholesky(full, block.dim);
  inverses.set(block, { ridge, fade, inverse });
  return inverse;
}

/**
 * Bayesian ridge regression: prior N(base * e_0, I / ridge) on the weights, whose entry 0 belongs to the constant.
 * Centred like this an action nobody has seen is expected to earn the base rate, not nothing.
 * @param fade how much of the block's weight is left at the time of the state, in (0, 1].
 * @throws DomainError `not_positive_definite` when the block holds non-finite numbers.
 */
export function posteriorOf(block: LinearBlock, ridge: number, fade: number, base: number): LinearPosterior {
  const { dim } = block;
  const inverse = invert(block, ridge, fade);
  const target = new Float64Array(dim);
  for (let i = 0; i < dim; i++)
    target[i] = fade * ((block.b[i] as number) - base * (block.a[i * dim] as number));
  const theta = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    let sum = i === 0 ? base : 0;
    for (let j = 0; j < dim; j++) sum += (inverse[i * dim + j] as number) * (target[j] as number);
    theta[i] = sum;
  }
  return { dim, theta, inverse };
}

/** Packs the lower triangle row by row. */
export function encodeBlock(block: LinearBlock): Json {
  const packed = new Float64Array((block.dim * (block.dim + 1)) / 2);
  let next = 0;
  for (let i = 0; i < block.dim; i++) {
    for (let j = 0; j <= i; j++) packed[next++] = block.a[i * block.dim + j] as number;
  }
  return { dim: block.dim, a: encodeFloats(packed), b: encodeFloats(block.b), at: block.at };
}

/** @throws DomainError `invalid_state`. */
export function decodeBlock(json: Json): LinearBlock {
  const stored = stateObject(json);
  const dim = stateNumber(stored['dim'], 'dim');
  const packed = decodeFloats(stateText(stored['a'], 'a'));
  const b = decodeFloats(stateText(stored['b'], 'b'));
  if (b.length !== dim || packed.length !== (dim * (dim + 1)) / 2) {
    throw new DomainError(
      'invalid_state',
      `a block of dimension ${dim} holds ${packed.length} and ${b.length} numbers`,
    );
  }
  const a = new Float64Array(dim * dim);
  let next = 0;
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) a[i * dim + j] = packed[next++] as number;
  }
  return { dim, a, b, at: stateNumber(stored['at'], 'at') };
}
