import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';

/** The state of a two-arm test at one look. */
export interface SprtLook {
  /** Units per arm so far (equal arms). */
  readonly unitsPerArm: number;
  /** Treatment mean minus control mean. */
  readonly difference: number;
}

export interface SprtResult {
  /** Log likelihood ratio of the mixture against no effect, per look. */
  readonly logLikelihoodRatios: readonly number[];
  /** Always-valid p-values: running minimum of 1 / LR, at most 1. */
  readonly pValues: readonly number[];
  /** First look (from 0) with p <= alpha; null if there is none. */
  readonly rejectAt: number | null;
}

/**
 * Mixture sequential probability ratio test of a difference in means with known variance and a normal
 * N(0, tau2) mixture over effects (Johari, Koomen, Pekelis, Walsh 2022, "Always valid inference").
 * @param looks in the order of time; @param variance of one unit, the same in both arms; @param tau2 variance of
 * the mixture, in squared units of the metric; @param alpha total two-sided error.
 * Undefined: `insufficient_units` (a look without units), `zero_variance`, `invalid_input`. Never throws.
 */
export function mixtureSprt(
  looks: readonly SprtLook[],
  variance: number,
  tau2: number,
  alpha: number,
): Outcome<SprtResult> {
  if (!isProbability(alpha) || !(tau2 >= 0) || !(variance >= 0) || !Number.isFinite(variance + tau2)) {
    return undefinedBecause('invalid_input');
  }
  if (looks.some(({ unitsPerArm, difference }) => !Number.isFinite(unitsPerArm + difference))) {
    return undefinedBecause('invalid_input');
  }
  if (looks.some(({ unitsPerArm }) => !(unitsPerArm > 0))) return undefinedBecause('insufficient_units');
  if (variance === 0) return undefinedBecause('zero_variance');
  const logLikelihoodRatios = looks.map(({ unitsPerArm, difference }) => {
    const v = (2 * variance) / unitsPerArm;
    return -0.5 * Math.log1p(tau2 / v) + (((difference / v) * difference) / (v + tau2)) * 0.5 * tau2;
  });
  const pValues = runningPValues(logLikelihoodRatios);
  const first = pValues.findIndex((p) => p <= alpha);
  return { status: 'ok', logLikelihoodRatios, pValues, rejectAt: first < 0 ? null : first };
}

/** Always-valid p-values from log Bayes factors or likelihood ratios per look: min over the past of 1 / LR, at most 1. */
export function runningPValues(logRatios: readonly number[]): number[] {
  let highest = 0;
  return logRatios.map((log) => {
    highest = Math.max(highest, log);
    return Math.exp(-highest);
  });
}
