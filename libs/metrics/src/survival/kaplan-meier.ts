import { normalQuantile } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { isFollowUp, riskTable } from './risk-table.js';
import type { FollowUp, RiskTable } from './risk-table.js';

/** Scale on which a pointwise interval is symmetric: of S itself, of log S, of log(-log S). */
export type SurvivalScale = 'plain' | 'log' | 'log-log';

export interface SurvivalCurve {
  readonly units: number;
  /** Event times, ascending; the curve is constant between them. */
  readonly time: readonly number[];
  readonly atRisk: readonly number[];
  readonly events: readonly number[];
  /** S(t) at and after each event time. */
  readonly survival: readonly number[];
  /** Greenwood's standard error of S; null where S is 0. */
  readonly standardError: readonly (number | null)[];
  /** Longest follow-up, with or without event. */
  readonly lastTime: number;
}

export interface SurvivalPoint {
  readonly survival: number;
  readonly standardError: number | null;
}

/** Bounds of an interval; null where the scale has none. */
export type SurvivalBounds = readonly [lower: number | null, upper: number | null];

/** A curve that stays this close to one half is taken to be at it: S is a product of fractions. */
const TIE_TOLERANCE = Math.sqrt(Number.EPSILON);

/**
 * Kaplan-Meier curve with Greenwood's standard errors (Kaplan and Meier 1958; Greenwood 1926): S times the root of
 * the sum of d / (n (n - d)).
 * @param follow times in any unit. @param include which entries count, default all.
 * Undefined: `insufficient_units` (no units), `invalid_input` (unequal lengths, numbers that are not finite).
 */
export function kaplanMeier(
  follow: FollowUp,
  include?: (unit: number) => boolean,
): Outcome<{ readonly curve: SurvivalCurve }> {
  if (!isFollowUp(follow)) return undefinedBecause('invalid_input');
  const table = riskTable(follow, include);
  if (table.units === 0) return undefinedBecause('insufficient_units');
  return { status: 'ok', curve: curveOfTable(table) };
}

/** The same from a table of units at risk and events, as a warehouse query gives it. @param table of at least one unit. */
export function curveOfTable(table: RiskTable): SurvivalCurve {
  const survival: number[] = [];
  const standardError: (number | null)[] = [];
  let s = 1;
  let sum = 0;
  table.time.forEach((_, i) => {
    const n = table.atRisk[i] as number;
    const d = table.events[i] as number;
    s *= (n - d) / n;
    sum += d / n / (n - d);
    survival.push(s);
    standardError.push(s > 0 ? s * Math.sqrt(sum) : null);
  });
  return {
    units: table.units,
    time: [...table.time],
    atRisk: [...table.atRisk],
    events: [...table.events],
    survival,
    standardError,
    lastTime: table.lastTime,
  };
}

/** The curve at one time: 1 before the first event; after the longest follow-up its last value is carried on. */
export function survivalAt(curve: SurvivalCurve, time: number): SurvivalPoint {
  let low = 0;
  let high = curve.time.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve.time[middle] as number) <= time) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return { survival: 1, standardError: 0 };
  return {
    survival: curve.survival[low - 1] as number,
    standardError: curve.standardError[low - 1] ?? null,
  };
}

/** Whether the curve is known at a time: until the longest follow-up, and from S = 0 on for ever. */
export function isFollowedTo(curve: SurvivalCurve, time: number): boolean {
  return time <= curve.lastTime || curve.survival[curve.survival.length - 1] === 0;
}

const clamp = (x: number): number => Math.min(1, Math.max(0, x));

/**
 * Pointwise interval of S at level 1 - alpha, within [0, 1] (Kalbfleisch and Prentice 2002, section 1.4; the log
 * scale is the default of R's survfit). Both bounds null at S = 0, and on the log-log scale also at S = 1.
 */
export function survivalInterval(point: SurvivalPoint, alpha: number, scale: SurvivalScale): SurvivalBounds {
  const { survival, standardError } = point;
  if (standardError === null || !isProbability(alpha)) return [null, null];
  const half = -normalQuantile(alpha / 2) * standardError;
  if (scale === 'plain') return [clamp(survival - half), clamp(survival + half)];
  const relative = half / survival;
  if (scale === 'log') return [survival * Math.exp(-relative), clamp(survival * Math.exp(relative))];
  const log = Math.log(survival);
  if (log === 0) return [null, null];
  const stretch = Math.exp(relative / -log);
  return [Math.exp(log * stretch), Math.exp(log / stretch)];
}

/**
 * First time at which a falling curve is at or below one half; where it is at one half exactly, the midpoint to
 * the time at which it falls below, or to the longest follow-up if it never does. null if not reached.
 */
function halfTime(curve: SurvivalCurve, values: readonly (number | null)[]): number | null {
  const first = values.findIndex((value) => value !== null && value <= 0.5 + TIE_TOLERANCE);
  if (first < 0) return null;
  const at = curve.time[first] as number;
  if ((values[first] as number) < 0.5 - TIE_TOLERANCE) return at;
  const below = values.findIndex((value) => value !== null && value < 0.5 - TIE_TOLERANCE);
  const end = below < 0 ? curve.lastTime : (curve.time[below] as number);
  return (at + end) / 2;
}

/**
 * Median survival time, with the interval of Brookmeyer and Crowley (1982) read off the pointwise log-log band. null
 * where the curve or a band does not come down to one half.
 */
export function medianSurvival(
  curve: SurvivalCurve,
  alpha: number,
): { readonly median: number | null; readonly lower: number | null; readonly upper: number | null } {
  const band = curve.survival.map((survival, i) =>
    survivalInterval({ survival, standardError: curve.standardError[i] ?? null }, alpha, 'log-log'),
  );
  return {
    median: halfTime(curve, curve.survival),
    lower: halfTime(
      curve,
      band.map(([lower]) => lower),
    ),
    upper: halfTime(
      curve,
      band.map(([, upper]) => upper),
    ),
  };
}
