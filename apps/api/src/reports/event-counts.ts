import { Inject, Injectable } from '@nestjs/common';
import { isHarmfulEvent } from '#metrics';
import type { EventRateFact, RatePeriod } from '#metrics';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import type { ReportedExperiment } from './report-store.js';

const HOUR_MS = 3_600_000;
/** Younger experiments are counted by the hour, older ones by the day. */
const HOURLY_UNTIL_MS = 72 * HOUR_MS;
/** Counting may take one part in fifty of the time, and is done once a minute at most. */
const REST_SHARE = 50;
const LEAST_REST_MS = 60_000;
/** Counting on request: what took longer is served as it was last counted. */
const QUICK_MS = 2000;
/** Names of outcomes that are kept, those of the most units first. */
const MOST_EVENTS = 40;

/** Units by arm and by the phase in which they entered. */
export interface ArmCount {
  readonly arm: string;
  readonly phase: number;
  readonly units: number;
}

/** Units that had an outcome since exposure, each counted once, and how often it happened to them. */
export interface EventCount extends ArmCount {
  readonly event: string;
  readonly times: number;
}

type At<T> = T & {
  /** Begin of the hour or day in which a unit entered, or had the event for the first time. */ readonly at: string;
};

export interface EventCounts {
  readonly step: 'hour' | 'day';
  readonly entered: readonly At<ArmCount>[];
  readonly events: readonly At<EventCount>[];
}

export interface KeptCounts extends EventCounts {
  readonly computedAt: Date;
}

interface KeptRow extends Record<string, unknown> {
  readonly computedAt: Date;
  readonly tookMs: number;
}

type CountedExperiment = Pick<ReportedExperiment, 'key' | 'startedAt' | 'stoppedAt' | 'clusters'>;

/** Counts of outcomes since exposure, kept per experiment and counted anew from the facts now and then. */
@Injectable()
export class EventCountStore {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Counts anew when what is kept is old for what it costs; says whether it did. */
  async refresh(experiment: CountedExperiment, now: Date): Promise<boolean> {
    const kept = await this.kept(experiment.key);
    if (kept && isFresh(kept, now)) return false;
    const began = performance.now();
    const counts = await this.count(experiment, now);
    const took = Math.round(performance.now() - began);
    await this.db.query(
      `insert into event_rate (experiment, computed_at, took_ms, totals, counts) values ($1, $2, $3, $4::jsonb, $5::jsonb)
       on conflict (experiment) do update set computed_at = excluded.computed_at, took_ms = excluded.took_ms,
         totals = excluded.totals, counts = excluded.counts`,
      [experiment.key, now, took, JSON.stringify(totalsOf(counts)), JSON.stringify(counts)],
    );
    return true;
  }

  /** What there is to show now: counted anew where that is quick or has never been done. */
  async now(experiment: CountedExperiment, now: Date): Promise<KeptCounts> {
    const kept = await this.kept(experiment.key);
    if (!kept || kept.tookMs < QUICK_MS) await this.refresh(experiment, now);
    const [row] = await this.db.query<KeptRow & { counts: EventCounts }>(
      `select computed_at as "computedAt", took_ms as "tookMs", counts from event_rate where experiment = $1`,
      [experiment.key],
    );
    if (!row) throw new Error(`no counts are kept of "${experiment.key}"`);
    return { ...row.counts, computedAt: row.computedAt };
  }

  private async kept(key: string): Promise<KeptRow | undefined> {
    const [row] = await this.db.query<KeptRow>(
      `select computed_at as "computedAt", took_ms as "tookMs" from event_rate where experiment = $1`,
      [key],
    );
    return row;
  }

  /**
   * One pass over the events of the experiment's units. A unit counts once per outcome, at its first time since
   * exposure: what one unit does again and again is no further evidence. Where clusters were assigned, a cluster does:
   * what its other units do as well is no further evidence either. Until the experiment stopped, as afterwards all arms
   * get the same.
   */
  private async count(
    { key, startedAt, stoppedAt, clusters }: CountedExperiment,
    now: Date,
  ): Promise<EventCounts> {
    const until = stoppedAt !== null && stoppedAt < now ? stoppedAt : now;
    const since = startedAt ?? now;
    const step = until.getTime() - since.getTime() <= HOURLY_UNTIL_MS ? 'hour' : 'day';
    const who = clusters === null ? UNITS : CLUSTERS;
    // A unit stands once in the list, a cluster as often as it has units.
    const each = clusters === null ? 'count(*)' : 'count(distinct counted)';
    const by = clusters === null ? [] : [clusters.field];
    const entered = await this.db.query<At<ArmCount> & Record<string, unknown>>(
      `with who as (${who('$4')})
       select arm, phase, ${iso('entered_at', '$3')} as at, ${each}::integer as units
         from who where entered_at < $2 group by 1, 2, 3 order by 3, 1, 2`,
      [key, until, step, ...by],
    );
    // Known before planning, so that only the day partitions that can matter are looked at.
    const [first] = await this.db.query<{ at: Date | null }>(
      `select min(first_at) as at from experiment_unit where experiment = $1`,
      [key],
    );
    const events = await this.db.query<At<EventCount> & Record<string, unknown>>(
      `with who as (${who('$5')}),
       did as (
         select u.counted, u.arm, u.phase, e.name, min(e.at) as at, count(*) as times
           from who u join event e on e.unit_id = u.unit_id and e.at >= u.first_at
          where e.kind = 'outcome' and e.name is not null and e.at >= $4 and e.at < $2
          group by u.counted, u.arm, u.phase, e.name)
       select name as event, arm, phase, ${iso('at', '$3')} as at, count(*)::integer as units,
              sum(times)::float8 as times
         from did group by 1, 2, 3, 4 order by 4, 1, 2, 3`,
      [key, until, step, first?.at ?? until, ...by],
    );
    const names = new Set(eventNames(events).slice(0, MOST_EVENTS));
    return { step, entered, events: events.filter(({ event }) => names.has(event)) };
  }
}

