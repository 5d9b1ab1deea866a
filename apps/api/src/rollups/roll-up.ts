import { Inject, Injectable } from '@nestjs/common';
import { metricRegistry } from '#metrics';
import type { MetricDefinition } from '#metrics';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { storeDailyMoments } from './daily-moments.js';
import { MOMENTS_OF_UNITS } from './moments-sql.js';
import { Values, longestPrePeriod, unitColumns } from './metric-sql.js';

/** Days after an experiment stopped in which late outcomes and maturing retention still count. */
const OPEN_DAYS_AFTER_STOP = 35;
/** Exposures whose decision has not arrived within this time are given up (and counted). */
const PENDING_HOURS = 24;

export interface RolledUp {
  readonly exposures: number;
  readonly units: number;
  readonly experiments: readonly string[];
  /** False when another process is at it. */
  readonly ran: boolean;
}

/**
 * Brings the rollups up to the facts: who entered which experiment, one row per unit and metric, moments per
 * entry cohort. Only what changed since the last run is read. Exactly once: facts are taken by transaction id up
 * to the oldest transaction still open, and the watermark moves in the same transaction as the results. Every
 * step recomputes from facts instead of adding deltas, so running it twice changes nothing.
 */
@Injectable()
export class RollUp {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @param now the day whose cumulative moments are written; tests and imports pass a simulated clock. */
  async run(now: Date): Promise<RolledUp> {
    return this.db.transaction(async (tx) => {
      const [lock] = await tx.query<{ got: boolean }>(
        `select pg_try_advisory_xact_lock(hashtext('marquee.rollup')) as got`,
      );
      if (!lock?.got) return { exposures: 0, units: 0, experiments: [], ran: false };
      const range = await nextRange(tx);
      await tx.query(`set local work_mem = '128MB'`);
      const exposures = await takeExposures(tx, range);
      await enter(tx);
      const dirty = await markDirty(tx, range);
      for (const { experiment, metrics } of dirty.experiments) await recomputeUnits(tx, experiment, metrics);
      await recomputeCohorts(tx);
      await finish(tx, range);
      for (const { experiment, metrics } of dirty.experiments)
        await storeDailyMoments(tx, experiment, metrics, now);
      return {
        exposures,
        units: dirty.units,
        experiments: dirty.experiments.map(({ experiment }) => experiment),
        ran: true,
      };
    });
  }
}

interface Range {
  readonly from: string;
  readonly to: string;
}

/** Transaction ids [from, to) that are all decided and not yet rolled up. */
async function nextRange(tx: Transaction): Promise<Range> {
  const [row] = await tx.query<Range>(
    `select coalesce((select through from rollup_state where name = 'facts'), 0)::text as from,
            pg_snapshot_xmin(pg_current_snapshot())::text as to`,
  );
  return row as Range;
}

/**
 * The new exposures with their decisions. An exposure names its decision; if that has not been stored yet (the two
 * travel separately) it waits in exposure_pending. It counts only for the unit that the decision was made for.
 */
async function takeExposures(tx: Transaction, { from, to }: Range): Promise<number> {
  await tx.query(
    `create temp table fresh_exposure on commit drop as
     select id as event_id, decision_id, unit_id, at from event
      where txid >= $1 and txid < $2 and kind = 'exposure' and decision_id is not null
     union all
     select event_id, decision_id, unit_id, at from exposure_pending`,
    [from, to],
  );
  await tx.query(`analyze fresh_exposure`);
  await tx.query(
    `create temp table fresh_entry on commit drop as
     select d.experiment, d.unit_id, d.arm, d.phase, f.at, d.context, f.event_id
       from fresh_exposure f join decision d on d.id = f.decision_id and d.at = ulid_at(f.decision_id)
      where d.unit_id = f.unit_id
     union all
     select experiment, unit_id, arm, phase, at, context, null from decision
      where txid >= $1 and txid < $2 and exposed`,
    [from, to],
  );
  await tx.query(
    `insert into exposure_pending (event_id, decision_id, unit_id, at)
     select f.event_id, f.decision_id, f.unit_id, f.at from fresh_exposure f
      where ulid_at(f.decision_id) is not null
        and not exists (select from fresh_entry found where found.event_id = f.event_id)
     on conflict (event_id) do nothing`,
  );
  await tx.query(`delete from exposure_pending p using fresh_entry f where f.event_id = p.event_id`);
  await tx.query(
    `with lost as (delete from exposure_pending where seen_at < now() - make_interval(hours => $1) returning 1)
     insert into counter (name, value) select 'rollup.exposures_without_decision', count(*) from lost having count(*) > 0
     on conflict (name) do update set value = counter.value + excluded.value`,
    [PENDING_HOURS],
  );
  await tx.query(`delete from fresh_entry where experiment is null or arm is null`);
  const [row] = await tx.query<{ n: number }>(`select count(*)::integer as n from fresh_entry`);
  return row?.n ?? 0;
}

