import { bracketedRoot } from '../distributions/invert.js';
import type { Outcome } from '../inference/outcome.js';
import { undefinedBecause } from '../inference/outcome.js';
import { criticalValue, logPValue, normalLaw } from '../inference/wald.js';
import type { Alternative, TestOptions } from '../inference/wald.js';
import type { Counts } from './counts.js';
import { differenceOf, problemOf } from './counts.js';
import type { DifferenceInterval } from './difference.js';
import { oneSided } from './difference.js';

/**
 * Maximum-likelihood shares under the restriction treatment - control = `difference`, in (-1, 1). The score is
 * decreasing in the free share, so bisection finds its root or an end of the range; the closed cubic of
 * Miettinen and Nurminen (1985) loses digits there.
 */
export function restrictedShares(
  control: Counts,
  treatment: Counts,
  difference: number,
): { control: number; treatment: number } {
  const offsetControl = Math.max(0, -difference);
  const offsetTreatment = Math.max(0, difference);
  const range = 1 - Math.abs(difference);
  // Terms of counts that are 0 vanish instead of becoming 0/0 at the ends.
  const per = (count: number, share: number): number => (count === 0 ? 0 : count / share);
  const score = (t: number): number =>
    per(control.successes, offsetControl + t) -
    per(control.n - control.successes, range - t + offsetTreatment) +
    per(treatment.successes, offsetTreatment + t) -
    per(treatment.n - treatment.successes, range - t + offsetControl);
  let t: number;
  if (!(score(0) > 0)) t = 0;
  else if (!(score(range) < 0)) t = range;
  else t = bracketedRoot((x) => -score(x), 0, range);
  return { control: offsetControl + t, treatment: offsetTreatment + t };
}

/** Variance of the difference under the restriction; `correction` multiplies it (N/(N-1) or 1). */
function restrictedVariance(
  control: Counts,
  treatment: Counts,
  difference: number,
  correction: number,
): number {
  if (Math.abs(difference) >= 1) return 0;
  const share = restrictedShares(control, treatment, difference);
  const part = (p: number, n: number): number => (p * Math.max(0, 1 - p)) / n;
  return correction * (part(share.control, control.n) + part(share.treatment, treatment.n));
}

export type ScoreForm = 'miettinen-nurminen' | 'farrington-manning';

/** Miettinen and Nurminen multiply the variance by N / (N - 1), Farrington and Manning do not. */
function correctionOf(form: ScoreForm, control: Counts, treatment: Counts): number {
  const n = control.n + treatment.n;
  return form === 'miettinen-nurminen' ? n / (n - 1) : 1;
}

/** Upper root of (x - d)^2 = z^2 V(x), the end of the set that the score test does not reject. */
function upperBound(control: Counts, treatment: Counts, z: number, correction: number): number {
  const d = differenceOf(control, treatment);
  if (d === 1) return 1;
  const excess = (x: number): number =>
    (x - d) * (x - d) - z * z * restrictedVariance(control, treatment, x, correction);
  return bracketedRoot(excess, d, 1);
}

/**
 * Score interval of the difference of two shares: Miettinen and Nurminen (1985), or with `farrington-manning`
 * without their small-sample factor. Also defined where no unit or every unit succeeded. It holds exactly the
 * differences that `scoreTest` does not reject. Undefined: `insufficient_units`.
 */
export function scoreInterval(
  control: Counts,
  treatment: Counts,
  options: TestOptions,
  form: ScoreForm = 'miettinen-nurminen',
): Outcome<DifferenceInterval> {
  const problem = problemOf([control, treatment], options.alpha);
  if (problem) return undefinedBecause(problem);
  const z = criticalValue(normalLaw, options);
  const correction = correctionOf(form, control, treatment);
  const upper = upperBound(control, treatment, z, correction);
  const lower = -upperBound(treatment, control, z, correction);
  return { status: 'ok', ...oneSided(differenceOf(control, treatment), lower, upper, options) };
}

export interface ScoreTest {
  readonly estimate: number;
  /** Standard error under the null hypothesis. */
  readonly standardError: number;
  readonly statistic: number;
  readonly pValue: number;
  readonly logPValue: number;
}

/**
 * Score test of treatment - control = `nullDifference` with the restricted maximum-likelihood shares:
 * Farrington and Manning (1990), or Miettinen and Nurminen (1985). At 0 it is the pooled z test.
 * Undefined: `insufficient_units`, `invalid_margin` (null difference not in (-1, 1)), `zero_variance`.
 */
export function scoreTest(
  control: Counts,
  treatment: Counts,
  nullDifference: number,
  alternative: Alternative = 'two-sided',
  form: ScoreForm = 'farrington-manning',
): Outcome<ScoreTest> {
  const problem = problemOf([control, treatment]);
  if (problem) return undefinedBecause(problem);
  if (!(Math.abs(nullDifference) < 1)) return undefinedBecause('invalid_margin');
  const correction = correctionOf(form, control, treatment);
  const variance = restrictedVariance(control, treatment, nullDifference, correction);
  if (!(variance > 0)) return undefinedBecause('zero_variance');
  const estimate = differenceOf(control, treatment);
  const standardError = Math.sqrt(variance);
  const statistic = (estimate - nullDifference) / standardError;
  const logP = logPValue(normalLaw, statistic, alternative);
  return { status: 'ok', estimate, standardError, statistic, pValue: Math.exp(logP), logPValue: logP };
}
