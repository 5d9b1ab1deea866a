import { DomainError } from '#experiments';
import type { Context, Json } from '#experiments';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText, stateTexts } from '../../codec.js';
import { FeatureIndex } from '../features.js';
import { decodeBlock, encodeBlock, growBlock } from '../linear-block.js';
import type { LinearBlock } from '../linear-block.js';
import type { ActionFeatures } from './prior.js';

/** Products are sought among the first so many context features, which bounds their number at 276. */
const MOST_SCREENED = 24;

/** What one action has seen. */
export interface Arm {
  readonly id: string;
  /** As the action was first seen: an edited action is another action and takes another id. */
  readonly features: ActionFeatures;
  /** Gaussian approximation of its rewards' likelihood: precision and precision-weighted mean of its weights. */
  readonly block: LinearBlock;
  /** For every pair of context features the sums of residual * product and information * product^2. */
  readonly scores: Float64Array;
}

/**
 * One model of the log odds of a reward: weights per action on [1, context features, learned products]. It holds
 * only what the log has taught; the prior is added when the posterior is computed.
 */
export interface HierarchicalModel {
  readonly names: readonly string[];
  /** Pairs of positions in `names`, the lower one first. */
  readonly products: readonly (readonly [number, number])[];
  readonly arms: readonly Arm[];
  /** Mean squared size of the actions' features, as of the last review. */
  readonly armSize: number;
  /** Sum of squares of every context feature, and its mean as of the last review (at least 1). */
  readonly squares: Float64Array;
  readonly scales: Float64Array;
  /** Decisions learned from. */
  readonly rows: number;
  /** Unix milliseconds of the newest of them. */
  readonly at: number;
}

export const emptyModel: HierarchicalModel = {
  names: [],
  products: [],
  arms: [],
  armSize: 1,
  squares: new Float64Array(0),
  scales: new Float64Array(0),
  rows: 0,
  at: 0,
};

/** Weights per action: the constant, the context features and the products. */
export const weightsPerArm = (model: HierarchicalModel): number =>
  1 + model.names.length + model.products.length;

/** Number of pairs under observation; none once `maxProducts` have been found. */
export function screenedPairs(names: number, products: number, maxProducts: number): number {
  const screened = products >= maxProducts ? 0 : Math.min(MOST_SCREENED, names);
  return (screened * (screened - 1)) / 2;
}

/** Position of the pair i < j: pairs with a later feature come later, so that new features append. */
export const pairPosition = (i: number, j: number): number => (j * (j - 1)) / 2 + i;

/** Prior precision of each weight relative to that of a feature of mean square 1. */
export function weightScales(model: HierarchicalModel): Float64Array {
  const scales = new Float64Array(weightsPerArm(model)).fill(1);
  scales.set(model.scales, 1);
  model.products.forEach(([i, j], p) => {
    scales[1 + model.names.length + p] = (model.scales[i] as number) * (model.scales[j] as number);
  });
  return scales;
}

/** Turns contexts into vectors [1, features, products]. */
export function vectorizer(model: HierarchicalModel, limit: number): (context: Context) => Float64Array {
  const index = new FeatureIndex(model.names, limit);
  const size = weightsPerArm(model);
  return (context) => {
    const plain = index.vector(context);
    if (model.products.length === 0) return plain;
    const x = new Float64Array(size);
    x.set(plain);
    model.products.forEach(([i, j], p) => {
      x[plain.length + p] = (plain[1 + i] as number) * (plain[1 + j] as number);
    });
    return x;
  };
}

function padded(values: Float64Array, length: number, fill: number): Float64Array {
  if (values.length === length) return values;
  const out = new Float64Array(length).fill(fill);
  out.set(values.subarray(0, Math.min(length, values.length)));
  return out;
}