/** Units of the experiment $1 with whom they are counted as: themselves. */
const UNITS = (): string => `
  select unit_id, unit_id as counted, arm, coalesce(phase, 0) as phase, first_at, first_at as entered_at
    from experiment_unit where experiment = $1 and left_out is null`;

/** As their clusters, which enter with their first unit, in its arm and phase. Units that named no cluster are in none. */
const CLUSTERS = (field: string): string => `
  select unit_id, attributes ->> ${field} as counted, first_value(arm) over first as arm,
         coalesce(first_value(phase) over first, 0) as phase, first_at, first_value(first_at) over first as entered_at
    from experiment_unit where experiment = $1 and left_out is null and attributes ? ${field}
  window first as (partition by attributes ->> ${field} order by first_at, unit_id)`;

const iso = (column: string, step: string): string =>
  `to_char(date_trunc(${step}, ${column}, 'UTC') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

function isFresh({ computedAt, tookMs }: KeptRow, now: Date): boolean {
  return Math.abs(now.getTime() - computedAt.getTime()) < Math.max(LEAST_REST_MS, REST_SHARE * tookMs);
}

/** Outcomes that happened, those of the most units first; error-like ones before all others. */
export function eventNames(counts: readonly EventCount[]): string[] {
  const units = new Map<string, number>();
  for (const row of counts) units.set(row.event, (units.get(row.event) ?? 0) + row.units);
  const rank = (name: string): number => Number(isHarmfulEvent(name));
  return [...units]
    .sort(([a, x], [b, y]) => rank(b) - rank(a) || y - x || (a < b ? -1 : 1))
    .map(([name]) => name);
}

/** Harmful outcomes over the whole time, for the health check. */
function totalsOf({ events }: EventCounts): EventCount[] {
  const totals = new Map<string, EventCount>();
  for (const { event, arm, phase, units, times } of events) {
    if (!isHarmfulEvent(event)) continue;
    const id = JSON.stringify([event, arm, phase]);
    const known = totals.get(id);
    totals.set(id, {
      event,
      arm,
      phase,
      units: units + (known?.units ?? 0),
      times: times + (known?.times ?? 0),
    });
  }
  return [...totals.values()];
}

type Weights = Readonly<Record<string, number>>;
/** Weights of arms by phase; `otherwise` for units whose phase was not kept. */
export interface PhaseWeights {
  readonly phases: ReadonlyMap<number, Weights>;
  readonly otherwise: Weights;
}

const weightsOf = (arms: ReportedExperiment['arms']): Weights =>
  Object.fromEntries(arms.map(({ key, weight }) => [key, weight]));

/** What the arms weighed in each phase of an experiment. */
export async function phaseWeights(
  sql: Sql,
  { key, arms }: Pick<ReportedExperiment, 'key' | 'arms'>,
): Promise<PhaseWeights> {
  const rows = await sql.query<{ phase: number; arms: ReportedExperiment['arms'] }>(
    `select phase, arms from experiment_phase where experiment = $1`,
    [key],
  );
  return {
    phases: new Map(rows.map((row) => [row.phase, weightsOf(row.arms)])),
    otherwise: weightsOf(arms),
  };
}

/** Units with an event in control and one arm, by the allocation under which they entered. */
export function periodsOf(
  counts: readonly ArmCount[],
  { phases, otherwise }: PhaseWeights,
  [control, arm]: readonly [string, string],
): RatePeriod[] {
  return [...new Set(counts.map(({ phase }) => phase))].map((phase) => {
    const weights = phases.get(phase) ?? otherwise;
    const units = (key: string): number =>
      counts.reduce((sum, row) => (row.arm === key && row.phase === phase ? sum + row.units : sum), 0);
    return { weights: [weights[control] ?? 0, weights[arm] ?? 0], events: [units(control), units(arm)] };
  });
}

/** Every harmful outcome in every arm against control, from the counts that are kept; empty where none are. */
export async function eventRateFacts(
  sql: Sql,
  experiment: Pick<ReportedExperiment, 'key' | 'arms'>,
): Promise<EventRateFact[]> {
  const { key, arms } = experiment;
  const control = arms.find(({ isControl }) => isControl)?.key;
  const [[kept], weights] = await Promise.all([
    sql.query<{ totals: EventCount[] }>('select totals from event_rate where experiment = $1', [key]),
    phaseWeights(sql, experiment),
  ]);
  if (!kept || control === undefined) return [];
  return eventNames(kept.totals).flatMap((event) => {
    const rows = kept.totals.filter((row) => row.event === event);
    return arms
      .filter((arm) => arm.key !== control)
      .map((arm) => ({ event, arm: arm.key, periods: periodsOf(rows, weights, [control, arm.key]) }));
  });
}