/**
 * Enters units into their experiments at their first exposure; a unit seen in two arms is marked and leaves the
 * metrics. Attributes are the short scalars of that first context, for segments.
 */
async function enter(tx: Transaction): Promise<void> {
  // Cohorts that a unit leaves because an earlier exposure arrived late must be recomputed as well.
  await tx.query(`create temp table dirty_cohort (experiment text, entered_on date) on commit drop`);
  await tx.query(
    `insert into dirty_cohort
     select distinct u.experiment, u.entered_on from experiment_unit u join fresh_entry f using (experiment, unit_id)`,
  );
  await tx.query(
    `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase, crossover, attributes)
     select distinct on (experiment, unit_id) experiment, unit_id, arm, at, (at at time zone 'UTC')::date, phase,
            min(arm) over w <> max(arm) over w,
            coalesce((select jsonb_object_agg(key, value) from (
               select key, value from jsonb_each(context)
                where jsonb_typeof(value) in ('string', 'boolean') and length(value::text) <= 66
                order by key limit 12) short), '{}')
       from fresh_entry
     window w as (partition by experiment, unit_id)
      order by experiment, unit_id, at
     on conflict (experiment, unit_id) do update set
       crossover = experiment_unit.crossover or excluded.crossover or experiment_unit.arm <> excluded.arm,
       arm = case when excluded.first_at < experiment_unit.first_at then excluded.arm else experiment_unit.arm end,
       phase = case when excluded.first_at < experiment_unit.first_at then excluded.phase else experiment_unit.phase end,
       attributes = case when excluded.first_at < experiment_unit.first_at then excluded.attributes else experiment_unit.attributes end,
       first_at = least(experiment_unit.first_at, excluded.first_at),
       entered_on = least(experiment_unit.entered_on, excluded.entered_on)`,
  );
}

interface Dirty {
  readonly units: number;
  readonly experiments: readonly {
    readonly experiment: string;
    readonly metrics: readonly MetricDefinition[];
  }[];
}

/** Units of open experiments that have new events or a new exposure. */
async function markDirty(tx: Transaction, { from, to }: Range): Promise<Dirty> {
  await tx.query(
    `create temp table dirty_unit on commit drop as
     select u.experiment, u.unit_id from experiment_unit u
       join experiment x on x.key = u.experiment
      where (x.stopped_at is null or x.stopped_at > now() - make_interval(days => $3))
        and u.unit_id in (
          select unit_id from event where txid >= $1 and txid < $2
          -- A decision may arrive after the events that name it, and makes them count.
          union select unit_id from decision where txid >= $1 and txid < $2 and experiment is not null
          union select unit_id from fresh_entry)`,
    [from, to, OPEN_DAYS_AFTER_STOP],
  );
  await tx.query(`create index on dirty_unit (experiment, unit_id)`);
  await tx.query(`analyze dirty_unit`);
  await tx.query(
    `insert into dirty_cohort select distinct u.experiment, u.entered_on from experiment_unit u join dirty_unit using (experiment, unit_id)`,
  );
  const rows = await tx.query<{ experiment: string; n: number; metrics: string[] }>(
    `select d.experiment, count(*)::integer as n,
            array_remove(array_append(x.secondary_metrics || x.guardrail_metrics, x.decision_metric), null) as metrics
       from dirty_unit d join experiment x on x.key = d.experiment group by d.experiment, x.key order by d.experiment`,
  );
  return {
    units: rows.reduce((sum, row) => sum + row.n, 0),
    experiments: rows.map(({ experiment, metrics }) => ({ experiment, metrics: definitionsOf(metrics) })),
  };
}

/** The definitions behind an experiment's metric keys, each once; keys that no longer exist are left out. */
export function definitionsOf(keys: readonly string[]): MetricDefinition[] {
  return [...new Set(keys)].flatMap((key) => metricRegistry.find(key) ?? []);
}

