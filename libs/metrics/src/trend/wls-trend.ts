import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';

const { abs, max, sqrt } = Math;

/** Spread of the days that is only rounding error, relative to the largest. */
const ROUNDING = 8 * Number.EPSILON;

export interface EffectPoint {
  /** Days since exposure (or any other time axis). */
  readonly day: number;
  readonly effect: number;
  readonly standardError: number;
}

export interface EffectTrend {
  /** Change of the effect per day. */
  readonly slope: number;
  readonly slopeStandardError: number;
  /** Effect at day 0. */
  readonly intercept: number;
  readonly interceptStandardError: number;
}

/**
 * Straight line through effects by day, each weighted by its known precision (fixed-effect meta-regression); the
 * slope shows novelty (fading) or primacy (growing) effects. The points must be independent: effects of the same
 * units on several days are correlated, and the standard error is then too small; use disjoint exposure cohorts.
 * Normal theory. Not computed: `not_finite`, `invalid_input` (negative standard error), `insufficient_units`
 * (fewer than two points), `zero_variance` (a standard error of 0, or all points on one day).
 */
export function effectTrend(points: readonly EffectPoint[]): Computed<EffectTrend> {
  const numbers = points.flatMap(({ day, effect, standardError }) => [day, effect, standardError]);
  if (!numbers.every(Number.isFinite)) return notComputed('not_finite');
  if (points.some(({ standardError }) => standardError < 0)) return notComputed('invalid_input');
  if (points.length < 2) return notComputed('insufficient_units');
  if (points.some(({ standardError }) => standardError === 0)) return notComputed('zero_variance');
  // Weights relative to the most precise point: tiny standard errors would overflow.
  const smallest = points.reduce((a, { standardError }) => Math.min(a, standardError), Infinity);
  const weights = points.map(({ standardError }) => (smallest / standardError) ** 2);
  const sum = (of: (point: EffectPoint) => number): number =>
    points.reduce((all, point, i) => all + (weights[i] as number) * of(point), 0);
  const total = sum(() => 1);
  const middle = sum(({ day }) => day) / total;
  const level = sum(({ effect }) => effect) / total;
  const spread = sum(({ day }) => (day - middle) ** 2);
  const largest = points.reduce((a, { day }) => max(a, abs(day)), 0);
  if (!(spread > total * (ROUNDING * largest) ** 2)) return notComputed('zero_variance');
  const slope = sum(({ day, effect }) => (day - middle) * (effect - level)) / spread;
  return computed({
    slope,
    slopeStandardError: smallest / sqrt(spread),
    intercept: level - slope * middle,
    interceptStandardError: smallest * sqrt(1 / total + (middle * middle) / spread),
  });
}
