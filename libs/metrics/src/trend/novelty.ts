import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { normalQuantile, normalSf } from '../distributions/index.js';
import { effectTrend } from './wls-trend.js';

const { abs, max, sqrt } = Math;

/** Fewer units in an arm: the normal approximation of the slope is too rough. */
const LEAST_UNITS = 100;
/** A day needs a control mean this many standard errors from zero for a lift to be a number at all. */
const LEAST_CLEARANCE = 4;
/** Fewer days with a lift draw no line. */
const LEAST_DAYS = 4;

/**
 * What the units of one arm did on each of K days since their first exposure: the same units on every day.
 * `mean` has K entries, or 2 K for a ratio (K numerators, then K denominators); `covariance` is the sample
 * covariance (divisor n - 1) between units of all those entries, row by row.
 */
export interface DayMoments {
  readonly n: number;
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
}

export interface NoveltyPoint {
  /** Days since first exposure; 0 is the first 24 hours. */
  readonly day: number;
  readonly control: number | null;
  readonly treatment: number | null;
  /** Relative lift of that day and its confidence interval (delta method, this day alone); null with a reason. */
  readonly lift: number | null;
  readonly standardError: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly reason: 'denominator_zero' | 'baseline_not_clear_of_zero' | null;
}

export interface NoveltyTrend {
  /** Change of the relative lift per day since exposure. */
  readonly slope: number;
  /** Clustered by unit: the days of a unit are correlated. */
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  readonly pValue: number;
  /** The line at day 0. */
  readonly intercept: number;
  readonly days: number;
}

export interface Novelty {
  readonly points: readonly NoveltyPoint[];
  readonly trend: Computed<NoveltyTrend>;
}

/** One arm's value per day, and the covariance of those values. */
interface DayValues {
  readonly value: readonly number[];
  readonly covariance: readonly (readonly number[])[];
}

/**
 * The relative lift by days since first exposure, and whether it has a trend: falling towards zero is novelty, growing
 * is primacy or learning. A line through the daily lifts, each weighted by its precision (effectTrend); as the same
 * units are seen on all days, the slope's standard error comes from the covariance of the days between units
 * (cluster-robust; Liang, Zeger 1986) with the delta method for the lifts (Deng, Knoblich, Lu 2018), not from the
 * independence that a weighted regression would assume. The lift, not the difference, is followed: activity
 * mostly fades after the first days, and a constant lift on a fading level is no novelty.
 * @param alpha two-sided error of the intervals.
 * Trend not computed: `insufficient_units` (under 100 in an arm, or under 4 days with a lift), `invalid_input`
 * (lengths differ), `not_finite`, `zero_variance`.
 */
export function novelty(
  control: DayMoments,
  treatment: DayMoments,
  options: { readonly alpha: number; readonly ratio: boolean },
): Novelty {
  const size = control.mean.length;
  const days = options.ratio ? size / 2 : size;
  if (!sound(control, size) || !sound(treatment, size) || !Number.isInteger(days))
    return { points: [], trend: notComputed('invalid_input') };
  const c = valuesOf(control, days, options.ratio);
  const t = valuesOf(treatment, days, options.ratio);
  const covariance = liftCovariance(c, t, days);
  const z = normalQuantile(1 - options.alpha / 2);
  const points = Array.from({ length: days }, (_, day) => pointOf(day, c, t, covariance, z));
  return { points, trend: trendOf(points, covariance, { control, treatment, z }) };
}

function sound({ n, mean, covariance }: DayMoments, size: number): boolean {
  return (
    n >= 2 &&
    mean.length === size &&
    covariance.length === size &&
    covariance.every((row) => row.length === size) &&
    [...mean, ...covariance.flat()].every(Number.isFinite)
  );
}

/** Means (or ratios, linearised) with the covariance of their estimates. */
function valuesOf({ n, mean, covariance }: DayMoments, days: number, ratio: boolean): DayValues {
  const at = (i: number, j: number): number => (covariance[i] as readonly number[])[j] as number;
  const index = Array.from({ length: days }, (_, day) => day);
  if (!ratio) return { value: mean, covariance: index.map((i) => index.map((j) => at(i, j) / n)) };
  const den = index.map((day) => mean[days + day] as number);
  const value = index.map((day) => (mean[day] as number) / (den[day] as number));
  const linear = (i: number, j: number): number => {
    const [ri, rj] = [value[i] as number, value[j] as number];
    const spread = at(i, j) - ri * at(days + i, j) - rj * at(i, days + j) + ri * rj * at(days + i, days + j);
    return spread / ((den[i] as number) * (den[j] as number)) / n;
  };
  return { value, covariance: index.map((i) => index.map((j) => linear(i, j))) };
}

