import { hasClusterForm, needsUnits, scanSegments } from '#metrics';
import type { MetricDefinition, ReportMetric, SegmentAttribute, SegmentCell, SegmentScan } from '#metrics';
import type { Database } from '../persistence/database.js';
import { clusterSegmentMoments } from '../rollups/cluster-moments.js';
import { experimentWatchedUntil } from '../rollups/maturity.js';
import { clusteredMetrics } from './clustered.js';
import { metricsOf, optionsOf } from './lift-reports.js';
import type { ReportQuery } from './lift-reports.js';
import type { ReportStore, ReportedExperiment } from './report-store.js';
import { attributesWithin, segmentAttributes, segmentCells } from './unit-reads.js';

export interface SegmentScanReport extends SegmentScan {
  readonly experiment: string;
  readonly asOf: string;
  /** Type of the clusters that were assigned: then every count is of clusters. null: each unit was assigned by itself. */
  readonly clusterBy: string | null;
  /** Metrics that are not in the table: what their arms do cannot be put together from the sums that it is made of. */
  readonly leftOut: readonly { readonly key: string; readonly title: string; readonly note: string }[];
}

const NOT_FROM_SUMS =
  'Quantiles, times to an event and values capped at a quantile are not in this table. Choose a segment in the report to see them.';

const NO_FORM = 'Its error would not know of the clusters that units were assigned by.';

/**
 * Every metric in every segment of an experiment, from the units' rollups; where clusters were assigned, with their
 * number and errors that know of them.
 * @throws Problem 404; DomainError `invalid_report` for an unknown baseline.
 */
export async function segmentScan(
  db: Database,
  store: ReportStore,
  key: string,
  query: ReportQuery,
  now: Date,
): Promise<SegmentScanReport> {
  const experiment = await store.experiment(key);
  const { clusters } = experiment;
  const noteOf = ({ definition }: ReportMetric): string | null => {
    if (needsUnits(definition)) return NOT_FROM_SUMS;
    return clusters !== null && !hasClusterForm(definition) ? NO_FORM : null;
  };
  const all = metricsOf(experiment);
  const metrics = all.filter((metric) => noteOf(metric) === null);
  const definitions = metrics.map(({ definition }) => definition);
  const attributes = await attributesOf(db, experiment);
  const [cells, overall] = await Promise.all([
    cellsOf(db, experiment, definitions, attributes, now),
    store.cells(key, definitions, now, null),
  ]);
  return {
    experiment: key,
    asOf: now.toISOString(),
    clusterBy: clusters?.by ?? null,
    leftOut: all.flatMap((metric) => {
      const note = noteOf(metric);
      const { key: name, title } = metric.definition;
      return note === null ? [] : [{ key: name, title, note }];
    }),
    ...scanSegments({
      arms: experiment.arms,
      metrics: clusters === null ? metrics : clusteredMetrics(metrics),
      attributes,
      cells,
      overall,
      options: optionsOf(query, experiment),
    }),
  };
}

async function attributesOf(
  db: Database,
  { key, clusters }: ReportedExperiment,
): Promise<SegmentAttribute[]> {
  if (clusters === null) return segmentAttributes(db, key);
  const found = await segmentAttributes(db, key, clusters.field);
  const names = found.map(({ attribute }) => attribute);
  const within = await attributesWithin(db, key, clusters.field, names);
  return found.map((one) => ({ ...one, sharesClusters: within.has(one.attribute) }));
}

async function cellsOf(
  db: Database,
  { key, clusters }: ReportedExperiment,
  metrics: readonly MetricDefinition[],
  attributes: readonly SegmentAttribute[],
  now: Date,
): Promise<SegmentCell[]> {
  if (clusters === null) return segmentCells(db, key, metrics, attributes, now);
  const until = await experimentWatchedUntil(db, key, now);
  const segments = attributes.flatMap(({ attribute, values }) =>
    values.map(({ value }) => ({ attribute, value })),
  );
  return clusterSegmentMoments(db, { experiment: key, field: clusters.field, metrics, until }, segments);
}
