import { normalQuantile } from '../distributions/index.js';
import { mixtureSize, sequentialRadius } from '../estimators/asymptotic-cs.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { powerAt } from './power.js';

export interface LiftPlan {
  /** Control's mean and the variance of one unit, taken to be the same in both arms. */
  readonly mean: number;
  readonly variance: number;
  /** True lift, e.g. 0.05. */
  readonly lift: number;
  /** Units per arm, equal arms; need not be whole. */
  readonly unitsPerArm: number;
  readonly alpha: number;
  /** Wanted power, for the smallest lift. */
  readonly power: number;
  /** Units of both arms at which the confidence sequence is tightest. */
  readonly sequentialTuning: number;
}

export interface LiftPower {
  /** Two-tailed power to find the lift with a test of fixed size. */
  readonly power: number;
  /** Smallest positive lift that is found with the wanted power; Infinity where none is. */
  readonly smallestLift: number;
  /** The same under the confidence sequence looked at once, at this size (the power to stop by then is higher). */
  readonly sequentialPower: number;
  readonly sequentialSmallestLift: number;
}

/**
 * Power and smallest detectable relative lift where the standard error depends on the lift itself: by the delta
 * method se^2 = v/(n m^2) (1 + (1 + lift)^2). The sequential figures inflate the variance by (z_seq/z)^2, the
 * convention of GrowthBook.
 * Undefined: `insufficient_units`, `zero_variance`, `zero_baseline`, `invalid_input`. Never throws.
 */
export function liftPower(plan: LiftPlan): Outcome<LiftPower> {
  const { mean, variance, lift, unitsPerArm, alpha, power, sequentialTuning } = plan;
  const finite = [mean, variance, lift, unitsPerArm, sequentialTuning].every(Number.isFinite);
  if (!finite || !isProbability(alpha) || !isProbability(power) || variance < 0 || !(sequentialTuning > 0)) {
    return undefinedBecause('invalid_input');
  }
  if (!(unitsPerArm > 0)) return undefinedBecause('insufficient_units');
  if (variance === 0) return undefinedBecause('zero_variance');
  if (mean === 0) return undefinedBecause('zero_baseline');
  const z = -normalQuantile(alpha / 2);
  const radius = sequentialRadius(2 * unitsPerArm, mixtureSize(sequentialTuning, alpha), alpha);
  const inflation = (radius / z) ** 2;
  // Squared coefficient of variation of an arm's mean.
  const cv2 = variance / unitsPerArm / mean / mean;
  const at = (spread: number): [number, number] => [
    powerAt(lift / Math.sqrt(spread * (1 + (1 + lift) ** 2)), z),
    smallestLift((z + normalQuantile(power)) ** 2 * spread),
  ];
  const [fixed, smallest] = at(cv2);
  const [sequential, sequentialSmallest] = at(cv2 * inflation);
  return {
    status: 'ok',
    power: fixed,
    smallestLift: smallest,
    sequentialPower: sequential,
    sequentialSmallestLift: sequentialSmallest,
  };
}

/** Positive root of L^2 = k (1 + (1 + L)^2): the standard error outgrows the lift where k >= 1. */
function smallestLift(k: number): number {
  return k < 1 ? (k + Math.sqrt(k * (2 - k))) / (1 - k) : Infinity;
}