/** The same knowledge in a layout with more context features. Same model when there are none. */
export function withNames(
  model: HierarchicalModel,
  names: readonly string[],
  maxProducts: number,
): HierarchicalModel {
  if (names === model.names) return model;
  const added = names.length - model.names.length;
  const dim = weightsPerArm(model) + added;
  const pairs = screenedPairs(names.length, model.products.length, maxProducts);
  const place = (i: number): number => (i <= model.names.length ? i : i + added);
  return {
    ...model,
    names,
    squares: padded(model.squares, names.length, 0),
    scales: padded(model.scales, names.length, 1),
    arms: model.arms.map((arm) => ({
      ...arm,
      block: growBlock(arm.block, dim, place),
      scores: padded(arm.scores, 2 * pairs, 0),
    })),
  };
}

/**
 * Adds a product of context features. Its weights start from their score statistics: one Newton step from 0 as if
 * the product were orthogonal to the rest, so that nothing of the past is lost and no past row is needed.
 */
export function withProduct(
  model: HierarchicalModel,
  i: number,
  j: number,
  maxProducts: number,
): HierarchicalModel {
  const products = [...model.products, [i, j] as const];
  const pairs = screenedPairs(model.names.length, products.length, maxProducts);
  const dim = weightsPerArm(model) + 1;
  const at = 2 * pairPosition(i, j);
  const arms = model.arms.map((arm) => {
    const block = growBlock(arm.block, dim, (index) => index);
    block.b[dim - 1] = arm.scores[at] as number;
    block.a[block.a.length - 1] = arm.scores[at + 1] as number;
    return { ...arm, block, scores: padded(arm.scores, 2 * pairs, 0) };
  });
  return { ...model, products, arms };
}

export function encodeModel(model: HierarchicalModel): Json {
  return {
    names: [...model.names],
    products: model.products.map(([i, j]) => [i, j]),
    armSize: model.armSize,
    squares: encodeFloats(model.squares),
    scales: encodeFloats(model.scales),
    rows: model.rows,
    at: model.at,
    arms: model.arms.map(({ id, features, block, scores }) => ({
      id,
      features: [...features.names],
      values: encodeFloats(features.values),
      block: encodeBlock(block),
      scores: encodeFloats(scores),
    })),
  };
}

function listOf(json: Json | undefined, field: string): readonly Json[] {
  if (!Array.isArray(json))
    throw new DomainError('invalid_state', `the stored state's ${field} is not a list`);
  return json as readonly Json[];
}

function decodeArm(json: Json): Arm {
  const stored = stateObject(json);
  return {
    id: stateText(stored['id'], 'id'),
    features: {
      names: stateTexts(stored['features'], 'features'),
      values: decodeFloats(stateText(stored['values'], 'values')),
    },
    block: decodeBlock(stored['block'] as Json),
    scores: decodeFloats(stateText(stored['scores'], 'scores')),
  };
}

/** @throws DomainError `invalid_state`. */
export function decodeModel(json: Json): HierarchicalModel {
  const stored = stateObject(json);
  const model: HierarchicalModel = {
    names: stateTexts(stored['names'], 'names'),
    products: listOf(stored['products'], 'products').map((pair) => {
      const [i, j] = listOf(pair, 'products').map((n) => stateNumber(n, 'products'));
      return [i, j] as [number, number];
    }),
    armSize: stateNumber(stored['armSize'], 'armSize'),
    squares: decodeFloats(stateText(stored['squares'], 'squares')),
    scales: decodeFloats(stateText(stored['scales'], 'scales')),
    rows: stateNumber(stored['rows'], 'rows'),
    at: stateNumber(stored['at'], 'at'),
    arms: listOf(stored['arms'], 'arms').map(decodeArm),
  };
  const fits = model.arms.every((arm) => arm.block.dim === weightsPerArm(model));
  if (!fits || model.scales.length !== model.names.length) {
    throw new DomainError('invalid_state', 'the stored actions do not fit the stored features');
  }
  return model;
}
