import { clusterMean, hasClusterForm, isRatio } from '#metrics';
import type { MetricDefinition, Moments } from '#metrics';
import type { Sql } from '../persistence/database.js';
import { lastMatureDay } from './maturity.js';
import { MOMENTS_OF_UNITS, momentsOf } from './moments-sql.js';
import type { MomentsRow } from './moments-sql.js';

/** What the units of an experiment were assigned by, where that is not each unit itself. */
export interface Clusters {
  /** Type of the clusters, such as `household`. */
  readonly by: string;
  /** Attribute of a unit's first exposure that names its cluster. */
  readonly field: string;
}

export interface ClusterQuestion {
  readonly experiment: string;
  readonly field: string;
  readonly metrics: readonly MetricDefinition[];
  /** Until when the units have been watched, see `watchedUntil`. */
  readonly until: Date;
  readonly segment?: { readonly attribute: string; readonly value: string } | null;
  /** Apart by the phase in which the first unit of a cluster entered. */
  readonly byPhase?: boolean;
  /** Also units that the rules leave out. */
  readonly everybody?: boolean;
}

export interface ClusterCell {
  readonly metric: string;
  readonly arm: string;
  /** 0 unless asked for by phase. */
  readonly phase: number;
  /** As `clusterMean` makes them, or of a ratio the sums by cluster; n counts clusters. */
  readonly moments: Moments;
}

const CELLS = `
with unit as (
  select u.unit_id, u.arm, u.entered_on, u.attributes, u.attributes ->> $4 as cluster,
         case when $7 then coalesce(first_value(u.phase) over (partition by u.attributes ->> $4 order by u.first_at, u.unit_id), 0) else 0 end as phase
    from experiment_unit u where u.experiment = $1 and ($9::boolean or u.left_out is null) and u.attributes ? $4),
m as (
  select v.metric, u.arm, u.phase, sum(v.y) as y, case when w.ratio then sum(v.d) else count(*) end as d, sum(coalesce(v.x, 0)) as x
    from unit u join unit_metric v on v.experiment = $1 and v.unit_id = u.unit_id
    join unnest($2::text[], $3::date[], $8::boolean[]) as w (metric, last_day, ratio) on w.metric = v.metric
   where u.entered_on <= w.last_day and ($5::text is null or u.attributes ->> $5 = $6)
   group by v.metric, u.arm, u.phase, u.cluster, w.ratio)
select metric, arm, phase, ${MOMENTS_OF_UNITS} from m group by metric, arm, phase`;

/** The clusters of an experiment; null: every unit was assigned by itself. */
export async function clustersOf(sql: Sql, experiment: string): Promise<Clusters | null> {
  const [row] = await sql.query<{ by: string; field: string }>(
    `select e.cluster_by as by, t.context_field as field from experiment e join unit_type t on t.key = e.cluster_by
      where e.key = $1 and e.cluster_by <> e.unit_type and t.context_field is not null`,
    [experiment],
  );
  return row ?? null;
}

/**
 * Moments of mature units by metric and arm with clusters as the units. Metrics without a cluster-robust form (see
 * `hasClusterForm`) have none; nor have units whose first context named no cluster.
 */
export async function clusterMoments(sql: Sql, question: ClusterQuestion): Promise<ClusterCell[]> {
  const { experiment, field, until, segment, byPhase } = question;
  const metrics = question.metrics.filter(hasClusterForm);
  const rows = await sql.query<MomentsRow & { metric: string; arm: string; phase: number }>(CELLS, [
    experiment,
    metrics.map(({ key }) => key),
    metrics.map((metric) => lastMatureDay(metric, until)),
    field,
    segment?.attribute ?? null,
    segment?.value ?? null,
    byPhase === true,
    metrics.map(({ kind }) => isRatio(kind)),
    question.everybody === true,
  ]);
  return rows.flatMap((row) => {
    const moments = comparable(metrics, row);
    return moments ? [{ metric: row.metric, arm: row.arm, phase: row.phase, moments }] : [];
  });
}

const SEGMENT_CELLS = `
with chosen as (
  select attribute, value, (id - 1)::integer as id
    from unnest($5::text[], $6::text[]) with ordinality as c (attribute, value, id)),
unit as (
  select u.unit_id, u.arm, u.entered_on, u.attributes ->> $4 as cluster, c.id
    from experiment_unit u join chosen c on u.attributes ->> c.attribute = c.value
   where u.experiment = $1 and u.left_out is null and u.attributes ? $4),
m as (
  select v.metric, u.id, u.arm, sum(v.y) as y, case when w.ratio then sum(v.d) else count(*) end as d, sum(coalesce(v.x, 0)) as x
    from unit u join unit_metric v on v.experiment = $1 and v.unit_id = u.unit_id
    join unnest($2::text[], $3::date[], $7::boolean[]) as w (metric, last_day, ratio) on w.metric = v.metric
   where u.entered_on <= w.last_day group by v.metric, u.id, u.arm, u.cluster, w.ratio)
select metric, id, arm, ${MOMENTS_OF_UNITS} from m group by metric, id, arm`;

/** The same by segment: of a cluster only its units in the segment count. Segments may share clusters. */
export async function clusterSegmentMoments(
  sql: Sql,
  question: Pick<ClusterQuestion, 'experiment' | 'field' | 'metrics' | 'until'>,
  segments: readonly { readonly attribute: string; readonly value: string }[],
): Promise<(Omit<ClusterCell, 'phase'> & { readonly attribute: string; readonly value: string })[]> {
  const { experiment, field, until } = question;
  const metrics = question.metrics.filter(hasClusterForm);
  const rows = await sql.query<MomentsRow & { metric: string; arm: string; id: number }>(SEGMENT_CELLS, [
    experiment,
    metrics.map(({ key }) => key),
    metrics.map((metric) => lastMatureDay(metric, until)),
    field,
    segments.map(({ attribute }) => attribute),
    segments.map(({ value }) => value),
    metrics.map(({ kind }) => isRatio(kind)),
  ]);
  return rows.flatMap((row) => {
    const segment = segments[row.id];
    const moments = comparable(metrics, row);
    return segment && moments ? [{ ...segment, metric: row.metric, arm: row.arm, moments }] : [];
  });
}

/** Sums by cluster as they are compared: of a ratio as they are, of all else as means over units. */
function comparable(
  metrics: readonly MetricDefinition[],
  row: MomentsRow & { readonly metric: string },
): Moments | null {
  const sums = momentsOf(row);
  const definition = metrics.find(({ key }) => key === row.metric);
  return definition && isRatio(definition.kind) ? sums : clusterMean(sums);
}
