import type { Rng } from '#experiments';
import { cumulativeHazard } from './hazard.js';
import type { HazardModel } from './hazard.js';
import type { FitOptions, MemberVisits } from './hazard-fit.js';
import { VisitPast } from './visit-past.js';

const HOUR_MS = 3_600_000;
const CALIBRATED_HOURS = [24, 72] as const;
const MOST_ORIGINS = 16_000;
/** Moments of each member, beside one departure. */
const MOMENTS = 3;
/** What the hazard as it is counts for: with few members a calibration would bring more noise than truth. */
const PRIOR_CASES = 100;

type Seen = Pick<FitOptions, 'until' | 'halfLifeHours'>;

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
  { until, halfLifeHours }: Seen,
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

/** An hour after one visit of each member, drawn at random: when a client that has just been used asks. */
function departuresOf(
  members: readonly MemberVisits[],
  { until, halfLifeHours }: Seen,
  hours: number,
  rng: Rng,
): Origin[] {
  return members.flatMap((member) => {
    const { visits } = member;
    const which = rng.below(visits.length);
    const at = (visits[which] as number) + HOUR_MS;
    const next = visits[which + 1] ?? null;
    if (at + hours * HOUR_MS > until || (next !== null && next <= at)) return [];
    const past = new VisitPast(halfLifeHours, member.offsetMinutes);
    for (const visit of visits.slice(0, which + 1)) past.add(visit);
    return [{ member, at, past, next }];
  });
}

/** H -> exp(a) H^b by maximum likelihood (complementary log-log), drawn to H by the weight of a few origins. */
export function calibrate(model: HazardModel, members: readonly MemberVisits[], options: Seen, rng: Rng) {
  const cases: { x: number; y: number }[] = [];
  const longest = Math.max(...CALIBRATED_HOURS);
  const origins = [
    ...Array.from({ length: MOMENTS }, () => originsOf(members, options, longest, rng)).flat(),
    ...departuresOf(members, options, longest, rng),
  ];
  for (const { member, at, past, next } of origins.slice(0, MOST_ORIGINS)) {
    const hazard = cumulativeHazard(model, past, at, member.offsetMinutes, longest);
    for (const hours of CALIBRATED_HOURS)
      cases.push({
        x: Math.log(Math.max(1e-9, hazard[hours - 1] as number)),
        y: next !== null && next - at <= hours * HOUR_MS ? 1 : 0,
      });
  }
  let [a, b] = [0, 1];
  for (let step = 0; step < 20; step++) {
    let [ga, gb, haa, hab, hbb] = [-PRIOR_CASES * a, -PRIOR_CASES * (b - 1), PRIOR_CASES, 0, PRIOR_CASES];
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
