import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText } from '../codec.js';
import { inverseOfFactor } from '../linear-algebra/cholesky.js';
import { packedColumn, packedRow } from '../linear-algebra/packed.js';
import { dot } from '../linear-algebra/rank-one.js';
import { SpdSystem } from '../linear-algebra/spd-system.js';

/**
 * What one linear model has seen: A = sum w x x' (packed lower triangle, without the ridge) and
 * b = sum w x r, where w fades with age. The ridge is added and the sum factored afresh when the state is compiled:
 * updating an inverse under forgetting drifts until variances turn negative.
 */
export interface LinearBlock {
  readonly dim: number;
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** Unix milliseconds as of which the weights are counted; 0 before the first decision. */
  readonly at: number;
  /** Features [1, z] of the action it belongs to, as last seen; empty where no model is shared by them. */
  readonly action: Float64Array;
}

const NO_FEATURES = new Float64Array(0);

export function emptyBlock(dim: number): LinearBlock {
  return blockOf(dim, 0, NO_FEATURES);
}

/** A and b, zeros, in one piece of memory: each piece costs more than copying it, to allocate and to collect. */
function blockOf(dim: number, at: number, action: Float64Array): LinearBlock {
  const triangle = packedRow(dim);
  const buffer = new ArrayBuffer((triangle + dim) * Float64Array.BYTES_PER_ELEMENT);
  const a = new Float64Array(buffer, 0, triangle);
  return { dim, a, b: new Float64Array(buffer, a.byteLength, dim), at, action };
}

/** A copy to be changed, whose weights are counted as of `at`. @param fade what is left of them, in (0, 1]. */
export function copyBlock(block: LinearBlock, fade: number, at: number): LinearBlock {
  const copy = blockOf(block.dim, at, block.action);
  copy.a.set(block.a);
  copy.b.set(block.b);
  if (fade !== 1) {
    scale(copy.a, fade);
    scale(copy.b, fade);
  }
  return copy;
}

function scale(values: Float64Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * factor;
}

/** The same knowledge in a larger layout: entry i moves to `place(i)`, which must be increasing. */
export function growBlock(block: LinearBlock, dim: number, place: (index: number) => number): LinearBlock {
  if (dim === block.dim) return block;
  const grown = blockOf(dim, block.at, block.action);
  for (let i = 0; i < block.dim; i++) {
    const row = packedRow(place(i));
    for (let j = 0; j <= i; j++) grown.a[row + place(j)] = block.a[packedRow(i) + j] as number;
    grown.b[place(i)] = block.b[i] as number;
  }
  return grown;
}

/** Large factors have a system of their own, so that the many small ones do not drive them out. */
const LARGEST_SMALL = 64;
const systems: { small?: Standing; large?: Standing } = {};

interface Standing {
  readonly system: SpdSystem;
  /** The factor that is in it. */
  of: Factor | null;
}

/**
 * A + ridge I of one block, factored. Everything is computed when it is first asked for: greedy policies never need a
 * variance. Until then the block must stay as it is.
 */
export class Factor {
  private half: Float64Array | undefined;
  private whole: Float64Array | undefined;

  constructor(
    private readonly block: LinearBlock,
    readonly ridge: number,
    readonly fade: number,
  ) {}

  isOf(block: LinearBlock, ridge: number, fade: number): boolean {
    return this.block === block && this.ridge === ridge && this.fade === fade;
  }

  get dim(): number {
    return this.block.dim;
  }

  /** The system it shares with others, with this one in it. @throws DomainError `not_positive_definite`. */
  private get factored(): SpdSystem {
    const { block, dim, fade, ridge } = this;
    const size = dim > LARGEST_SMALL ? 'large' : 'small';
    const standing = (systems[size] ??= { system: new SpdSystem(), of: null });
    const { system } = standing;
    if (standing.of === this) return system;
    standing.of = null;
    system.factor(block.a, dim, fade, ridge);
    standing.of = this;
    return system;
  }

  /** Overwrites `target` by (A + ridge I)^-1 target. */
  solve(target: Float64Array): Float64Array {
    this.factored.solve(target);
    return target;
  }

  /** (A + ridge I)^-1, dense; not to be changed. */
  get inverse(): Float64Array {
    return (this.whole ??= inverseOfFactor(this.root, this.dim));
  }

  /** W with (A + ridge I)^-1 = W W', packed as SpdSystem gives it. */
  private get root(): Float64Array {
    return (this.half ??= this.factored.root());
  }

