import { needsUnits, quantileLevels, quantileMoments, restrictedMeanMoments, withoutSpread } from '#metrics';
import type { MetricDefinition, Moments } from '#metrics';
import type { Sql } from '../persistence/database.js';
import { lastMatureDay } from './maturity.js';
import { MOMENTS_OF_UNITS, momentsOf } from './moments-sql.js';
import type { MomentsRow } from './moments-sql.js';

export interface UnitsOf {
  readonly experiment: string;
  /** Until when the units have been watched, see `watchedUntil`. */
  readonly asOf: Date;
  /** Only units with this attribute at their first exposure. */
  readonly segment?: { readonly attribute: string; readonly value: string } | null;
  /** Also the units that rules leave out. */
  readonly everybody?: boolean;
}

type ByArm = Map<string, Moments>;

/**
 * Moments of the metrics that need their units' numbers at once: quantiles, times to an event, caps at a quantile. One
 * entry per such metric, empty where nothing can be said yet.
 */
export async function unitLevelMoments(
  sql: Sql,
  metrics: readonly MetricDefinition[],
  units: UnitsOf,
): Promise<Map<string, ByArm>> {
  const result = new Map<string, ByArm>();
  for (const metric of metrics.filter(needsUnits)) result.set(metric.key, await byKind(sql, metric, units));
  return result;
}

function byKind(sql: Sql, metric: MetricDefinition, units: UnitsOf): Promise<ByArm> {
  if (metric.kind === 'quantile') return quantiles(sql, metric, units);
  if (metric.kind === 'time-to-event') return timesToEvent(sql, metric, units);
  return cappedAtQuantile(sql, metric, units);
}

/** Mature units `m` of one metric, as a common table expression with its first five parameters. */
const matureOf = ({ everybody = false }: UnitsOf): string => `m as (
  select u.arm, u.first_at, v.measures[3 * s.slot - 2] as y, v.measures[3 * s.slot - 1] as d, v.measures[3 * s.slot] as x
    from metric_slot s join unit_values v on v.experiment = s.experiment
    join experiment_unit u on u.experiment = v.experiment and u.unit_id = v.unit_id
   where s.experiment = $1 and s.metric = $2 and v.measures[3 * s.slot - 2] is not null
     and u.entered_on <= $3::date ${everybody ? '' : 'and u.left_out is null'} and ($4::text is null or u.attributes ->> $4 = $5))`;

const matureValues = (metric: MetricDefinition, { experiment, asOf, segment }: UnitsOf): unknown[] => [
  experiment,
  metric.key,
  lastMatureDay(metric, asOf),
  segment?.attribute ?? null,
  segment?.value ?? null,
];

async function quantiles(sql: Sql, metric: MetricDefinition, units: UnitsOf): Promise<ByArm> {
  const level = metric.quantile ?? 0.5;
  const values = matureValues(metric, units);
  const sizes = await sql.query<{ arm: string; n: string }>(
    `with ${matureOf(units)} select arm, count(*) as n from m group by arm`,
    values,
  );
  if (sizes.length === 0) return new Map();
  const levels = sizes.map(({ n }) => quantileLevels(level, Number(n)));
  const rows = await sql.query<{ arm: string; n: string; at: [number, number, number] }>(
    `with ${matureOf(units)}, size as (
       select * from unnest($6::text[], $7::float8[], $8::float8[]) as s (arm, lower, upper))
     select m.arm, count(*) as n,
            percentile_cont(array[$9::float8, s.lower, s.upper]) within group (order by m.y) as at
       from m join size s using (arm) group by m.arm, s.lower, s.upper`,
    [
      ...values,
      sizes.map(({ arm }) => arm),
      levels.map(([, lower]) => lower),
      levels.map(([, , upper]) => upper),
      level,
    ],
  );
  const found = rows.flatMap(({ arm, n, at: [quantile, lower, upper] }): [string, Moments][] => {
    const moments = quantileMoments({ n: Number(n), quantile, lower, upper }, level);
    return moments ? [[arm, moments]] : [];
  });
  // Ties hide the spread of an arm: the comparison must say so rather than use that of the others alone.
  const tied = found.some(([, moments]) => moments.comoment[0] === 0);
  return new Map(found.map(([arm, moments]) => [arm, tied ? withoutSpread(moments) : moments]));
}

