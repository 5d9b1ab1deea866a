import { isRatio } from '#metrics';
import type { MetricDefinition, Moments, SegmentAttribute, SegmentCell } from '#metrics';
import type { Sql } from '../persistence/database.js';
import { experimentWatchedUntil, lastMatureDay } from '../rollups/maturity.js';
import { Values, ownParts } from '../rollups/metric-sql.js';
import { measuresAt, momentsSql } from '../rollups/moments-sql.js';

/** Everything that reports read per unit, beyond the moments: segments, distributions, and ages. */

const MOST_ATTRIBUTES = 8;
const MOST_VALUES = 10;
const MOST_KINDS = 10_000;

/**
 * Attributes by which the most units can be told apart (at most 8, of at least two values), each with its most
 * frequent values (at most 10) and the units per arm.
 * @param cluster attribute that names a unit's cluster, where clusters were assigned: they are counted then, and it is no
 * attribute to tell units apart by.
 */
export async function segmentAttributes(
  sql: Sql,
  experiment: string,
  cluster: string | null = null,
): Promise<SegmentAttribute[]> {
  const [counted, known] =
    cluster === null
      ? ['count(*)', '']
      : ['count(distinct u.attributes ->> $4)', 'and u.attributes ? $4 and a.key <> $4'];
  const rows = await sql.query<{ attribute: string; value: string | null; arm: string; units: number }>(
    `with pair as (
       select a.key as attribute, a.value, u.arm, ${counted} as units
         from experiment_unit u cross join lateral jsonb_each_text(u.attributes) a
        where u.experiment = $1 and u.left_out is null ${known} group by 1, 2, 3),
     ranked as (
       select attribute, value, sum(units) as units,
              row_number() over (partition by attribute order by sum(units) desc, value) as rank
         from pair group by attribute, value),
     chosen as (
       select attribute, sum(units) filter (where rank <= $3) as covered from ranked
        group by attribute having count(*) > 1 order by covered desc, attribute limit $2)
     select p.attribute, case when r.rank <= $3 then p.value end as value, p.arm, sum(p.units)::float8 as units
       from pair p join ranked r using (attribute, value) join chosen c using (attribute)
      group by p.attribute, 2, p.arm, c.covered, case when r.rank <= $3 then r.rank end
      order by c.covered desc, p.attribute, case when r.rank <= $3 then r.rank end, p.arm`,
    [experiment, MOST_ATTRIBUTES, MOST_VALUES, ...(cluster === null ? [] : [cluster])],
  );
  type Units = Record<string, number>;
  const found = new Map<string, { values: Map<string, Units>; other: Units }>();
  for (const { attribute, value, arm, units } of rows) {
    const entry = found.get(attribute) ?? { values: new Map<string, Units>(), other: {} as Units };
    found.set(attribute, entry);
    if (value === null) entry.other[arm] = units;
    else entry.values.set(value, { ...entry.values.get(value), [arm]: units });
  }
  return [...found].map(([attribute, { values, other }]) => ({
    attribute,
    values: [...values].map(([value, units]) => ({ value, units })),
    otherUnits: other,
  }));
}

/** Attributes of which some cluster has units with several values. @param cluster attribute that names a unit's cluster. */
export async function attributesWithin(
  sql: Sql,
  experiment: string,
  cluster: string,
  attributes: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await sql.query<{ attribute: string }>(
    `select distinct attribute from (
       select c.attribute from experiment_unit u cross join unnest($3::text[]) as c (attribute)
        where u.experiment = $1 and u.left_out is null and u.attributes ? $2 and u.attributes ? c.attribute
        group by c.attribute, u.attributes ->> $2
       having min(u.attributes ->> c.attribute) <> max(u.attributes ->> c.attribute)) found`,
    [experiment, cluster, attributes],
  );
  return new Set(rows.map(({ attribute }) => attribute));
}

