import type { EditFact, TrafficFact } from '#metrics';
import type { Sql } from '../persistence/database.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** An hour counts once this share of it was sampled. */
const COVERED = 0.75;

interface SampleRow extends Record<string, unknown> {
  readonly since: Date;
  readonly until: Date;
  readonly decisions: number;
}

export interface TrafficPhase {
  readonly startedAt: Date;
  readonly traffic: number;
}

const SAMPLES = `
select since, until, decisions::float8 as decisions from traffic_sample
 where experiment = $1 and until > $2::timestamptz - interval '26 hours' and until <= $2 order by until`;

/**
 * Decisions of the last sampled hour against the same hour of the day before; while there is none, against the hours before
 * it. Null before one hour and something to compare it with were sampled, and while the samples are not up to date.
 */
export async function trafficFact(
  db: Sql,
  experiment: string,
  phases: readonly TrafficPhase[],
  edits: readonly EditFact[],
  asOf: Date,
): Promise<TrafficFact | null> {
  return factOf(await db.query<SampleRow>(SAMPLES, [experiment, asOf]), phases, edits, asOf.getTime());
}

export function factOf(
  samples: readonly SampleRow[],
  phases: readonly TrafficPhase[],
  edits: readonly EditFact[],
  asOf: number,
): TrafficFact | null {
  const last = samples.at(-1)?.until.getTime();
  if (last === undefined || asOf - last > HOUR_MS / 2) return null;
  const now = during(samples, last - HOUR_MS, last);
  if (now.hours < COVERED) return null;
  const yesterday = during(samples, last - HOUR_MS - DAY_MS, last - DAY_MS);
  const reference = yesterday.hours >= COVERED ? yesterday : during(samples, last - DAY_MS, last - HOUR_MS);
  if (reference.hours < COVERED) return null;
  const share = (at: number): number => shareAt(phases, at);
  const before = share(reference.middle);
  const scale = before > 0 ? share(last - HOUR_MS / 2) / before : 1;
  const change = edits.filter(({ at }) => Date.parse(at) > last - DAY_MS).at(-1) ?? null;
  return {
    decisions: now.decisions,
    expected: (reference.decisions / reference.hours) * now.hours * scale,
    since: new Date(last - HOUR_MS).toISOString(),
    change: change && { at: change.at, what: change.what },
  };
}

/** Samples whose middle lies in a span: decisions, the hours they cover, and the middle of those. */
function during(
  samples: readonly SampleRow[],
  from: number,
  to: number,
): { decisions: number; hours: number; middle: number } {
  const inside = samples.filter(({ since, until }) => {
    const middle = (since.getTime() + until.getTime()) / 2;
    return middle >= from && middle < to;
  });
  const hours = inside.reduce(
    (sum, { since, until }) => sum + (until.getTime() - since.getTime()) / HOUR_MS,
    0,
  );
  const decisions = inside.reduce((sum, row) => sum + row.decisions, 0);
  const middle = inside[Math.floor(inside.length / 2)]?.until.getTime() ?? (from + to) / 2;
  return { decisions, hours, middle };
}

/** The share of traffic of the phase at a time; before the first phase that of the first. */
function shareAt(phases: readonly TrafficPhase[], at: number): number {
  const begun = phases.filter(({ startedAt }) => startedAt.getTime() <= at);
  return (begun.at(-1) ?? phases[0])?.traffic ?? 1;
}
