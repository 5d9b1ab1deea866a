import { hourOfWeek } from '../../local-time.js';
import type { Rhythm } from './rhythm.js';
import type { VisitPast } from './visit-past.js';

const HOUR_MS = 3_600_000;

/** Upper ends of the classes of hours since the last visit. */
export const ELAPSED_ENDS = [1, 2, 4, 8, 12, 18, 24, 36, 48, 72, 120, 168, 336, 720] as const;
/** Upper ends of the classes of visits that were to be expected since the last one. */
export const MISSED_ENDS = [0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 9] as const;
/** Intercept, log rate, log rhythm of the member, log rhythm of everybody, log of the visits that are known. */
export const DENSE = 5;
const ELAPSED = ELAPSED_ENDS.length + 1;
const MISSED = MISSED_ENDS.length + 1;
export const COEFFICIENTS = DENSE + ELAPSED + MISSED;

/** How the features are made; part of what is learned, so that serving makes the same ones. */
export interface HazardRules {
  readonly halfLifeHours: number;
  readonly shrinkRate: number;
  readonly shrinkRhythm: number;
}

/** A discrete-time hazard of the next visit, in hours, by hour of the local week. */
export interface HazardModel extends HazardRules {
  readonly rhythm: Rhythm;
  /** Visits per hour of a member on average. */
  readonly rate: number;
  /** Of the log-odds of a visit within one hour: dense features, then classes of elapsed time, then of visits missed. */
  readonly coefficients: Float64Array;
  /** Cumulative hazard H is served as exp(a) H^b: fitted on members that the coefficients had not seen. */
  readonly calibration: { readonly a: number; readonly b: number };
}

function classOf(value: number, ends: readonly number[]): number {
  let place = 0;
  while (place < ends.length && value >= (ends[place] as number)) place++;
  return place;
}

/** Features of one hour: `dense` is filled, the classes are the places of the two that are 1. */
export interface HourFeatures {
  readonly dense: Float64Array;
  elapsed: number;
  missed: number;
}

export const emptyFeatures = (): HourFeatures => ({ dense: new Float64Array(DENSE), elapsed: 0, missed: 0 });

/**
 * Features of the hour that begins `elapsed` hours after the last visit, from what was known at that visit.
 * @param past with a visit.
 * @param how hour of the local week.
 */
export function featuresOf(
  past: VisitPast,
  elapsed: number,
  how: number,
  {
    rhythm,
    rate,
    shrinkRate,
    shrinkRhythm,
  }: HazardRules & { readonly rhythm: Rhythm; readonly rate: number },
  into: HourFeatures,
): void {
  const own = past.rateAfter(elapsed, rate, shrinkRate);
  into.dense[0] = 1;
  into.dense[1] = Math.log(own / rate);
  // A forecast asks for every hour of the week several times: the past remembers them.
  into.dense[2] = past.logRhythmAt(how, rhythm, shrinkRhythm);
  into.dense[3] = Math.log(rhythm.week[how] as number);
  // Who has come once behaves unlike who comes always, whatever the rate.
  into.dense[4] = Math.log1p(past.total);
  into.elapsed = DENSE + classOf(elapsed, ELAPSED_ENDS);
  into.missed = DENSE + ELAPSED + classOf(elapsed * own, MISSED_ENDS);
}

/** Log-odds of the features. */
export function logOdds({ dense, elapsed, missed }: HourFeatures, coefficients: Float64Array): number {
  let sum = (coefficients[elapsed] as number) + (coefficients[missed] as number);
  for (let k = 0; k < DENSE; k++) sum += (dense[k] as number) * (coefficients[k] as number);
  return sum;
}

/**
 * Cumulative hazard of a visit at the end of each of the next hours, calibrated: the probability of a visit within the
 * first n hours is 1 - exp(-H[n - 1]). A member without a visit gets the population's rate and rhythm.
 * @param at Unix milliseconds; the hours are counted from here.
 */
export function cumulativeHazard(
  model: HazardModel,
  past: VisitPast,
  at: number,
  offsetMinutes: number,
  hours: number,
): Float64Array {
  const features = emptyFeatures();
  const { a, b } = model.calibration;
  let sum = 0;
  return Float64Array.from({ length: hours }, (_, n) => {
    const start = at + n * HOUR_MS;
    const how = hourOfWeek(start + HOUR_MS / 2, offsetMinutes);
    if (past.last === null) return (sum += model.rate * (model.rhythm.week[how] as number));
    featuresOf(past, Math.max(0, (start - past.last) / HOUR_MS), how, model, features);
    // A visit within one hour with probability p is a hazard of -log(1 - p) = log(1 + exp(log-odds)).
    sum += Math.log1p(Math.exp(Math.min(30, logOdds(features, model.coefficients))));
    return Math.exp(a) * sum ** b;
  });
}
