import {
  binomialLaw,
  discreteQuantile,
  discreteUpperQuantile,
  normalQuantile,
} from '../distributions/index.js';
import { effectOf } from '../inference/effect.js';
import type { EffectScale } from '../inference/effect.js';
import type { Outcome } from '../inference/outcome.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import { normalLaw, waldTest } from '../inference/wald.js';
import type { TestOptions, WaldTest } from '../inference/wald.js';
import { ascending, sampleQuantile } from './sample-quantile.js';

/**
 * The bounds of a quantile are taken on a 95 % grid whatever the alpha of the report: another report of the same
 * data must not change the standard error.
 */
export const GRID = normalQuantile(0.975);

export interface ArmQuantile {
  readonly quantile: number;
  /** Sample quantiles at the two ends of the 95 % grid. */
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
}

/** Quantile of one arm with the bounds of the grid; null where the grid leaves (0, 1): too few units. */
function armQuantile(values: ArrayLike<number>, level: number): ArmQuantile | null {
  const n = values.length;
  const reach = GRID * Math.sqrt((level * (1 - level)) / n);
  if (!(level - reach > 0 && level + reach < 1)) return null;
  const sorted = ascending(values);
  const lower = sampleQuantile(sorted, level - reach);
  const upper = sampleQuantile(sorted, level + reach);
  return {
    quantile: sampleQuantile(sorted, level),
    lower,
    upper,
    standardError: (upper - lower) / (2 * GRID),
  };
}

function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

export interface QuantileTest extends WaldTest {
  readonly control: ArmQuantile;
  readonly treatment: ArmQuantile;
}

/**
 * Difference (or delta-method lift) of a quantile between two arms of independent units. Standard errors from
 * order statistics (Woodruff 1952; Deng, Knoblich and Lu 2018), normal law.
 * @param level of the quantile, in (0, 1), e.g. 0.9.
 * Undefined: `insufficient_units` (too few for this level), `zero_variance` (ties collapse the bounds of both
 * arms), `zero_baseline` (relative, control's quantile 0), `invalid_quantile`, `invalid_alpha`, `not_finite`.
 */
export function quantileTest(
  control: ArrayLike<number>,
  treatment: ArrayLike<number>,
  level: number,
  options: TestOptions & { readonly scale?: EffectScale },
): Outcome<QuantileTest> {
  if (!isProbability(options.alpha)) return undefinedBecause('invalid_alpha');
  if (!isProbability(level)) return undefinedBecause('invalid_quantile');
  if (!allFinite(control) || !allFinite(treatment)) return undefinedBecause('not_finite');
  const a = armQuantile(control, level);
  const b = armQuantile(treatment, level);
  if (!a || !b) return undefinedBecause('insufficient_units');
  const estimateOf = (arm: ArmQuantile) => ({
    value: arm.quantile,
    variance: arm.standardError ** 2,
    df: Infinity,
  });
  const effect = effectOf(estimateOf(a), estimateOf(b), options.scale);
  if (effect.status === 'undefined') return effect;
  return {
    status: 'ok',
    ...waldTest(effect.estimate, effect.standardError, normalLaw, options),
    control: a,
    treatment: b,
  };
}

export interface OrderStatisticInterval {
  /** null: no order statistic is extreme enough, so the interval is unbounded on that side. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Distribution-free interval of a quantile, two-sided: the order statistics whose ranks bound the binomial number
 * of values below it (Thompson 1936). Conservative, valid for any n and with ties.
 * Undefined: `insufficient_units` (no values, or neither side can be bounded), `invalid_quantile`,
 * `invalid_alpha`, `not_finite`.
 */
export function exactQuantileInterval(
  values: ArrayLike<number>,
  level: number,
  alpha: number,
): Outcome<OrderStatisticInterval> {
  if (!isProbability(alpha)) return undefinedBecause('invalid_alpha');
  if (!isProbability(level)) return undefinedBecause('invalid_quantile');
  if (!allFinite(values)) return undefinedBecause('not_finite');
  if (values.length === 0) return undefinedBecause('insufficient_units');
  const sorted = ascending(values);
  const law = binomialLaw(sorted.length, level);
  // Ranks count from 1: rank r is sorted[r - 1].
  const lower = sorted[discreteQuantile(law, alpha / 2) - 1] ?? null;
  const upper = sorted[discreteUpperQuantile(law, alpha / 2)] ?? null;
  if (lower === null && upper === null) return undefinedBecause('insufficient_units');
  return { status: 'ok', lower, upper };
}
