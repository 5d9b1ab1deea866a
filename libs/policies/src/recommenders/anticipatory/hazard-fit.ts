import type { Rng } from '#experiments';
import { choleskyInPlace, solveCholesky } from '../../linear-algebra/cholesky.js';
import { hourOfWeek } from '../../local-time.js';
import { COEFFICIENTS, DENSE, emptyFeatures, featuresOf } from './hazard.js';
import type { HazardModel, HazardRules } from './hazard.js';
import { calibrate } from './hazard-calibration.js';
import { rhythmOf } from './rhythm.js';
import type { Rhythm } from './rhythm.js';
import { VisitPast } from './visit-past.js';

const HOUR_MS = 3_600_000;

/** Visits of one member, oldest first, and where their clock stands. */
export interface MemberVisits {
  readonly visits: readonly number[];
  readonly offsetMinutes: number;
}

export interface FitOptions extends HazardRules {
  /** Unix milliseconds: until when visits would have been seen. Who has not come back by then is censored, not lost. */
  readonly until: number;
  /** A wait is followed for this many hours at most. */
  readonly longestWait: number;
}

/** Hours without a visit that are looked at; more are a sample, weighted up. */
const MOST_QUIET_HOURS = 60_000;
/** Members that are looked at; more are a sample. */
const MOST_MEMBERS = 20_000;
const CALIBRATED_SHARE = 0.2;
const RIDGE = 1;
const STEPS = 25;

type Basis = HazardRules & { readonly rhythm: Rhythm; readonly rate: number };

/** Person-hours in columns. */
class Hours {
  private dense = new Float64Array(1024 * DENSE);
  private classes = new Uint8Array(2 * 1024);
  private happened = new Uint8Array(1024);
  length = 0;

  push(features: ReturnType<typeof emptyFeatures>, happened: boolean): void {
    const n = this.length++;
    if (n === this.happened.length) this.grow();
    this.dense.set(features.dense, n * DENSE);
    this.classes[2 * n] = features.elapsed;
    this.classes[2 * n + 1] = features.missed;
    this.happened[n] = happened ? 1 : 0;
  }

  private grow(): void {
    const larger = <A extends Float64Array | Uint8Array>(old: A, made: A): A => {
      made.set(old);
      return made;
    };
    this.dense = larger(this.dense, new Float64Array(2 * this.dense.length));
    this.classes = larger(this.classes, new Uint8Array(2 * this.classes.length));
    this.happened = larger(this.happened, new Uint8Array(2 * this.happened.length));
  }

  /** Penalised log-likelihood with its gradient and negative curvature. */
  evaluate(coefficients: Float64Array, quietWeight: number): Evaluation {
    const p = COEFFICIENTS;
    const gram = new Float64Array(p * p);
    const gradient = new Float64Array(p);
    const place = new Int32Array(DENSE + 2);
    const x = new Float64Array(DENSE + 2).fill(1);
    let value = 0;
    for (let n = 0; n < this.length; n++) {
      for (let k = 0; k < DENSE; k++) {
        place[k] = k;
        x[k] = this.dense[n * DENSE + k] as number;
      }
      place[DENSE] = this.classes[2 * n] as number;
      place[DENSE + 1] = this.classes[2 * n + 1] as number;
      let score = 0;
      for (let k = 0; k < x.length; k++)
        score += (x[k] as number) * (coefficients[place[k] as number] as number);
      const mean = 1 / (1 + Math.exp(-score));
      const happened = this.happened[n] as number;
      const weight = happened === 1 ? 1 : quietWeight;
      value += happened * score - weight * softplus(score);
      const error = weight * (happened - mean);
      const curvature = weight * mean * (1 - mean);
      for (let i = 0; i < x.length; i++) {
        const row = place[i] as number;
        gradient[row] = (gradient[row] as number) + error * (x[i] as number);
        const scaled = curvature * (x[i] as number);
        for (let j = 0; j < x.length; j++) {
          const at = row * p + (place[j] as number);
          gram[at] = (gram[at] as number) + scaled * (x[j] as number);
        }
      }
    }
    for (let k = 0; k < p; k++) {
      const ridge = k === 0 ? 1e-6 : RIDGE;
      const off = (coefficients[k] as number) - (k === 0 ? 0 : PRIOR(k));
      gram[k * p + k] = (gram[k * p + k] as number) + ridge;
      gradient[k] = (gradient[k] as number) - ridge * off;
      value -= (ridge / 2) * off * off;
    }
    return { value, gradient, gram };
  }
}

interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly gram: Float64Array;
}

/** log(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Newton's method; a step that would lower the likelihood is halved until it does not. */
function maximise(rows: Hours, start: Float64Array, quietWeight: number): Float64Array {
  let coefficients = start;
  let here = rows.evaluate(coefficients, quietWeight);
  for (let step = 0; step < STEPS; step++) {
    const direction = here.gradient.slice();
    const factor = here.gram.slice();
    choleskyInPlace(factor, COEFFICIENTS);
    solveCholesky(factor, COEFFICIENTS, direction);
    const from = coefficients;
    let size = 1;
    let trial = from.map((value, k) => value + (direction[k] as number));
    let there = rows.evaluate(trial, quietWeight);
    while (!(there.value >= here.value) && size > 1e-3) {
      size /= 2;
      const scale = size;
      trial = from.map((value, k) => value + scale * (direction[k] as number));
      there = rows.evaluate(trial, quietWeight);
    }
    if (!(there.value >= here.value)) break;
    const gained = there.value - here.value;
    coefficients = trial;
    here = there;
    if (gained < 1e-7 * Math.abs(here.value)) break;
  }
  return coefficients;
}

