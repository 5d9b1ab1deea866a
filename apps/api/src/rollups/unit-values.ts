import type { MetricDefinition } from '#metrics';
import type { Sql, Transaction } from '../persistence/database.js';
import { filterColumns } from './event-filter-sql.js';
import { Values, longestPrePeriod, unitColumns } from './metric-sql.js';
import type { Measured, Slots } from './slots.js';

export interface Recomputed extends Measured {
  readonly slots: Slots;
  /** All units of the experiment, not only those in dirty_unit. */
  readonly all: boolean;
}

const ACTIVITY = ['session_start', 'play'];

/**
 * Recomputes every metric of an experiment's units from their events: one scan for all metrics, into the temporary table
 * `fresh_values`, then into unit_values and experiment_unit. Over all units it reads permanent tables alone, which
 * PostgreSQL may scan with several processes.
 */
export async function recomputeUnits(tx: Transaction, recomputed: Recomputed): Promise<void> {
  const { experiment } = recomputed;
  const { text, values } = await unitNumbersSql(tx, recomputed, recomputed.all ? ALL_UNITS : DIRTY_UNITS);
  await tx
    .query(`create temp table fresh_values on commit drop as ${text}`, values.list)
    .catch((error: Error) => {
      throw new Error(`rolling up "${experiment}" failed: ${error.message}`, { cause: error });
    });
  await tx.query(
    `update experiment_unit u set active_days = f.active_days from fresh_values f
      where u.experiment = $1 and u.unit_id = f.unit_id and u.active_days <> f.active_days`,
    [experiment],
  );
  if (recomputed.metrics.length > 0)
    await tx.query(
      `insert into unit_values (experiment, unit_id, measures) select $1, unit_id, measures from fresh_values
       on conflict (experiment, unit_id) do update set measures = excluded.measures
         where unit_values.measures is distinct from excluded.measures`,
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
): Promise<{ readonly text: string; readonly values: Values }> {
  const filters = filterColumns(metrics);
  const units = `(select unit_id, first_at, entered_on${filters.unit} from ${from})`;
  const prePeriod = longestPrePeriod(metrics);
  const [oldest] = await sql.query<{ since: Date; decided: Date }>(
    `select min(first_at) - make_interval(days => $2) as since, min(first_at) - interval '1 day' as decided
       from ${units} u`,
    [experiment, prePeriod],
  );
  const values = new Values();
  const key = values.add(experiment);
  const days = values.add(prePeriod);
  // Known before planning, so that only the day partitions that can matter are looked at.
  const since = values.add(oldest?.since);
  const decided = values.add(oldest?.decided);
  const activity = values.add(ACTIVITY);
  const own = `(select d.id, d.unit_id, d.at, d.exposed${filters.own}
       from ${all ? '' : `${units} u join `}decision d ${all ? 'where' : 'on d.unit_id = u.unit_id and'}
            d.experiment = ${key} and d.at >= ${decided})`;
  const time = `floor(date_part('epoch', e.at - u.first_at) / 86400) as day,
              (e.at at time zone 'UTC')::date - u.entered_on as calendar_day`;
  return {
    text: `select u.unit_id,
            coalesce(bit_or(1::bigint << ev.calendar_day) filter (
              where ev.name = any(${activity}::text[]) and ev.calendar_day between 0 and 62), 0) as active_days,
            ${measuresOf(metrics, slots, stoppedAt, values)} as measures
       from ${units} u left join (
         select u.unit_id, u.first_at, e.kind, e.name, e.value, e.at, e.decision_id, own.id is not null as attributed,
                ${time}${filters.ofEvent}
           from ${units} u
           join event e on e.unit_id = u.unit_id and e.at >= ${since} and e.at >= u.first_at - make_interval(days => ${days})
           left join ${own} own on own.id = e.decision_id and own.unit_id = e.unit_id
         union all
         select u.unit_id, u.first_at, 'exposure', null, null, e.at, e.id, true, ${time}${filters.ofDecision}
           from ${units} u join ${own} e on e.unit_id = u.unit_id and e.exposed and e.at >= u.first_at) ev using (unit_id)
      group by u.unit_id`,
    values,
  };
}

/** Three numbers for every slot; null for those of metrics that the experiment no longer has. */
function measuresOf(
  metrics: readonly MetricDefinition[],
  slots: Slots,
  stoppedAt: Date | null,
  values: Values,
): string {
  const parts = new Array<string>(3 * Math.max(0, ...slots.values())).fill('null');
  for (const metric of metrics) {
    const { y, d, x } = unitColumns(metric, values, stoppedAt);
    parts.splice(3 * (slots.get(metric.key) as number) - 3, 3, y, d, x);
  }
  return `array[${parts.join(', ')}]::double precision[]`;
}
