import { effectOf } from '../inference/effect.js';
import type { EffectScale } from '../inference/effect.js';
import type { Outcome } from '../inference/outcome.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import { studentLaw, waldTest } from '../inference/wald.js';
import type { TestOptions, WaldTest } from '../inference/wald.js';
import { GRID } from './order-statistics.js';

/** A quantile of one arm as a warehouse query gives it. */
export interface QuantileSummary {
  /** Number of values. */
  readonly n: number;
  /** Number of values for which the two bounds were chosen (a rounded n). */
  readonly nStar: number;
  readonly quantile: number;
  /** Sample quantiles at the ends of the 95 % grid, level -+ 1.96 sqrt(level (1 - level) / nStar). */
  readonly lower: number;
  readonly upper: number;
  /** Where the values are events of users: sums over the users of this arm. */
  readonly clusters?: QuantileClusters;
}

export interface QuantileClusters {
  /** Number of users. */
  readonly n: number;
  /** Per user, x: events at or below the quantile, d: events. */
  readonly sum: number;
  readonly sumSquares: number;
  readonly denominatorSum: number;
  readonly denominatorSumSquares: number;
  readonly crossSum: number;
}

/** Below this many values a small variance is taken as it is, above it is not allowed below FLOOR (GrowthBook). */
const FLOOR_UNITS = 100;
const FLOOR = 1e-5;

/** Variance of the share of events at or below the quantile, by the delta method over users. */
function clusterVariance(c: QuantileClusters): number {
  const share = c.sum / c.denominatorSum;
  // The deviations x - share d sum to zero, so their sum of squares needs no centring.
  const spread = c.sumSquares - 2 * share * c.crossSum + share * share * c.denominatorSumSquares;
  return (Math.max(0, spread) * (c.n / (c.n - 1))) / c.denominatorSum / c.denominatorSum;
}

/** Variance of one value, such that variance / n is that of the quantile; before the floor. */
function unitVariance(arm: QuantileSummary, level: number): number {
  const plain = (arm.nStar / arm.n) * (arm.n - 1) * ((arm.upper - arm.lower) / (2 * GRID)) ** 2;
  return arm.clusters ? (plain * clusterVariance(arm.clusters) * arm.n) / (level * (1 - level)) : plain;
}

function problemOf(arm: QuantileSummary, level: number) {
  const { n, nStar, quantile, lower, upper, clusters } = arm;
  const numbers = [n, nStar, quantile, lower, upper, ...Object.values(clusters ?? {})];
  if (!numbers.every(Number.isFinite)) return 'not_finite';
  if (n <= GRID ** 2 * Math.max(level / (1 - level), (1 - level) / level)) return 'insufficient_units';
  if (clusters && clusters.n < 2) return 'insufficient_units';
  if (clusters && !(clusters.denominatorSum > 0)) return 'denominator_zero';
  return null;
}

const ORDER = ['not_finite', 'insufficient_units', 'denominator_zero'] as const;

export interface QuantileSummaryTest extends WaldTest {
  readonly df: number;
  readonly controlVariance: number;
  readonly treatmentVariance: number;
}

/**
 * Difference (or delta-method lift) of a quantile from summaries, with GrowthBook's conventions (Deng, Knoblich
 * and Lu 2018; clustered: Yao, Li and Lu, arXiv 2401.14549): Student's t with Welch degrees of freedom over the
 * numbers of values, small variances floored.
 * @param level of the quantile, in (0, 1).
 * Undefined: `insufficient_units` (too few values for this level, or below two users), `denominator_zero` (no
 * events), `zero_variance` (the bounds of an arm coincide), `zero_baseline`, `invalid_quantile`, `invalid_alpha`,
 * `not_finite`.
 */
export function quantileSummaryTest(
  control: QuantileSummary,
  treatment: QuantileSummary,
  level: number,
  options: TestOptions & { readonly scale?: EffectScale },
): Outcome<QuantileSummaryTest> {
  if (!isProbability(options.alpha)) return undefinedBecause('invalid_alpha');
  if (!isProbability(level)) return undefinedBecause('invalid_quantile');
  const problems = [problemOf(control, level), problemOf(treatment, level)];
  const problem = ORDER.find((reason) => problems.includes(reason));
  if (problem) return undefinedBecause(problem);
  const [va, vb] = [unitVariance(control, level), unitVariance(treatment, level)];
  if (!(va > 0) || !(vb > 0)) return undefinedBecause('zero_variance');
  const floored = (v: number, n: number): number => (n < FLOOR_UNITS ? v : Math.max(v, FLOOR));
  const [controlVariance, treatmentVariance] = [floored(va, control.n), floored(vb, treatment.n)];
  const effect = effectOf(
    { value: control.quantile, variance: controlVariance / control.n, df: control.n - 1 },
    { value: treatment.quantile, variance: treatmentVariance / treatment.n, df: treatment.n - 1 },
    options.scale,
  );
  if (effect.status === 'undefined') return effect;
  const test = waldTest(effect.estimate, effect.standardError, studentLaw(effect.df), options);
  return { status: 'ok', ...test, df: effect.df, controlVariance, treatmentVariance };
}