/** A member's own rate and rhythm are believed, until the data say otherwise; classes are drawn to no effect. */
const PRIOR = (k: number): number => (k === 1 || k === 2 ? 1 : 0);

function populationOf(members: readonly MemberVisits[], until: number): { rhythm: Rhythm; rate: number } {
  const counts = new Float64Array(168);
  let visits = 0;
  let hours = 0;
  for (const { visits: own, offsetMinutes } of members) {
    for (const at of own) {
      const how = hourOfWeek(at, offsetMinutes);
      counts[how] = (counts[how] as number) + 1;
    }
    visits += own.length - 1;
    hours += Math.max(0, until - (own[0] as number)) / HOUR_MS;
  }
  return { rhythm: rhythmOf(counts), rate: (visits + 1) / (hours + 168) };
}

/** Hours of a wait: those until the next visit, or until nobody looked any more. */
function waitsOf(
  { visits, offsetMinutes }: MemberVisits,
  { until, longestWait, halfLifeHours }: FitOptions,
  each: (past: VisitPast, from: number, hours: number, returned: boolean) => void,
): void {
  const past = new VisitPast(halfLifeHours, offsetMinutes);
  visits.forEach((at, i) => {
    past.add(at);
    const next = visits[i + 1];
    const waited = Math.floor(((next ?? until) - at) / HOUR_MS);
    const followed = Math.min(waited + (next === undefined ? 0 : 1), longestWait);
    each(past, at, followed, next !== undefined && waited < longestWait);
  });
}

function personHours(members: readonly MemberVisits[], options: FitOptions, basis: Basis, rng: Rng) {
  let quiet = 0;
  for (const member of members)
    waitsOf(member, options, (_past, _from, hours, returned) => (quiet += hours - (returned ? 1 : 0)));
  const share = Math.min(1, MOST_QUIET_HOURS / Math.max(1, quiet));
  const rows = new Hours();
  const features = emptyFeatures();
  for (const member of members) {
    waitsOf(member, options, (past, from, hours, returned) => {
      for (let n = 0; n < hours; n++) {
        const happened = returned && n === hours - 1;
        if (!happened && share < 1 && rng.uniform() >= share) continue;
        const how = hourOfWeek(from + (n + 0.5) * HOUR_MS, member.offsetMinutes);
        featuresOf(past, n, how, basis, features);
        rows.push(features, happened);
      }
    });
  }
  return { rows, quietWeight: 1 / share };
}

function coefficientsOf(
  members: readonly MemberVisits[],
  options: FitOptions,
  basis: Basis,
  rng: Rng,
): Float64Array {
  const { rows, quietWeight } = personHours(members, options, basis, rng);
  const coefficients = Float64Array.from({ length: COEFFICIENTS }, (_, k) => PRIOR(k));
  coefficients[0] = Math.log(basis.rate);
  return maximise(rows, coefficients, quietWeight);
}

/** Members with a visit before the end, at most as many as are looked at. */
function chosen(members: readonly MemberVisits[], until: number, rng: Rng): MemberVisits[] {
  const usable = members.filter(({ visits }) => visits.length > 0 && (visits[0] as number) < until);
  if (usable.length <= MOST_MEMBERS) return usable;
  const share = MOST_MEMBERS / usable.length;
  return usable.filter(() => rng.uniform() < share);
}

/**
 * Fits the hazard of the next visit: a logistic regression on person-hours (Cox 1972 for discrete time; Allison 1982)
 * from each member's first visit on. Waits that had not ended are censored where looking ended. Features use nothing that
 * came after the last visit. Hours without a visit are sampled and weighted up. The calibration comes from a fifth of the
 * members, under coefficients of the others; then all are fitted.
 */
export function fitHazard(
  members: readonly MemberVisits[],
  options: FitOptions,
  rng: Rng,
  progress: (share: number) => void,
): HazardModel {
  const { halfLifeHours, shrinkRate, shrinkRhythm, until } = options;
  const usable = chosen(members, until, rng.fork('members'));
  const basis: Basis = { halfLifeHours, shrinkRate, shrinkRhythm, ...populationOf(usable, until) };
  const identity = { a: 0, b: 1 };
  const split = rng.fork('calibrated');
  const aside = usable.map(() => split.uniform() < CALIBRATED_SHARE);
  const others = usable.filter((_, i) => !aside[i]);
  const before = coefficientsOf(others, options, basis, rng.fork('hours'));
  progress(0.4);
  const calibration = calibrate(
    { ...basis, coefficients: before, calibration: identity },
    usable.filter((_, i) => aside[i]),
    options,
    rng.fork('origins'),
  );
  const coefficients = coefficientsOf(usable, options, basis, rng.fork('all hours'));
  progress(1);
  return { ...basis, coefficients, calibration };
}
