import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { chiSquareSf } from '../distributions/index.js';

const { max, sqrt } = Math;

/** The effect in one segment; segments share no units. */
export interface SegmentEffect {
  readonly effect: number;
  readonly standardError: number;
}

export interface Heterogeneity {
  /** Precision-weighted mean of the effects, as if there were one. */
  readonly pooled: number;
  readonly pooledStandardError: number;
  /** Cochran's Q with its degrees of freedom and p-value for "the same effect everywhere". */
  readonly q: number;
  readonly df: number;
  readonly pValue: number;
  /** Share of the variation that is more than chance, in percent. */
  readonly i2: number;
  /** Variance of the true effects between segments (DerSimonian, Laird 1986). */
  readonly tau2: number;
  readonly randomEffectsMean: number;
  readonly randomEffectsStandardError: number;
}

/** Weighted mean and its standard error for effects with these variances. */
function pool(effects: readonly number[], variances: readonly number[]): { mean: number; error: number } {
  // Relative to the smallest variance, so that tiny ones don't overflow.
  const smallest = variances.reduce((a, b) => Math.min(a, b), Infinity);
  const weights = variances.map((variance) => smallest / variance);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // Around the first effect: the mean of equal effects is then exactly that effect.
  const origin = effects[0] as number;
  const shift =
    effects.reduce((sum, effect, i) => sum + (weights[i] as number) * (effect - origin), 0) / total;
  return { mean: origin + shift, error: sqrt(smallest / total) };
}

/**
 * Whether an effect differs between segments: Cochran's Q, I2 (Higgins, Thompson 2002) and the random-effects
 * summary. A gate to looking at segments one by one; with one segment there is nothing to compare (Q 0, p 1).
 * Not computed: `not_finite`, `invalid_input` (negative standard error), `insufficient_units` (no segments),
 * `zero_variance` (a standard error of 0).
 */
export function heterogeneity(segments: readonly SegmentEffect[]): Computed<Heterogeneity> {
  const numbers = segments.flatMap(({ effect, standardError }) => [effect, standardError]);
  if (!numbers.every(Number.isFinite)) return notComputed('not_finite');
  if (segments.some(({ standardError }) => standardError < 0)) return notComputed('invalid_input');
  if (segments.length === 0) return notComputed('insufficient_units');
  const effects = segments.map(({ effect }) => effect);
  const variances = segments.map(({ standardError }) => standardError * standardError);
  if (variances.some((variance) => variance === 0)) return notComputed('zero_variance');
  const fixed = pool(effects, variances);
  const df = segments.length - 1;
  const q = segments.reduce(
    (sum, { effect, standardError }) => sum + ((effect - fixed.mean) / standardError) ** 2,
    0,
  );
  const tau2 = betweenVariance(q, variances);
  const random = pool(
    effects,
    variances.map((variance) => variance + tau2),
  );
  return computed({
    pooled: fixed.mean,
    pooledStandardError: fixed.error,
    q,
    df,
    pValue: df > 0 ? chiSquareSf(q, df) : 1,
    i2: q > 0 ? max(0, (100 * (q - df)) / q) : 0,
    tau2,
    randomEffectsMean: random.mean,
    randomEffectsStandardError: random.error,
  });
}

function betweenVariance(q: number, variances: readonly number[]): number {
  const smallest = variances.reduce((a, b) => Math.min(a, b), Infinity);
  const weights = variances.map((variance) => smallest / variance);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  const scale = total - squares / total;
  return scale > 0 ? max(0, ((q - (variances.length - 1)) / scale) * smallest) : 0;
}
