import { chiSquareTail } from './hierarchical/product-screen.js';
import { decayFactor } from './decayed-counts.js';

/** Decisions that settle the thresholds at which a segment may be split: the features' means among them. */
const SETTLING = 50;
/** Least decisions of an action on either side for it to count in the test of a split. */
const LEAST_SIDE = 5;

/** What one action earned in a segment. Decayed, as of the segment's `at`. */
export interface LeafArm {
  weight: number;
  sum: number;
  /** The same since the thresholds were settled. */
  splitWeight: number;
  splitSum: number;
  /** Of that the part above each feature's threshold: weight, sum, weight, sum... */
  high: Float64Array;
}

/** One segment. Changed in place while a batch is learned (see widened), immutable afterwards. */
export interface Leaf {
  at: number;
  rows: number;
  settled: boolean;
  /** Sum of every feature over the first decisions. */
  sums: Float64Array;
  thresholds: Float64Array;
  arms: Map<string, LeafArm>;
}

export function emptyLeaf(features: number): Leaf {
  return {
    at: 0,
    rows: 0,
    settled: false,
    sums: new Float64Array(features),
    thresholds: new Float64Array(features).fill(Infinity),
    arms: new Map(),
  };
}

function padded(values: Float64Array, length: number, fill: number): Float64Array {
  const out = new Float64Array(length).fill(fill);
  out.set(values);
  return out;
}

/** A copy to learn in, with room for all features; those that came after settling are no candidates here. */
export function widened(leaf: Leaf, features: number): Leaf {
  return {
    ...leaf,
    sums: padded(leaf.sums, features, 0),
    thresholds: padded(leaf.thresholds, features, Infinity),
    arms: new Map(
      [...leaf.arms].map(([key, arm]) => [key, { ...arm, high: padded(arm.high, 2 * features, 0) }]),
    ),
  };
}

/**
 * Adds one decision.
 * @param x [1, features].
 */
export function learnRow(
  leaf: Leaf,
  key: string,
  x: Float64Array,
  reward: number,
  at: number,
  halfLifeDays: number | null,
): void {
  const features = leaf.sums.length;
  if (leaf.at !== 0 && at > leaf.at) fade(leaf, decayFactor(leaf.at, at, halfLifeDays));
  leaf.at = leaf.at === 0 ? at : Math.max(leaf.at, at);
  leaf.rows++;
  const share = decayFactor(at, leaf.at, halfLifeDays);
  let arm = leaf.arms.get(key);
  if (arm === undefined) {
    arm = { weight: 0, sum: 0, splitWeight: 0, splitSum: 0, high: new Float64Array(2 * features) };
    leaf.arms.set(key, arm);
  }
  arm.weight += share;
  arm.sum += share * reward;
  if (leaf.settled) {
    arm.splitWeight += share;
    arm.splitSum += share * reward;
    for (let f = 0; f < features; f++) {
      if ((x[f + 1] as number) <= (leaf.thresholds[f] as number)) continue;
      arm.high[2 * f] = (arm.high[2 * f] as number) + share;
      arm.high[2 * f + 1] = (arm.high[2 * f + 1] as number) + share * reward;
    }
    return;
  }
  for (let f = 0; f < features; f++) leaf.sums[f] = (leaf.sums[f] as number) + (x[f + 1] as number);
  if (leaf.rows < SETTLING) return;
  leaf.settled = true;
  leaf.thresholds = leaf.sums.map((sum) => sum / leaf.rows);
}

function fade(leaf: Leaf, by: number): void {
  if (by === 1) return;
  for (const arm of leaf.arms.values()) {
    arm.weight *= by;
    arm.sum *= by;
    arm.splitWeight *= by;
    arm.splitSum *= by;
    arm.high = arm.high.map((value) => value * by);
  }
}

/** Decayed number of decisions and sum of rewards of an action; zeros when unknown. */
export function leafTally(leaf: Leaf, key: string): { readonly weight: number; readonly sum: number } {
  return leaf.arms.get(key) ?? { weight: 0, sum: 0 };
}

/** Largest log-likelihood of `sum` successes in `weight` trials. */
function logLikelihood(weight: number, sum: number): number {
  const part = (n: number): number => (n > 0 ? n * Math.log(n / weight) : 0);
  return part(sum) + part(weight - sum);
}

/**
 * The feature at whose threshold the actions' rewards differ most surely, by the likelihood-ratio test over actions.
 * @param level chance to split a segment though its sides are alike, over all features of one look (Bonferroni).
 */
export function bestSplit(leaf: Leaf, level: number): number | undefined {
  const features = leaf.sums.length;
  let best: number | undefined;
  let least = level / Math.max(1, features);
  for (let f = 0; f < features; f++) {
    let statistic = 0;
    let freedom = 0;
    for (const { high, splitSum, splitWeight } of leaf.arms.values()) {
      const weight = high[2 * f] as number;
      const sum = high[2 * f + 1] as number;
      if (weight < LEAST_SIDE || splitWeight - weight < LEAST_SIDE) continue;
      freedom++;
      statistic +=
        2 *
        (logLikelihood(weight, sum) +
          logLikelihood(splitWeight - weight, splitSum - sum) -
          logLikelihood(splitWeight, splitSum));
    }
    const p = freedom === 0 ? 1 : chiSquareTail(Math.max(0, statistic), freedom);
    if (p < least) {
      least = p;
      best = f;
    }
  }
  return best;
}

/** The two segments of a split, with what is known of either side. */
export function childLeaves(leaf: Leaf, feature: number): readonly [Leaf, Leaf] {
  const features = leaf.sums.length;
  const low = { ...emptyLeaf(features), at: leaf.at };
  const high = { ...emptyLeaf(features), at: leaf.at };
  for (const [key, arm] of leaf.arms) {
    const weight = arm.high[2 * feature] as number;
    const sum = arm.high[2 * feature + 1] as number;
    const child = (w: number, s: number): LeafArm => ({
      weight: Math.max(0, w),
      sum: Math.max(0, s),
      splitWeight: 0,
      splitSum: 0,
      high: new Float64Array(2 * features),
    });
    high.arms.set(key, child(weight, sum));
    low.arms.set(key, child(arm.splitWeight - weight, arm.splitSum - sum));
  }
  return [low, high];
}