/** Covariance of the lifts (t - c) / |c| of all days: gradients 1 / |c| and -t / (c |c|). */
function liftCovariance(c: DayValues, t: DayValues, days: number): number[][] {
  const index = Array.from({ length: days }, (_, day) => day);
  const of = (values: DayValues, i: number, j: number): number =>
    (values.covariance[i] as readonly number[])[j] as number;
  return index.map((i) =>
    index.map((j) => {
      const [ci, cj] = [c.value[i] as number, c.value[j] as number];
      const [ti, tj] = [t.value[i] as number, t.value[j] as number];
      const scale = abs(ci) * abs(cj);
      return of(t, i, j) / scale + (of(c, i, j) * (ti / ci) * (tj / cj)) / scale;
    }),
  );
}

function pointOf(
  day: number,
  c: DayValues,
  t: DayValues,
  covariance: readonly (readonly number[])[],
  z: number,
): NoveltyPoint {
  const control = finite(c.value[day]);
  const treatment = finite(t.value[day]);
  const none = { lift: null, standardError: null, lower: null, upper: null };
  if (control === null || treatment === null)
    return { day, control, treatment, ...none, reason: 'denominator_zero' };
  const own = (c.covariance[day] as readonly number[])[day] as number;
  const error = sqrt(max(0, (covariance[day] as readonly number[])[day] as number));
  if (!(abs(control) > LEAST_CLEARANCE * sqrt(max(0, own))) || !Number.isFinite(error))
    return { day, control, treatment, ...none, reason: 'baseline_not_clear_of_zero' };
  const lift = ((treatment - control) / control) * Math.sign(control);
  return {
    day,
    control,
    treatment,
    lift,
    standardError: error,
    lower: lift - z * error,
    upper: lift + z * error,
    reason: null,
  };
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

function trendOf(
  points: readonly NoveltyPoint[],
  covariance: readonly (readonly number[])[],
  { control, treatment, z }: { control: DayMoments; treatment: DayMoments; z: number },
): Computed<NoveltyTrend> {
  if (Math.min(control.n, treatment.n) < LEAST_UNITS) return notComputed('insufficient_units');
  const used = points.flatMap(({ day, lift, standardError }) =>
    lift === null || standardError === null ? [] : [{ day, effect: lift, standardError }],
  );
  if (used.length < LEAST_DAYS) return notComputed('insufficient_units');
  const line = effectTrend(used);
  if (!line.ok) return line;
  const coefficients = slopeCoefficients(used);
  let variance = 0;
  used.forEach(({ day: i }, a) =>
    used.forEach(({ day: j }, b) => {
      variance +=
        (coefficients[a] as number) *
        (coefficients[b] as number) *
        ((covariance[i] as readonly number[])[j] as number);
    }),
  );
  if (!(variance > 0)) return notComputed('zero_variance');
  const { slope, intercept } = line.value;
  const standardError = sqrt(variance);
  return computed({
    slope,
    standardError,
    lower: slope - z * standardError,
    upper: slope + z * standardError,
    pValue: Math.min(1, 2 * normalSf(abs(slope / standardError))),
    intercept,
    days: used.length,
  });
}

/** The slope of effectTrend is this linear combination of the effects. */
function slopeCoefficients(
  points: readonly { readonly day: number; readonly standardError: number }[],
): number[] {
  const smallest = points.reduce((least, { standardError }) => Math.min(least, standardError), Infinity);
  const weights = points.map(({ standardError }) => (smallest / standardError) ** 2);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const middle = points.reduce((sum, { day }, i) => sum + (weights[i] as number) * day, 0) / total;
  const spread = points.reduce((sum, { day }, i) => sum + (weights[i] as number) * (day - middle) ** 2, 0);
  return points.map(({ day }, i) => ((weights[i] as number) * (day - middle)) / spread);
}
