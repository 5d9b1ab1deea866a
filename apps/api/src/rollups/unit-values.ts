import type { MetricDefinition } from '#metrics';
import type { Sql, Transaction } from '../persistence/database.js';
import { filterColumns } from './event-filter-sql.js';
import { EventValues, longestPrePeriod, unitColumns } from './metric-sql.js';
import type { Measured, Slots } from './slots.js';
import { EXPOSURE_CODE } from './values.js';

export interface Recomputed extends Measured {
  readonly slots: Slots;
  /** All units of the experiment, not only those in dirty_unit. */
  readonly all: boolean;
}

const ACTIVITY = ['session_start', 'play'];

/** Left out at first, when there is nothing to replace: looking costs half as much again as the insert. */
const REPLACE = `on conflict (experiment, unit_id) do update
  set active_days = excluded.active_days, measures = excluded.measures
  where (unit_values.active_days, unit_values.measures) is distinct from (excluded.active_days, excluded.measures)`;

/**
 * Recomputes every metric of an experiment's units from their events: one scan for all metrics, into the temporary table
 * `fresh_values`, then into unit_values. Over all units it reads permanent tables alone, which
 * PostgreSQL may scan with several processes.
 */
export async function recomputeUnits(tx: Transaction, recomputed: Recomputed): Promise<void> {
  const { experiment } = recomputed;
  const { text, values } = await unitNumbersSql(tx, recomputed, recomputed.all ? ALL_UNITS : DIRTY_UNITS);
  // All units' events meet all their decisions. A day partition that was never analyzed looks almost empty, and a loop
  // over both, which is then planned, compares each with each.
  if (recomputed.all) await tx.query('set local enable_nestloop = off');
  await tx
    .query(`create temp table fresh_values on commit drop as ${text}`, values.list)
    .catch((error: Error) => {
      throw new Error(`rolling up "${experiment}" failed: ${error.message}`, { cause: error });
    });
  if (recomputed.all) await tx.query('set local enable_nestloop = on');
  const [stored] = await tx.query<{ some: boolean }>(
    `select exists (select from unit_values where experiment = $1) as some`,
    [experiment],
  );
  await tx.query(
    `insert into unit_values (experiment, unit_id, active_days, measures)
     select $1, unit_id, active_days, measures from fresh_values ${stored?.some ? REPLACE : ''}`,
    [experiment],
  );
  await tx.query(`drop table fresh_values`);
}

/** Which units of the experiment $1 are computed. */
export interface UnitSource {
  /** After `from`: joins and condition over experiment_unit. */
  readonly from: string;
  /** Whether they are so many that their decisions are best read for all. */
  readonly all: boolean;
}

const ALL_UNITS: UnitSource = { from: 'experiment_unit where experiment = $1', all: true };
const DIRTY_UNITS: UnitSource = {
  from: 'experiment_unit join dirty_unit using (experiment, unit_id) where experiment = $1',
  all: false,
};

/** The statement that computes `unit_id`, `active_days` and `measures` of units from their events, with its parameters. */
export async function unitNumbersSql(
  sql: Sql,
  { experiment, metrics, slots, stoppedAt }: Omit<Recomputed, 'all'>,
  { from, all }: UnitSource,
): Promise<{ readonly text: string; readonly values: EventValues }> {
  const filters = filterColumns(metrics);
  const units = `(select unit_id, first_at, entered_on${filters.unit} from ${from})`;
  const prePeriod = longestPrePeriod(metrics);
  const [oldest] = await sql.query<{ since: Date; decided: Date }>(
    `select min(first_at) - make_interval(days => $2) as since, min(first_at) - interval '1 day' as decided
       from ${units} u`,
    [experiment, prePeriod],
  );
  const values = new EventValues();
  const key = values.add(experiment);
  const days = values.add(prePeriod);
  // Known before planning, so that only the day partitions that can matter are looked at.
  const since = values.add(oldest?.since);
  const decided = values.add(oldest?.decided);
  const own = `(select d.id, d.unit_id, d.at, d.exposed${filters.own}
       from ${all ? '' : `${units} u join `}decision d ${all ? 'where' : 'on d.unit_id = u.unit_id and'}
            d.experiment = ${key} and d.at >= ${decided})`;
  const time = `floor(date_part('epoch', e.at - u.first_at) / 86400) as day,
              (e.at at time zone 'UTC')::date - u.entered_on as calendar_day`;
  const active = `${values.isOutcome(ACTIVITY)} and ev.calendar_day between 0 and 62`;
  const measures = measuresOf(metrics, slots, stoppedAt, values);
  // A row without an event for every unit stands in for an outer join, which would hash all events once more.
  return {
    text: `select ev.unit_id,
            coalesce(bit_or(1::bigint << ev.calendar_day) filter (where ${active}), 0) as active_days,
            ${measures} as measures
       from (
         select u.unit_id, u.first_at, ${values.codeOfEvent()} as code, e.value, e.at, e.decision_id,
                own.id is not null as attributed, ${time}${filters.ofEvent}
           from ${units} u
           join event e on e.unit_id = u.unit_id and e.at >= ${since} and e.at >= u.first_at - make_interval(days => ${days})
                and ${values.isAskedFor()}
           left join ${own} own on own.id = e.decision_id and own.unit_id = e.unit_id
          where own.id is not null or ${values.isAskedForAnywhere()}
         union all
         select u.unit_id, u.first_at, ${EXPOSURE_CODE}, null, e.at, e.id, true, ${time}${filters.ofDecision}
           from ${units} u join ${own} e on e.unit_id = u.unit_id and e.exposed and e.at >= u.first_at
         union all
         select u.unit_id, u.first_at, null, null, null, null, null, null, null${filters.ofNone}
           from ${units} u) ev
      group by ev.unit_id`,
    values,
  };
}

/** Three numbers for every slot; null for those of metrics that the experiment no longer has. */
function measuresOf(
  metrics: readonly MetricDefinition[],
  slots: Slots,
  stoppedAt: Date | null,
  values: EventValues,
): string {
  const parts = new Array<string>(3 * Math.max(0, ...slots.values())).fill('null');
  for (const metric of metrics) {
    const { y, d, x } = unitColumns(metric, values, stoppedAt);
    parts.splice(3 * (slots.get(metric.key) as number) - 3, 3, y, d, x);
  }
  return `array[${parts.join(', ')}]::double precision[]`;
}