/** Follow-up of units in days, in whole minutes: to the event, to the end of the data or to the end of the window. */
const FOLLOWED = `f as (
  select m.arm, case when m.d > 0 and m.y <= w.until then m.y else w.until end as time, (m.d > 0 and m.y <= w.until) as happened
    from m cross join lateral (
      select least($7::float8, greatest(0, floor(extract(epoch from $6::timestamptz - m.first_at) / 60)::float8 / 1440)) as until) w)`;

async function timesToEvent(sql: Sql, metric: MetricDefinition, units: UnitsOf): Promise<ByArm> {
  const horizon = metric.numerator.days?.[1] ?? 0;
  const values = [...matureValues(metric, units), units.asOf, horizon];
  const arms = await sql.query<{ arm: string; n: string; last: number }>(
    `with ${matureOf(units)}, ${FOLLOWED} select arm, count(*) as n, max(time) as last from f group by arm`,
    values,
  );
  const rows = await sql.query<{ arm: string; time: number; at_risk: string; events: string }>(
    `with ${matureOf(units)}, ${FOLLOWED}, r as (
       select arm, time, happened, count(*) over (partition by arm order by time desc) as at_risk from f)
     select arm, time, max(at_risk) as at_risk, count(*) as events from r where happened group by arm, time order by arm, time`,
    values,
  );
  const result: ByArm = new Map();
  for (const { arm, n, last } of arms) {
    const own = rows.filter((row) => row.arm === arm);
    const moments = restrictedMeanMoments(
      {
        units: Number(n),
        lastTime: last,
        time: Float64Array.from(own, (row) => row.time),
        atRisk: Float64Array.from(own, (row) => Number(row.at_risk)),
        events: Float64Array.from(own, (row) => Number(row.events)),
      },
      horizon,
    );
    if (moments) result.set(arm, moments);
  }
  return result;
}

/** The units before capping, and the caps: quantile $6 of all arms' values other than 0. */
const capsOf = (units: UnitsOf): string => `${matureOf(units).replace('m as', 'raw as')}, cap as (
       select percentile_cont($6::float8) within group (order by y) filter (where y <> 0) as y,
              percentile_cont($6::float8) within group (order by x) filter (where x <> 0) as x from raw)`;

/** Where a metric capped at a quantile is capped now: its values and its covariate; null: nothing to cap. */
export async function quantileCaps(
  sql: Sql,
  metric: MetricDefinition,
  units: UnitsOf,
): Promise<{ readonly y: number | null; readonly x: number | null }> {
  const level = metric.cap && 'quantile' in metric.cap ? metric.cap.quantile : 1;
  const [row] = await sql.query<{ y: number | null; x: number | null }>(
    `with ${capsOf(units)} select y, x from cap`,
    [...matureValues(metric, units), level],
  );
  return row ?? { y: null, x: null };
}

async function cappedAtQuantile(sql: Sql, metric: MetricDefinition, units: UnitsOf): Promise<ByArm> {
  const level = metric.cap && 'quantile' in metric.cap ? metric.cap.quantile : 1;
  const rows = await sql.query<MomentsRow & { arm: string }>(
    `with ${capsOf(units)},
     m as (select raw.arm, least(raw.y, cap.y) as y, raw.d, least(raw.x, cap.x) as x from raw, cap)
     select arm, ${MOMENTS_OF_UNITS} from m group by arm`,
    [...matureValues(metric, units), level],
  );
  return new Map(rows.map((row) => [row.arm, momentsOf(row)]));
}
