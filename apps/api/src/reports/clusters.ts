import { clusterMeanTest, needsUnits } from '#metrics';
import type { MetricDefinition, Moments } from '#metrics';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import { experimentWatchedUntil, lastMatureDay } from '../rollups/maturity.js';
import { MOMENTS_OF_UNITS, momentsOf } from '../rollups/moments-sql.js';
import type { MomentsRow } from '../rollups/moments-sql.js';
import type { ReportStore, ReportedExperiment } from './report-store.js';

const ALPHA = 0.05;

/** One arm of a metric: the mean over units, with a standard error that knows of the clusters. */
export interface ClusterArm {
  readonly arm: string;
  readonly clusters: number;
  readonly mean: number | null;
  readonly standardError: number | null;
}

export interface ClusterComparison {
  readonly metric: string;
  readonly arm: string;
  readonly control: string;
  /** Difference of means, treatment minus control; null with a reason. */
  readonly effect: {
    readonly estimate: number;
    readonly standardError: number;
    readonly lower: number;
    readonly upper: number;
    readonly pValue: number;
    readonly df: number;
  } | null;
  readonly reason: string | null;
  readonly controlArm: ClusterArm;
  readonly treatmentArm: ClusterArm;
}

export interface ClusterReport {
  readonly experiment: string;
  readonly clusterBy: string;
  readonly contextField: string;
  readonly level: number;
  readonly units: number;
  /** Units whose first context named no cluster, or whose context had too many attributes to keep it: left out. */
  readonly unitsWithoutCluster: number;
  readonly method: string;
  readonly comparisons: readonly ClusterComparison[];
}

interface ClusterRow extends MomentsRow, Record<string, unknown> {
  readonly metric: string;
  readonly arm: string;
}

/** Moments over clusters: of each the sums of its units' numerators and denominators. */
const CLUSTERS = `
with sums as (
  select m.metric, m.arm, u.attributes ->> $4 as cluster, sum(m.y) as y, sum(m.d) as d, 0::float8 as x
  from unit_metric m
  join experiment_unit u on u.experiment = m.experiment and u.unit_id = m.unit_id and u.left_out is null
  join unnest($2::text[], $3::date[]) as mature (metric, last_day) on mature.metric = m.metric
  where m.experiment = $1 and m.entered_on <= mature.last_day and u.attributes ? $4
  group by m.metric, m.arm, cluster)
select m.metric, m.arm, ${MOMENTS_OF_UNITS} from sums m group by m.metric, m.arm`;

const COUNTS = `
select count(*)::int as units, (count(*) filter (where not attributes ? $2))::int as missing
from experiment_unit where experiment = $1 and left_out is null`;

/**
 * The experiment's metrics with arms compared as they were assigned, by cluster: the mean over units, and the
 * cluster-robust variance of Liang and Zeger (1986), which for a mean is the delta method over clusters (Deng, Knoblich
 * and Lu 2018). The interval is fixed-horizon: it is for one look.
 * @throws Problem 404; 409 `not_clustered`.
 */
export async function clusterReport(
  sql: Sql,
  store: ReportStore,
  key: string,
  asOf: Date,
): Promise<ClusterReport> {
  const experiment = await store.experiment(key);
  const { clusterBy, contextField } = await clusterOf(sql, key);
  const metrics = metricsOf(experiment);
  const until = await experimentWatchedUntil(sql, key, asOf);
  const [rows, [counts]] = await Promise.all([
    sql.query<ClusterRow>(CLUSTERS, [
      key,
      metrics.map((metric) => metric.key),
      metrics.map((metric) => lastMatureDay(metric, until)),
      contextField,
    ]),
    sql.query<{ units: number; missing: number }>(COUNTS, [key, contextField]),
  ]);
  const moments = new Map(rows.map((row) => [`${row.metric} ${row.arm}`, momentsOf(row)]));
  return {
    experiment: key,
    clusterBy,
    contextField,
    level: 1 - ALPHA,
    units: counts?.units ?? 0,
    unitsWithoutCluster: counts?.missing ?? 0,
    method:
      'mean over units; cluster-robust variance (CR1), Student t with Welch degrees of freedom over clusters',
    comparisons: metrics.flatMap((metric) => comparisonsOf(experiment, metric.key, moments)),
  };
}

async function clusterOf(sql: Sql, key: string): Promise<{ clusterBy: string; contextField: string }> {
  const [row] = await sql.query<{ clusterBy: string | null; contextField: string | null }>(
    `select e.cluster_by as "clusterBy", t.context_field as "contextField"
     from experiment e left join unit_type t on t.key = e.cluster_by where e.key = $1`,
    [key],
  );
  if (!row?.clusterBy || !row.contextField)
    throw Problem.conflict('not_clustered', `"${key}" assigns every unit by itself`);
  return { clusterBy: row.clusterBy, contextField: row.contextField };
}

/** Those whose numbers add up over the units of a cluster. */
function metricsOf({
  decisionMetric,
  secondaryMetrics,
  guardrailMetrics,
  catalogue,
}: ReportedExperiment): MetricDefinition[] {
  const keys = new Set([
    ...(decisionMetric === null ? [] : [decisionMetric]),
    ...secondaryMetrics,
    ...guardrailMetrics,
  ]);
  return [...keys].flatMap((key) => {
    const metric = catalogue.find(key);
    return metric && !needsUnits(metric) ? [metric] : [];
  });
}

function comparisonsOf(
  { arms }: ReportedExperiment,
  metric: string,
  moments: ReadonlyMap<string, Moments>,
): ClusterComparison[] {
  const control = arms.find((arm) => arm.isControl) ?? arms[0];
  if (!control) return [];
  return arms.filter((arm) => arm !== control).map((arm) => compare(metric, control.key, arm.key, moments));
}

function compare(
  metric: string,
  control: string,
  arm: string,
  moments: ReadonlyMap<string, Moments>,
): ClusterComparison {
  const [a, b] = [moments.get(`${metric} ${control}`), moments.get(`${metric} ${arm}`)];
  const test = a && b ? clusterMeanTest(a, b, { alpha: ALPHA }) : null;
  const side = (key: string, of: Moments | undefined, which: 'control' | 'treatment'): ClusterArm => {
    const shown = test?.status === 'ok' ? test[which] : { mean: null, standardError: null };
    return { arm: key, clusters: of?.n ?? 0, ...shown };
  };
  const sides = { controlArm: side(control, a, 'control'), treatmentArm: side(arm, b, 'treatment') };
  if (test?.status !== 'ok')
    return { metric, arm, control, effect: null, reason: test?.reason ?? 'insufficient_units', ...sides };
  const { estimate, standardError, lower, upper, pValue, df } = test;
  return {
    metric,
    arm,
    control,
    effect: { estimate, standardError, lower, upper, pValue, df },
    reason: null,
    ...sides,
  };
}
