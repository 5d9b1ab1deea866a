import type { MetricDefinition } from '#metrics';
import type { Sql } from '../persistence/database.js';
import { filterColumns } from '../rollups/event-filter-sql.js';
import { EventValues, unitColumns } from '../rollups/metric-sql.js';
import { EXPOSURE_CODE } from '../rollups/values.js';

export interface DayWindow {
  readonly days: number;
  readonly asOf: Date;
  /** Share of the units to read, by a hash of their ids; 1 for all. */
  readonly sample: number;
}

/** Per arm: number of units, sums per entry and sums of products of entries. Absent sums are 0. */
export interface DaySums {
  readonly arm: string;
  readonly i: number | null;
  readonly j: number | null;
  readonly sum: number;
}

/**
 * What units did on each of the first `days` 24-hour days since exposure, straight from their events, as sums over the
 * units of an arm: (null, null) counts units, (i, null) adds entry i up, (i, j) with i <= j products of entries. Entry i is
 * the numerator on day i, entry days + i the denominator of a ratio metric. Only units whose days are all over count, so that
 * every day is about the same units.
 */
export async function daySums(
  sql: Sql,
  experiment: string,
  metric: MetricDefinition,
  { days, asOf, sample }: DayWindow,
): Promise<readonly DaySums[]> {
  const values = new EventValues();
  const key = values.add(experiment);
  const last = values.add(new Date(asOf.getTime() - days * 86_400_000));
  const length = `make_interval(days => ${values.add(days)}::integer)`;
  const share = values.add(Math.ceil(sample * 65_536));
  const names = values.add([...metric.numerator.events, ...(metric.denominator?.events ?? [])]);
  const { y, d } = unitColumns(daily(metric), values);
  const filters = filterColumns([metric]);
  const ratio = metric.denominator !== undefined;
  return sql.query<DaySums & Record<string, unknown>>(
    `with member as materialized (
       select unit_id, arm, first_at, entered_on${filters.unit} from experiment_unit
        where experiment = ${key} and left_out is null and first_at <= ${last}
          and (hashtext(unit_id) & 65535) < ${share}::integer),
     own as materialized (
       select d.id, d.unit_id, d.at, d.exposed${filters.own} from member u join decision d on d.unit_id = u.unit_id
        where d.experiment = ${key} and d.at >= (select min(first_at) - interval '1 day' from member)),
     ev as (
       select u.unit_id, u.arm, u.first_at, ${values.codeOfEvent()} as code, e.value, e.at, e.decision_id, own.id is not null as attributed,
              floor(extract(epoch from e.at - u.first_at) / 86400)::integer as day,
              (e.at at time zone 'UTC')::date - u.entered_on as calendar_day${filters.ofEvent}
         from member u join event e on e.unit_id = u.unit_id and e.at >= u.first_at and e.at < u.first_at + ${length}
         left join own on own.id = e.decision_id and own.unit_id = u.unit_id
        where e.kind = 'exposure' or e.name = any(${names}::text[])
       union all
       select u.unit_id, u.arm, u.first_at, ${EXPOSURE_CODE}, null, e.at, e.id, true,
              floor(extract(epoch from e.at - u.first_at) / 86400)::integer, (e.at at time zone 'UTC')::date - u.entered_on${filters.ofDecision}
         from member u join own e on e.unit_id = u.unit_id and e.exposed and e.at >= u.first_at and e.at < u.first_at + ${length}),
     per_day as (select ev.unit_id, ev.arm, ev.day, ${y} as y, ${d} as d from ev group by ev.unit_id, ev.arm, ev.day),
     entry as materialized (
       select unit_id, arm, day as i, y as v from per_day where y <> 0
       ${ratio ? `union all select unit_id, arm, day + ${Number(days)}, d from per_day where d <> 0` : ''})
     select arm, null::integer as i, null::integer as j, count(*)::float8 as sum from member group by arm
     union all select arm, i, null, sum(v) from entry group by arm, i
     union all select a.arm, a.i, b.i, sum(a.v * b.v) from entry a join entry b on b.unit_id = a.unit_id and b.i >= a.i
                group by a.arm, a.i, b.i`,
    values.list,
  );
}

/** The metric counted day by day: without its own window of days. */
function daily(metric: MetricDefinition): MetricDefinition {
  const { covariateDays: _covariate, ...rest } = metric;
  const bare = ({ days: _days, ...measure }: MetricDefinition['numerator']) => measure;
  return {
    ...rest,
    numerator: bare(metric.numerator),
    ...(metric.denominator ? { denominator: bare(metric.denominator) } : {}),
  };
}
