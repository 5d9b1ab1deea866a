import { contrast } from '../contrast.js';
import type { Moments } from '../contract.js';
import { satterthwaite } from '../inference/effect.js';
import type { Outcome } from '../inference/outcome.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import { studentLaw, waldTest } from '../inference/wald.js';
import type { Alternative, TestOptions } from '../inference/wald.js';

export interface LogLift {
  /** Relative lift (treatment - control) / |control|. */
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Standard error and Welch degrees of freedom of log(treatment / control). */
  readonly logStandardError: number;
  readonly logDf: number;
  readonly pValue: number;
  readonly logPValue: number;
}

/** Variance of the logarithm of a mean, by the delta method. */
function logVariance({ n, mean, comoment }: Moments): number {
  return comoment[0] / (n - 1) / n / mean[0] / mean[0];
}

const MIRRORED = { 'two-sided': 'two-sided', greater: 'less', less: 'greater' } as const satisfies Record<
  Alternative,
  Alternative
>;

/**
 * Relative lift with the interval on log(treatment / control), delta method, Student's t with the degrees of
 * freedom of the two relative variances (the form of tea-tasting). Means of the same sign are needed; of two
 * negative ones the lift keeps the sign of the difference. The open side of a one-sided interval is where the
 * ratio ends: -1 or Infinity for positive means.
 * Undefined: `insufficient_units`, `zero_variance`, `zero_baseline` (control exactly 0), `non_positive_ratio`
 * (means of different sign, or treatment 0), `not_finite`.
 */
export function logLift(control: Moments, treatment: Moments, options: TestOptions): Outcome<LogLift> {
  if (!isProbability(options.alpha)) return undefinedBecause('invalid_alpha');
  const plain = contrast(control, treatment, { kind: 'mean', adjust: false });
  if (!plain.ok) return undefinedBecause(plain.reason);
  const c = plain.contrast;
  const [ma, mb] = [c.control.mean, c.treatment.mean];
  if (ma === 0) return undefinedBecause('zero_baseline');
  if (!(mb / ma > 0)) return undefinedBecause('non_positive_ratio');
  const [va, vb] = [logVariance(control), logVariance(treatment)];
  const logStandardError = Math.sqrt(va + vb);
  const logDf = satterthwaite(va, control.n - 1, vb, treatment.n - 1);
  if (!(logStandardError > 0) || !Number.isFinite(logStandardError) || !Number.isFinite(logDf))
    return undefinedBecause('not_finite');
  const sign = Math.sign(ma);
  const requested = options.alternative ?? 'two-sided';
  const alternative = sign > 0 ? requested : MIRRORED[requested];
  const test = waldTest(Math.log(mb / ma), logStandardError, studentLaw(logDf), { ...options, alternative });
  const ends = [sign * Math.expm1(test.lower), sign * Math.expm1(test.upper)];
  return {
    status: 'ok',
    estimate: c.estimate / Math.abs(ma),
    lower: Math.min(...ends),
    upper: Math.max(...ends),
    logStandardError,
    logDf,
    pValue: test.pValue,
    logPValue: test.logPValue,
  };
}
