import type { Rng } from '#experiments';
import { choleskyInPlace, solveCholesky } from '../../linear-algebra/cholesky.js';
import { hourOfWeek } from '../../local-time.js';
import { COEFFICIENTS, cumulativeHazard, DENSE, emptyFeatures, featuresOf } from './hazard.js';
import type { HazardModel, HazardRules } from './hazard.js';
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
const MOST_QUIET_HOURS = 150_000;
/** Members that are looked at; more are a sample. */
const MOST_MEMBERS = 20_000;
const CALIBRATED_SHARE = 0.2;
const CALIBRATED_HOURS = [24, 72] as const;
const MOST_ORIGINS = 8_000;
const RIDGE = 1;
const STEPS = 12;

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

  /** One step of Newton's method on the penalised log-likelihood. @returns the largest change of a coefficient. */
  step(coefficients: Float64Array, quietWeight: number): number {
    const p = COEFFICIENTS;
    const gram = new Float64Array(p * p);
    const gradient = Float64Array.from(coefficients, (value, k) =>
      k === 0 ? 0 : -RIDGE * (value - PRIOR(k)),
    );
    const place = new Int32Array(DENSE + 2);
    const x = new Float64Array(DENSE + 2).fill(1);
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
      const weight = this.happened[n] === 1 ? 1 : quietWeight;
      const error = weight * ((this.happened[n] as number) - mean);
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
    for (let k = 0; k < p; k++) gram[k * p + k] = (gram[k * p + k] as number) + (k === 0 ? 1e-6 : RIDGE);
    choleskyInPlace(gram, p);
    solveCholesky(gram, p, gradient);
    let most = 0;
    gradient.forEach((change, k) => {
      coefficients[k] = (coefficients[k] as number) + change;
      most = Math.max(most, Math.abs(change));
    });
    return most;
  }
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
  for (let step = 0; step < STEPS; step++) if (rows.step(coefficients, quietWeight) < 1e-6) break;
  return coefficients;
}

/** Moments of members as they might be asked about: the past until then, and whether a visit followed. */
export interface Origin {
  readonly member: MemberVisits;
  readonly at: number;
  readonly past: VisitPast;
  /** Unix milliseconds of the next visit; null: none was seen. */
  readonly next: number | null;
}

/** One moment per member, drawn evenly from their first visit on, with `hours` left to see what follows. */
export function originsOf(
  members: readonly MemberVisits[],
  { until, halfLifeHours }: Pick<FitOptions, 'until' | 'halfLifeHours'>,
  hours: number,
  rng: Rng,
): Origin[] {
  return members.flatMap((member) => {
    const first = member.visits[0] as number;
    const room = until - hours * HOUR_MS - first;
    const at = Math.floor(first + rng.uniform() * room);
    if (room <= 0) return [];
    const past = new VisitPast(halfLifeHours, member.offsetMinutes);
    const before = member.visits.filter((visit) => visit <= at);
    for (const visit of before) past.add(visit);
    return [{ member, at, past, next: member.visits[before.length] ?? null }];
  });
}

/** H -> exp(a) H^b by maximum likelihood (complementary log-log), drawn to H by the weight of a few origins. */
function calibrate(model: HazardModel, members: readonly MemberVisits[], options: FitOptions, rng: Rng) {
  const cases: { x: number; y: number }[] = [];
  for (const { member, at, past, next } of originsOf(
    members,
    options,
    Math.max(...CALIBRATED_HOURS),
    rng,
  ).slice(0, MOST_ORIGINS)) {
    const hazard = cumulativeHazard(model, past, at, member.offsetMinutes, Math.max(...CALIBRATED_HOURS));
    for (const hours of CALIBRATED_HOURS)
      cases.push({
        x: Math.log(Math.max(1e-9, hazard[hours - 1] as number)),
        y: next !== null && next - at <= hours * HOUR_MS ? 1 : 0,
      });
  }
  let [a, b] = [0, 1];
  for (let step = 0; step < 20; step++) {
    let [ga, gb, haa, hab, hbb] = [-20 * a, -20 * (b - 1), 20, 0, 20];
    for (const { x, y } of cases) {
      const hazard = Math.exp(Math.min(8, Math.max(-20, a + b * x)));
      const p = Math.min(1 - 1e-12, -Math.expm1(-hazard));
      // Fisher scoring: dp/dscore = hazard exp(-hazard).
      const slope = hazard * (1 - p);
      const weight = (slope * slope) / (p * (1 - p));
      const pull = ((y - p) * slope) / (p * (1 - p));
      ga += pull;
      gb += pull * x;
      haa += weight;
      hab += weight * x;
      hbb += weight * x * x;
    }
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
    a += da;
    b = Math.max(0.2, b + db);
    if (Math.abs(da) + Math.abs(db) < 1e-8) break;
  }
  return { a, b };
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
