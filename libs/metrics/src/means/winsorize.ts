import type { Moments } from '../contract.js';
import type { Outcome } from '../inference/outcome.js';
import { undefinedBecause } from '../inference/outcome.js';
import { fromValues } from '../moments.js';
import { ascending, sampleQuantile } from '../quantiles/sample-quantile.js';

export interface CapOptions {
  /** Share of the pooled values below the lower cap, in [0, 1); 0: no lower cap. */
  readonly lowerPercentile: number;
  /** Share of the pooled values below the upper cap, in (0, 1]; 1: no upper cap. */
  readonly upperPercentile: number;
  /** Take the percentiles over the values that are not 0: a rarely used feature would be capped away. */
  readonly ignoreZeros: boolean;
}

/** null: no cap on that side. */
export interface Caps {
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Caps from the values of all arms together (one value per unit): per-arm caps would bias the difference. Type-7
 * percentiles. Without any value to take a percentile of there is no cap. Values must be finite.
 */
export function pooledCaps(arms: readonly ArrayLike<number>[], options: CapOptions): Caps {
  const pooled: number[] = [];
  for (const values of arms) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!options.ignoreZeros || value !== 0) pooled.push(value);
    }
  }
  if (pooled.length === 0) return { lower: null, upper: null };
  const sorted = ascending(pooled);
  return {
    lower: options.lowerPercentile > 0 ? sampleQuantile(sorted, options.lowerPercentile) : null,
    upper: options.upperPercentile < 1 ? sampleQuantile(sorted, options.upperPercentile) : null,
  };
}

/** The values with those outside the caps moved onto them (Tukey 1962). */
export function clip(values: ArrayLike<number>, { lower, upper }: Caps): Float64Array {
  const clipped = Float64Array.from(values);
  for (let i = 0; i < clipped.length; i++) {
    const value = clipped[i] as number;
    if (lower !== null && value < lower) clipped[i] = lower;
    else if (upper !== null && value > upper) clipped[i] = upper;
  }
  return clipped;
}

export interface Winsorized {
  readonly caps: Caps;
  readonly control: Moments;
  readonly treatment: Moments;
}

/**
 * Moments of both arms after winsorisation with common caps; any comparison of means applies to them. The
 * estimand is then the capped mean: report it beside the plain one.
 * Undefined: `invalid_quantile` (percentiles outside their ranges or crossed), `not_finite` (a value).
 */
export function winsorize(
  control: ArrayLike<number>,
  treatment: ArrayLike<number>,
  options: CapOptions,
): Outcome<Winsorized> {
  const { lowerPercentile, upperPercentile } = options;
  if (!(lowerPercentile >= 0 && upperPercentile <= 1 && lowerPercentile < upperPercentile))
    return undefinedBecause('invalid_quantile');
  if (![control, treatment].every((values) => Float64Array.from(values).every(Number.isFinite)))
    return undefinedBecause('not_finite');
  const caps = pooledCaps([control, treatment], options);
  return {
    status: 'ok',
    caps,
    control: fromValues(clip(control, caps)),
    treatment: fromValues(clip(treatment, caps)),
  };
}