/**
 * Moments of mature units by attribute value, metric and arm: the whole segment table in one pass over the units,
 * all metrics of a unit together. A cell may come in several parts.
 * @param metrics whose moments can be merged: none that `needsUnits`.
 */
export async function segmentCells(
  sql: Sql,
  experiment: string,
  metrics: readonly MetricDefinition[],
  attributes: readonly SegmentAttribute[],
  asOf: Date,
): Promise<SegmentCell[]> {
  const segments = attributes.flatMap(({ attribute, values }) =>
    values.map(({ value }) => ({ attribute, value })),
  );
  const slots = await sql.query<{ metric: string; slot: number }>(
    `select metric, slot from metric_slot where experiment = $1 and metric = any($2::text[])`,
    [experiment, metrics.map(({ key }) => key)],
  );
  const known = metrics.flatMap((metric) => {
    const slot = slots.find((one) => one.metric === metric.key)?.slot;
    return slot === undefined ? [] : [{ metric, slot }];
  });
  if (known.length === 0 || segments.length === 0) return [];
  const until = await experimentWatchedUntil(sql, experiment, asOf);
  const values = new Values();
  const key = values.add(experiment);
  const names = values.add(segments.map(({ attribute }) => attribute));
  const texts = values.add(segments.map(({ value }) => value));
  const columns = known.map(({ metric, slot }, i) =>
    momentsColumns(metric, slot, i, values.add(lastMatureDay(metric, until))),
  );
  // Units that are in the same segments of all attributes are added up together where there are few such kinds.
  const kinds = attributes.reduce((product, { values: list }) => product * (list.length + 1), 1);
  const together = kinds <= MOST_KINDS;
  const rows = await sql.query<{ segments: number[]; arm: string } & Record<string, unknown>>(
    `with chosen as (
       select attribute, value, (id - 1)::integer as id
         from unnest(${names}::text[], ${texts}::text[]) with ordinality as c (attribute, value, id)),
     member as materialized (
       select u.unit_id, u.arm, u.entered_on, ${together ? 'array_agg(c.id order by c.id)' : 'array[c.id]'} as segments
         from experiment_unit u cross join lateral jsonb_each_text(u.attributes) a
         join chosen c on c.attribute = a.key and c.value = a.value
        where u.experiment = ${key} and u.left_out is null
        ${together ? 'group by u.unit_id, u.arm, u.entered_on' : ''})
     select u.segments, u.arm, ${columns.join(', ')}
       from member u join unit_values v on v.experiment = ${key} and v.unit_id = u.unit_id
      group by u.segments, u.arm`,
    values.list,
  );
  // scanSegments merges cells of the same segment, metric and arm.
  return rows.flatMap((row) =>
    known.flatMap(({ metric }, i) => {
      const moments = momentsOfList(row[`m${i}`] as number[]);
      if (moments.n === 0) return [];
      return row.segments.flatMap((id) => {
        const segment = segments[id];
        return segment ? [{ ...segment, metric: metric.key, arm: row.arm, moments }] : [];
      });
    }),
  );
}

/** One array of moments per metric. */
function momentsColumns(metric: MetricDefinition, slot: number, i: number, lastDay: string): string {
  const aggregates = momentsSql(
    measuresAt(Number(slot)),
    ownParts(metric),
    `u.entered_on <= ${lastDay}::date`,
  );
  return `array[${aggregates.join(', ')}]::float8[] as m${i}`;
}

function momentsOfList(list: readonly number[]): Moments {
  const at = (i: number): number => list[i] ?? 0;
  return {
    n: at(0),
    mean: [at(1), at(2), at(3)],
    comoment: [at(4), at(5), at(6), at(7), at(8), at(9)],
    nonZero: at(10),
  };
}

