import { clusterMeanTest, contrastVariance, hasClusterForm } from '#metrics';
import type { MetricDefinition, Moments } from '#metrics';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import { clusterMoments } from '../rollups/cluster-moments.js';
import { unitMoments } from '../rollups/daily-moments.js';
import { experimentWatchedUntil } from '../rollups/maturity.js';
import { metricsOf } from './lift-reports.js';
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
  readonly title: string;
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
  /**
   * How many times as large the variance of the difference is as it would be if units had been assigned by themselves;
   * null: not known.
   */
  readonly designEffect: number | null;
  readonly controlArm: ClusterArm;
  readonly treatmentArm: ClusterArm;
}

export interface ClusterReport {
  readonly experiment: string;
  readonly clusterBy: string;
  readonly contextField: string;
  readonly level: number;
  readonly units: number;
  readonly clusters: number;
  /** Units of one cluster: on average, and of the largest. null: there is none. */
  readonly meanSize: number | null;
  readonly largestSize: number | null;
  /** Units whose first context named no cluster: left out. */
  readonly unitsWithoutCluster: number;
  readonly method: string;
  readonly comparisons: readonly ClusterComparison[];
  /** Metrics that no lift can be shown of, since their errors do not know of clusters. */
  readonly withoutForm: readonly { readonly metric: string; readonly title: string }[];
}

const SIZES = `
with sizes as (
  select attributes ->> $2 as cluster, count(*)::int as size from experiment_unit
   where experiment = $1 and left_out is null group by 1)
select coalesce(sum(size), 0)::int as units, (count(*) filter (where cluster is not null))::int as clusters,
       (avg(size) filter (where cluster is not null))::float8 as mean,
       max(size) filter (where cluster is not null) as largest,
       (coalesce(sum(size) filter (where cluster is null), 0))::int as missing
  from sizes`;

interface Sizes extends Record<string, unknown> {
  readonly units: number;
  readonly clusters: number;
  readonly mean: number | null;
  readonly largest: number | null;
  readonly missing: number;
}

type ByArm = ReadonlyMap<string, Moments>;

/**
 * The clusters of an experiment, and its metrics with arms compared as they were assigned, by cluster: the mean over units,
 * and the cluster-robust variance of Liang and Zeger (1986), which for a mean is the delta method over clusters (Deng,
 * Knoblich and Lu 2018), beside what it would be for units that were assigned by themselves. The interval is fixed-horizon: it
 * is for one look. The ordinary report has the same errors, by the estimator asked for.
 * @throws Problem 404; 409 `not_clustered`.
 */
export async function clusterReport(
  sql: Sql,
  store: ReportStore,
  key: string,
  asOf: Date,
): Promise<ClusterReport> {
  const experiment = await store.experiment(key);
  const { clusters } = experiment;
  if (clusters === null) throw Problem.conflict('not_clustered', `"${key}" assigns every unit by itself`);
  const all = metricsOf(experiment).map(({ definition }) => definition);
  const metrics = all.filter(hasClusterForm);
  const until = await experimentWatchedUntil(sql, key, asOf);
  const [cells, units, [sizes]] = await Promise.all([
    clusterMoments(sql, { experiment: key, field: clusters.field, metrics, until }),
    unitMoments(sql, key, metrics, until),
    sql.query<Sizes>(SIZES, [key, clusters.field]),
  ]);
  const moments = (metric: string): ByArm =>
    new Map(cells.filter((cell) => cell.metric === metric).map((cell) => [cell.arm, cell.moments]));
  return {
    experiment: key,
    clusterBy: clusters.by,
    contextField: clusters.field,
    level: 1 - ALPHA,
    units: sizes?.units ?? 0,
    clusters: sizes?.clusters ?? 0,
    meanSize: sizes?.mean ?? null,
    largestSize: sizes?.largest ?? null,
    unitsWithoutCluster: sizes?.missing ?? 0,
    method:
      'mean over units; cluster-robust variance (CR1), Student t with Welch degrees of freedom over clusters',
    comparisons: metrics.flatMap((metric) =>
      comparisonsOf(experiment, metric, moments(metric.key), units.get(metric.key) ?? new Map()),
    ),
    withoutForm: all
      .filter((metric) => !hasClusterForm(metric))
      .map(({ key: metric, title }) => ({ metric, title })),
  };
}

function comparisonsOf(
  { arms }: ReportedExperiment,
  metric: MetricDefinition,
  clusters: ByArm,
  units: ByArm,
): ClusterComparison[] {
  const control = arms.find((arm) => arm.isControl) ?? arms[0];
  if (!control) return [];
  return arms
    .filter((arm) => arm !== control)
    .map((arm) => compare(metric, [control.key, arm.key], clusters, units));
}

function compare(
  { key: metric, title, kind }: MetricDefinition,
  [control, arm]: readonly [string, string],
  clusters: ByArm,
  units: ByArm,
): ClusterComparison {
  const [a, b] = [clusters.get(control), clusters.get(arm)];
  const test = a && b ? clusterMeanTest(a, b, { alpha: ALPHA }) : null;
  const side = (key: string, of: Moments | undefined, which: 'control' | 'treatment'): ClusterArm => {
    const shown = test?.status === 'ok' ? test[which] : { mean: null, standardError: null };
    return { arm: key, clusters: of?.n ?? 0, ...shown };
  };
  const shared = {
    metric,
    title,
    arm,
    control,
    controlArm: side(control, a, 'control'),
    treatmentArm: side(arm, b, 'treatment'),
  };
  if (test?.status !== 'ok')
    return { ...shared, effect: null, reason: test?.reason ?? 'insufficient_units', designEffect: null };
  const { estimate, standardError, lower, upper, pValue, df } = test;
  const alone = varianceAlone([units.get(control), units.get(arm)], kind);
  const designEffect = alone === null ? null : standardError ** 2 / alone;
  return {
    ...shared,
    effect: { estimate, standardError, lower, upper, pValue, df },
    reason: null,
    designEffect: designEffect !== null && Number.isFinite(designEffect) ? designEffect : null,
  };
}

/** Variance of the difference as if every unit had been assigned by itself. */
function varianceAlone(
  arms: readonly (Moments | undefined)[],
  kind: MetricDefinition['kind'],
): number | null {
  let sum = 0;
  for (const arm of arms) {
    const found = arm && contrastVariance(arm, kind);
    if (!arm || !found) return null;
    sum += found.variance / arm.n;
  }
  return sum;
}