  /** x' (A + ridge I)^-1 x; leaves W'x in `scratch`. Zeros of x cost nothing. */
  variance(x: Float64Array, scratch: Float64Array): number {
    const { dim, root } = this;
    scratch.fill(0, 0, dim);
    for (let j = 0; j < dim; j++) {
      const xj = x[j] as number;
      if (xj === 0) continue;
      const row = packedColumn(j, dim);
      for (let i = j; i < dim; i++) scratch[i] = (scratch[i] as number) + xj * (root[row + i] as number);
    }
    return dot(scratch, scratch, dim);
  }

  /** (A + ridge I)^-1 x into `into`, from the W'x that variance(x) left. */
  product(scratch: Float64Array, into: Float64Array): void {
    const { dim, root } = this;
    for (let j = 0; j < dim; j++) {
      const row = packedColumn(j, dim);
      let sum = 0;
      for (let i = j; i < dim; i++) sum += (root[row + i] as number) * (scratch[i] as number);
      into[j] = sum;
    }
  }
}

/** Blocks are immutable and most survive an update, so a factor is kept as long as its block lives. */
const factors = new WeakMap<LinearBlock, Factor>();

/** @param fade how much of the block's weight is left at the time of the state, in (0, 1]. */
export function factorOf(block: LinearBlock, ridge: number, fade: number): Factor {
  const known = factors.get(block);
  if (known?.isOf(block, ridge, fade) === true) return known;
  const factor = new Factor(block, ridge, fade);
  factors.set(block, factor);
  return factor;
}

/**
 * Mean weights of Bayesian ridge regression with the prior N(base e_0 + extra, I / ridge), where e_0 belongs to the
 * constant: (A + ridge I)^-1 (b + ridge prior). Centred like this an action nobody has seen is expected to earn the
 * base rate, not nothing.
 * @param extra the rest of the prior mean, from a shared model; null for none.
 */
export function meanWeights(
  block: LinearBlock,
  factor: Factor,
  base: number,
  extra: Float64Array | null,
): Float64Array {
  const { dim, a, b } = block;
  const theta = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    const own = factor.fade * ((b[i] as number) - base * (a[packedRow(i)] as number));
    theta[i] = extra === null ? own : own + factor.ridge * (extra[i] as number);
  }
  factor.solve(theta);
  theta[0] = (theta[0] as number) + base;
  return theta;
}

/** Mean weights without a shared prior, for every base at once: `zero` + base * `slope`; at first `theta` for one base. */
export interface WeightsByBase {
  readonly theta: Float64Array;
  readonly zero: Float64Array;
  readonly slope: Float64Array;
}

/**
 * meanWeights without a shared prior: P (b - base A e_0) + base e_0 = P b + base ridge P e_0, P = (A + ridge I)^-1. A new
 * base then costs no solution.
 */
export function weightsByBase(block: LinearBlock, factor: Factor, base: number): WeightsByBase {
  const { b, dim } = block;
  const buffer = new ArrayBuffer(3 * dim * Float64Array.BYTES_PER_ELEMENT);
  const [theta, zero, slope] = [0, 1, 2].map(
    (i) => new Float64Array(buffer, i * dim * Float64Array.BYTES_PER_ELEMENT, dim),
  ) as [Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < dim; i++) zero[i] = factor.fade * (b[i] as number);
  slope[0] = factor.ridge;
  factor.solve(zero);
  factor.solve(slope);
  for (let i = 0; i < dim; i++) theta[i] = (zero[i] as number) + base * (slope[i] as number);
  return { theta, zero, slope };
}

/** The same for another base. */
export function atBase({ zero, slope }: WeightsByBase, base: number): WeightsByBase {
  return { theta: zero.map((value, i) => value + base * (slope[i] as number)), zero, slope };
}

export function encodeBlock(block: LinearBlock): Json {
  return {
    dim: block.dim,
    a: encodeFloats(block.a),
    b: encodeFloats(block.b),
    at: block.at,
    action: encodeFloats(block.action),
  };
}

/** @throws DomainError `invalid_state`. */
export function decodeBlock(json: Json): LinearBlock {
  const stored = stateObject(json);
  const dim = stateNumber(stored['dim'], 'dim');
  const a = decodeFloats(stateText(stored['a'], 'a'));
  const b = decodeFloats(stateText(stored['b'], 'b'));
  if (b.length !== dim || a.length !== packedRow(dim)) {
    throw new DomainError(
      'invalid_state',
      `a block of dimension ${dim} holds ${a.length} and ${b.length} numbers`,
    );
  }
  const action = decodeFloats(stateText(stored['action'], 'action'));
  return { dim, a, b, at: stateNumber(stored['at'], 'at'), action };
}
