import type { Outcome } from '../inference/outcome.js';
import { undefinedBecause } from '../inference/outcome.js';
import { criticalValue, logPValue, normalLaw, waldTest } from '../inference/wald.js';
import type { TestOptions, WaldTest } from '../inference/wald.js';
import type { Counts } from './counts.js';
import { differenceOf, problemOf, shareOf, shareVariance } from './counts.js';
import { wilsonBounds } from './one-sample.js';

export interface DifferenceInterval {
  /** Observed difference of the shares, treatment minus control. */
  readonly estimate: number;
  /** Infinite on the open side of a one-sided interval. */
  readonly lower: number;
  readonly upper: number;
}

export interface PooledTest {
  readonly estimate: number;
  readonly standardError: number;
  readonly statistic: number;
  readonly pValue: number;
  readonly logPValue: number;
}

/**
 * Test of equal shares with the pooled variance, without continuity correction: the root of Pearson's (1900)
 * chi-square. A test only; its standard error holds under equality and gives no interval.
 * Undefined: `insufficient_units` (an empty arm), `zero_variance` (no success at all, or no failure at all).
 */
export function pooledProportionTest(
  control: Counts,
  treatment: Counts,
  { alternative = 'two-sided' }: Pick<TestOptions, 'alternative'> = {},
): Outcome<PooledTest> {
  const problem = problemOf([control, treatment]);
  if (problem) return undefinedBecause(problem);
  const n = control.n + treatment.n;
  const successes = control.successes + treatment.successes;
  const variance = (successes / n) * ((n - successes) / n) * (1 / control.n + 1 / treatment.n);
  if (variance === 0) return undefinedBecause('zero_variance');
  const estimate = differenceOf(control, treatment);
  const standardError = Math.sqrt(variance);
  const statistic = estimate / standardError;
  const logP = logPValue(normalLaw, statistic, alternative);
  return { status: 'ok', estimate, standardError, statistic, pValue: Math.exp(logP), logPValue: logP };
}

/**
 * Wald test and interval of the difference, variance p (1 - p) / n per arm, normal law.
 * Undefined: `insufficient_units`, `zero_variance` (every share 0 or 1).
 */
export function unpooledProportionTest(
  control: Counts,
  treatment: Counts,
  options: TestOptions & { readonly nullValue?: number },
): Outcome<WaldTest> {
  const problem = problemOf([control, treatment], options.alpha);
  if (problem) return undefinedBecause(problem);
  const variance = shareVariance(control) + shareVariance(treatment);
  if (variance === 0) return undefinedBecause('zero_variance');
  return {
    status: 'ok',
    ...waldTest(differenceOf(control, treatment), Math.sqrt(variance), normalLaw, options),
  };
}

/** Opens the side that a one-sided interval does not bound. */
export function oneSided(
  estimate: number,
  lower: number,
  upper: number,
  options: TestOptions,
): DifferenceInterval {
  return {
    estimate,
    lower: options.alternative === 'less' ? -Infinity : lower,
    upper: options.alternative === 'greater' ? Infinity : upper,
  };
}

/**
 * Hybrid score interval of Newcombe (1998, method 10): the two Wilson intervals combined, no continuity
 * correction. Also defined where no unit or every unit succeeded. Undefined: `insufficient_units`.
 */
export function newcombeInterval(
  control: Counts,
  treatment: Counts,
  options: TestOptions,
): Outcome<DifferenceInterval> {
  const problem = problemOf([control, treatment], options.alpha);
  if (problem) return undefinedBecause(problem);
  const z = criticalValue(normalLaw, options);
  const [a, b] = [wilsonBounds(control, z), wilsonBounds(treatment, z)];
  const [pa, pb] = [shareOf(control), shareOf(treatment)];
  const estimate = pb - pa;
  const lower = estimate - Math.hypot(pb - b.lower, a.upper - pa);
  const upper = estimate + Math.hypot(b.upper - pb, pa - a.lower);
  return { status: 'ok', ...oneSided(estimate, lower, upper, options) };
}

/**
 * Interval of Agresti and Caffo (2000): Wald after one success and one failure were added to each arm; not
 * clamped to [-1, 1]. `estimate` is the observed difference, not the centre. Undefined: `insufficient_units`.
 */
export function agrestiCaffoInterval(
  control: Counts,
  treatment: Counts,
  options: TestOptions,
): Outcome<DifferenceInterval> {
  const problem = problemOf([control, treatment], options.alpha);
  if (problem) return undefinedBecause(problem);
  const added = ({ n, successes }: Counts): Counts => ({ n: n + 2, successes: successes + 1 });
  const [a, b] = [added(control), added(treatment)];
  const standardError = Math.sqrt(shareVariance(a) + shareVariance(b));
  const { lower, upper } = waldTest(differenceOf(a, b), standardError, normalLaw, options);
  return { status: 'ok', estimate: differenceOf(control, treatment), lower, upper };
}

export interface RiskRatio {
  readonly ratio: number;
  /** ratio - 1, and its bounds; -1 and Infinity on an open side. */
  readonly lift: number;
  readonly lower: number;
  readonly upper: number;
  /** Standard error of log(ratio). */
  readonly logStandardError: number;
  readonly pValue: number;
  readonly logPValue: number;
}

/**
 * Ratio of the shares with the log interval of Katz, Baptista, Azen and Pike (1978).
 * Undefined: `insufficient_units`, `zero_variance` (every unit succeeded), `zero_baseline` (no success in
 * control), `no_events` (none in treatment: the logarithm does not exist).
 */
export function riskRatio(control: Counts, treatment: Counts, options: TestOptions): Outcome<RiskRatio> {
  const problem = problemOf([control, treatment], options.alpha);
  if (problem) return undefinedBecause(problem);
  if (control.successes === 0) return undefinedBecause('zero_baseline');
  if (treatment.successes === 0) return undefinedBecause('no_events');
  // 1/s - 1/n without the cancellation.
  const part = ({ n, successes }: Counts): number => (n - successes) / n / successes;
  const variance = part(control) + part(treatment);
  if (variance === 0) return undefinedBecause('zero_variance');
  const [pa, pb] = [shareOf(control), shareOf(treatment)];
  const ratio = pb / pa;
  const logStandardError = Math.sqrt(variance);
  const test = waldTest(Math.log(ratio), logStandardError, normalLaw, options);
  return {
    status: 'ok',
    ratio,
    lift: (pb - pa) / pa,
    lower: Math.expm1(test.lower),
    upper: Math.expm1(test.upper),
    logStandardError,
    pValue: test.pValue,
    logPValue: test.logPValue,
  };
}