export interface DistributionRow {
  readonly arm: string;
  readonly n: number;
  /** Units without a value: nothing to divide by, or no event. */
  readonly without: number;
  readonly zeros: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  readonly quantiles: readonly number[];
  /** Ends of the bins, which all arms share; units per bin from 0 on, what lies above the last edge under its number. */
  readonly edges: readonly number[];
  readonly high: number;
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Values of mature units per arm: quantiles (type 7, Hyndman and Fan 1996) and a histogram whose bins all arms share. Its grid
 * ends at the 99th percentile of all arms; whole numbers get bins of whole width. Ratio metrics: each unit's own ratio. Times to
 * an event: of units that had it.
 * @param levels of the quantiles, in (0, 1).
 */
export async function unitDistribution(
  sql: Sql,
  experiment: string,
  metric: MetricDefinition,
  asOf: Date,
  levels: readonly number[],
): Promise<DistributionRow[]> {
  const until = await experimentWatchedUntil(sql, experiment, asOf);
  return sql.query<DistributionRow & Record<string, unknown>>(
    `with v as materialized (
       select m.arm, ${valueOf(metric)} as value
         from unit_metric m
         join experiment_unit u on u.experiment = m.experiment and u.unit_id = m.unit_id and u.left_out is null
        where m.experiment = $1 and m.metric = $2 and m.entered_on <= $3::date),
     span as (
       select min(value) as low, max(value) as high, bool_and(value = floor(value)) as whole,
              percentile_cont(0.99) within group (order by value) as p99 from v where value is not null),
     cut as (select *, case when p99 > low then p99 else high end as cap from span),
     grid as (
       select low, high, whole, case when whole then floor(cap) else cap end as cap,
              case when whole then greatest(1, ceil((floor(cap) - low + 1) / $5::integer))
                   when cap > low then (cap - low) / $5::integer else 1 end as width,
              case when whole then ceil((floor(cap) - low + 1) / greatest(1, ceil((floor(cap) - low + 1) / $5::integer)))
                   when cap > low then $5::integer else 1 end::integer as bins
         from cut),
     ruler as (
       select high, bins, cap, array(select case when i < bins or whole then low + i * width else cap end
                                  from generate_series(0, bins) i)::float8[] as edges
         from grid),
     binned as (
       select arm, (case when value = cap then least(width_bucket(value, edges), bins) else width_bucket(value, edges) end - 1)::integer as bin,
              count(*) as n
         from v cross join ruler where value is not null group by 1, 2)
     select s.*, ruler.edges, ruler.high,
            (select jsonb_object_agg(bin, b.n) from binned b where b.arm = s.arm) as counts
       from (select arm, count(value)::float8 as n, (count(*) - count(value))::float8 as without,
                    (count(*) filter (where value = 0))::float8 as zeros, avg(value) as mean,
                    min(value) as least, max(value) as most,
                    percentile_cont($4::float8[]) within group (order by value) as quantiles
               from v group by arm having count(value) > 0) s
      cross join ruler order by arm`,
    [experiment, metric.key, lastMatureDay(metric, until), levels, HISTOGRAM_BINS],
  );
}

const HISTOGRAM_BINS = 30;

/** One unit's value; null where it has none. */
function valueOf({ kind }: MetricDefinition): string {
  if (isRatio(kind)) return 'm.y / nullif(m.d, 0)';
  return kind === 'time-to-event' ? 'case when m.d > 0 then m.y end' : 'm.y';
}

/** Units per arm that entered at least so many 24-hour days before a time; days as given, all at once. */
export async function unitsOlderThan(
  sql: Sql,
  experiment: string,
  days: readonly number[],
  asOf: Date,
): Promise<readonly { readonly arm: string; readonly days: number; readonly units: number }[]> {
  return sql.query(
    `select u.arm, d.days, (count(*) filter (where u.first_at <= $3::timestamptz - make_interval(days => d.days)))::float8 as units
       from experiment_unit u cross join unnest($2::integer[]) as d (days)
      where u.experiment = $1 and u.left_out is null and u.first_at <= $3 group by u.arm, d.days order by u.arm, d.days`,
    [experiment, days, asOf],
  );
}
