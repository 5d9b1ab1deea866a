import { contrast } from '../contrast.js';
import type { Moments } from '../contract.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { normalLaw, studentLaw, waldTest } from '../inference/wald.js';
import type { SymmetricLaw, WaldTest } from '../inference/wald.js';
import type { Counts } from '../proportions/counts.js';
import { unpooledProportionTest } from '../proportions/difference.js';
import { scoreTest } from '../proportions/score.js';
import type { ScoreTest } from '../proportions/score.js';

/** Which direction of the metric is good: a deterioration goes the other way. */
export type GoodDirection = 'increase' | 'decrease';

export interface MarginTestOptions {
  /** Largest deterioration that is tolerated, at least 0. */
  readonly margin: number;
  readonly direction: GoodDirection;
  /** One-sided error. */
  readonly alpha: number;
}

export interface FixedMarginTest extends WaldTest {
  /** margin times the absolute value of control's mean. */
  readonly absoluteMargin: number;
  readonly nonInferior: boolean;
}

/**
 * Non-inferiority of a mean with a margin relative to control, the margin taken as a known constant, normal law
 * (the form of Spotify's confidence). Slightly conservative; the contrast treatment - (1 - margin) control
 * accounts for the uncertainty of control as well. The interval is the one-sided one of the difference.
 * Undefined: `insufficient_units`, `zero_variance`, `zero_baseline` (control exactly 0: no margin),
 * `invalid_margin`, `invalid_alpha`, `not_finite`.
 */
export function fixedMarginNonInferiority(
  control: Moments,
  treatment: Moments,
  { margin, direction, alpha }: MarginTestOptions,
): Outcome<FixedMarginTest> {
  if (!isProbability(alpha)) return undefinedBecause('invalid_alpha');
  if (!(margin >= 0) || !Number.isFinite(margin)) return undefinedBecause('invalid_margin');
  const plain = contrast(control, treatment, { kind: 'mean', adjust: false });
  if (!plain.ok) return undefinedBecause(plain.reason);
  const { estimate, standardError, baseline } = plain.contrast;
  if (baseline === 0) return undefinedBecause('zero_baseline');
  const absoluteMargin = margin * Math.abs(baseline);
  const up = direction === 'increase';
  const test = waldTest(estimate, standardError, normalLaw, {
    alpha,
    alternative: up ? 'greater' : 'less',
    nullValue: up ? -absoluteMargin : absoluteMargin,
  });
  return { status: 'ok', ...test, absoluteMargin, nonInferior: test.pValue < alpha };
}

/**
 * Non-inferiority of a share with an absolute margin: score test of Farrington and Manning (1990) at the margin,
 * one-sided. Works where an arm has no success or no failure.
 * Undefined: `insufficient_units`, `invalid_counts`, `invalid_margin` (not in [0, 1)), `zero_variance`,
 * `invalid_alpha`.
 */
export function proportionNonInferiority(
  control: Counts,
  treatment: Counts,
  { margin, direction, alpha }: MarginTestOptions,
): Outcome<ScoreTest & { readonly nonInferior: boolean }> {
  if (!isProbability(alpha)) return undefinedBecause('invalid_alpha');
  if (!(margin >= 0)) return undefinedBecause('invalid_margin');
  const up = direction === 'increase';
  const test = scoreTest(control, treatment, up ? -margin : margin, up ? 'greater' : 'less');
  return test.status === 'ok' ? { ...test, nonInferior: test.pValue < alpha } : test;
}

/** Equivalence region of the absolute difference and the error of each of the two one-sided tests, below 1/2. */
export interface EquivalenceOptions {
  readonly lower: number;
  readonly upper: number;
  readonly alpha: number;
}

export interface EquivalenceTest {
  readonly estimate: number;
  readonly standardError: number;
  /** p-values against "at or below the lower margin" and "at or above the upper margin". */
  readonly pLower: number;
  readonly pUpper: number;
  /** The larger of the two. */
  readonly pValue: number;
  readonly equivalent: boolean;
  /** Interval at level 1 - 2 alpha: inside the margins exactly when equivalent. */
  readonly intervalLower: number;
  readonly intervalUpper: number;
}

function invalidRegion({ lower, upper, alpha }: EquivalenceOptions) {
  if (!(alpha > 0 && alpha < 0.5)) return 'invalid_alpha';
  return lower < upper && Number.isFinite(lower) && Number.isFinite(upper) ? null : 'invalid_margin';
}

/** Two one-sided tests of Schuirmann (1987). */
function twoOneSidedTests(
  estimate: number,
  standardError: number,
  law: SymmetricLaw,
  { lower, upper, alpha }: EquivalenceOptions,
): EquivalenceTest {
  const above = waldTest(estimate, standardError, law, { alpha, alternative: 'greater', nullValue: lower });
  const below = waldTest(estimate, standardError, law, { alpha, alternative: 'less', nullValue: upper });
  const pValue = Math.max(above.pValue, below.pValue);
  return {
    estimate,
    standardError,
    pLower: above.pValue,
    pUpper: below.pValue,
    pValue,
    equivalent: pValue < alpha,
    intervalLower: above.lower,
    intervalUpper: below.upper,
  };
}

/**
 * Equivalence of two means: two one-sided Welch tests (Schuirmann 1987), Student's t.
 * Undefined: `insufficient_units`, `zero_variance`, `invalid_margin` (an empty region), `invalid_alpha`,
 * `not_finite`.
 */
export function meanEquivalence(
  control: Moments,
  treatment: Moments,
  options: EquivalenceOptions,
): Outcome<EquivalenceTest & { readonly df: number }> {
  const invalid = invalidRegion(options);
  if (invalid) return undefinedBecause(invalid);
  const plain = contrast(control, treatment, { kind: 'mean', adjust: false });
  if (!plain.ok) return undefinedBecause(plain.reason);
  const { estimate, standardError, df } = plain.contrast;
  return { status: 'ok', ...twoOneSidedTests(estimate, standardError, studentLaw(df), options), df };
}

/**
 * Equivalence of two shares: two one-sided Wald tests, variance p (1 - p) / n, normal law.
 * Undefined: `insufficient_units`, `invalid_counts`, `zero_variance`, `invalid_margin`, `invalid_alpha`.
 */
export function proportionEquivalence(
  control: Counts,
  treatment: Counts,
  options: EquivalenceOptions,
): Outcome<EquivalenceTest> {
  const invalid = invalidRegion(options);
  if (invalid) return undefinedBecause(invalid);
  const plain = unpooledProportionTest(control, treatment, { alpha: options.alpha });
  if (plain.status === 'undefined') return plain;
  return { status: 'ok', ...twoOneSidedTests(plain.estimate, plain.standardError, normalLaw, options) };
}