/** Recomputes every metric of an experiment's dirty units from their events: one scan for all metrics. */
async function recomputeUnits(
  tx: Transaction,
  experiment: string,
  metrics: readonly MetricDefinition[],
): Promise<void> {
  const prePeriod = longestPrePeriod(metrics);
  const [oldest] = await tx.query<{ since: Date; decided: Date }>(
    `select min(first_at) - make_interval(days => $2) as since, min(first_at) - interval '1 day' as decided
       from experiment_unit join dirty_unit using (experiment, unit_id) where experiment = $1`,
    [experiment, prePeriod],
  );
  const values = new Values();
  const key = values.add(experiment);
  const days = values.add(prePeriod);
  // Known before planning, so that only the day partitions that can matter are looked at.
  const since = values.add(oldest?.since);
  const decided = values.add(oldest?.decided);
  const activity = values.add(['session_start', 'play']);
  const columns = metrics.map((metric, i) => {
    const { y, d, x } = unitColumns(metric, values);
    return `${y} as y${i}, ${d} as d${i}, ${x} as x${i}`;
  });
  await tx
    .query(
      `create temp table agg on commit drop as
     with u as (
       select unit_id, arm, first_at, entered_on from experiment_unit join dirty_unit using (experiment, unit_id)
        where experiment = ${key}),
     own as materialized (
       select d.id, d.unit_id, d.at, d.exposed from u join decision d on d.unit_id = u.unit_id
        where d.experiment = ${key} and d.at >= ${decided}),
     ev as (
       select u.unit_id, u.first_at, e.kind, e.name, e.value, e.at, e.decision_id, own.id is not null as attributed,
              floor(extract(epoch from e.at - u.first_at) / 86400) as day,
              (e.at at time zone 'UTC')::date - u.entered_on as calendar_day
         from u join event e on e.unit_id = u.unit_id and e.at >= ${since} and e.at >= u.first_at - make_interval(days => ${days})
         left join own on own.id = e.decision_id and own.unit_id = u.unit_id
       union all
       select u.unit_id, u.first_at, 'exposure', null, null, own.at, own.id, true,
              floor(extract(epoch from own.at - u.first_at) / 86400), (own.at at time zone 'UTC')::date - u.entered_on
         from u join own on own.unit_id = u.unit_id and own.exposed and own.at >= u.first_at)
     select u.unit_id, u.arm, u.entered_on,
            coalesce(bit_or(1::bigint << ev.calendar_day) filter (
              where ev.name = any(${activity}::text[]) and ev.calendar_day between 0 and 62), 0) as active_days
            ${columns.length > 0 ? `, ${columns.join(', ')}` : ''}
       from u left join ev using (unit_id) group by u.unit_id, u.arm, u.entered_on`,
      values.list,
    )
    .catch((error: Error) => {
      throw new Error(`rolling up "${experiment}" failed: ${error.message}`, { cause: error });
    });
  await tx.query(
    `update experiment_unit u set active_days = agg.active_days from agg
      where u.experiment = $1 and u.unit_id = agg.unit_id and u.active_days <> agg.active_days`,
    [experiment],
  );
  if (metrics.length > 0) await storeUnitMetrics(tx, experiment, metrics);
  await tx.query(`drop table agg`);
}

async function storeUnitMetrics(
  tx: Transaction,
  experiment: string,
  metrics: readonly MetricDefinition[],
): Promise<void> {
  const values = new Values();
  const key = values.add(experiment);
  const rows = metrics
    .map((metric, i) => `(${values.add(metric.key)}::text, y${i}, d${i}, x${i})`)
    .join(', ');
  await tx.query(
    `insert into unit_metric (experiment, metric, unit_id, arm, entered_on, y, d, x)
     select ${key}, m.metric, agg.unit_id, agg.arm, agg.entered_on, m.y, m.d, m.x
       from agg cross join lateral (values ${rows}) as m (metric, y, d, x)
     on conflict (experiment, metric, unit_id) do update
       set arm = excluded.arm, entered_on = excluded.entered_on, y = excluded.y, d = excluded.d, x = excluded.x
     where (unit_metric.arm, unit_metric.entered_on, unit_metric.y, unit_metric.d, unit_metric.x)
       is distinct from (excluded.arm, excluded.entered_on, excluded.y, excluded.d, excluded.x)`,
    values.list,
  );
}

/** Replaces the moments of every cohort that has a dirty unit. */
async function recomputeCohorts(tx: Transaction): Promise<void> {
  await tx.query(
    `delete from moments_cohort m using (select distinct * from dirty_cohort) d
      where m.experiment = d.experiment and m.entered_on = d.entered_on`,
  );
  await tx.query(
    `insert into moments_cohort (experiment, metric, arm, entered_on, n, mean_y, mean_d, mean_x, yy, dd, xx, yd, yx, dx, non_zero)
     select m.experiment, m.metric, m.arm, m.entered_on, ${MOMENTS_OF_UNITS}
       from (select distinct * from dirty_cohort) c
       join unit_metric m on m.experiment = c.experiment and m.entered_on = c.entered_on
       join experiment_unit u on u.experiment = m.experiment and u.unit_id = m.unit_id and not u.crossover
      group by m.experiment, m.metric, m.arm, m.entered_on`,
  );
}

async function finish(tx: Transaction, { to }: Range): Promise<void> {
  await tx.query(
    `insert into rollup_state (name, through) values ('facts', $1)
     on conflict (name) do update set through = excluded.through, updated_at = now()`,
    [to],
  );
}
