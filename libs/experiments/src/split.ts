import { BUCKETS, bucketCount, getBucketRanges, oldBucketCount, type BucketRange } from './hash.js';
import type { Arm, Experiment } from './vocabulary.js';

type Split = Pick<Experiment, 'arms' | 'traffic' | 'hashVersion'>;

/**
 * Arm weights summing to 1, in the arms' order. A payload for GrowthBook SDKs must carry these and not the raw weights:
 * GrowthBook falls back to equal weights where they do not sum to 1.
 */
export function armWeights(arms: readonly Pick<Arm, 'weight'>[]): number[] {
  const total = arms.reduce((sum, arm) => sum + arm.weight, 0);
  return total > 0 ? arms.map((arm) => arm.weight / total) : arms.map(() => 1 / arms.length);
}

/** The range of hashed numbers of each arm, in the arms' order. */
export function splitRanges(split: Split): BucketRange[] {
  return getBucketRanges(split.arms.length, split.traffic, armWeights(split.arms));
}

const bucketCounts = (split: Split): number[] =>
  splitRanges(split).map((range) => (split.hashVersion === 1 ? oldBucketCount(range) : bucketCount(range)));

/**
 * Probability that a unit of the experiment gets each arm, as the 10,000 buckets really realise it. Differs from the
 * weights by rounding only (0.3334, 0.3333, 0.3333 for three equal arms), noticeably so for tiny shares of traffic.
 * Zeros where no bucket takes part. This is what a sample-ratio check must expect and what a decision logs.
 */
export function realisedShares(split: Split): number[] {
  const counts = bucketCounts(split);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total > 0 ? count / total : 0));
}

/** Share of all units of the experiment's part of the layer that take part, as realised. */
export function realisedTraffic(split: Split): number {
  return bucketCounts(split).reduce((sum, count) => sum + count, 0) / BUCKETS;
}
