import { needsUnits, scanSegments } from '#metrics';
import type { SegmentScan } from '#metrics';
import type { Database } from '../persistence/database.js';
import { requireOwnAssignment } from './clustered.js';
import { metricsOf, optionsOf } from './lift-reports.js';
import type { ReportQuery } from './lift-reports.js';
import type { ReportStore } from './report-store.js';
import { segmentAttributes, segmentCells } from './unit-reads.js';

export interface SegmentScanReport extends SegmentScan {
  readonly experiment: string;
  readonly asOf: string;
  /** Metrics that are not in the table: what their arms do cannot be put together from the sums that it is made of. */
  readonly leftOut: readonly { readonly key: string; readonly title: string; readonly note: string }[];
}

const NOT_FROM_SUMS =
  'Quantiles, times to an event and values capped at a quantile are not in this table. Choose a segment in the report to see them.';

/**
 * Every metric in every segment of an experiment, from the units' rollups.
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
  requireOwnAssignment(experiment, 'the table of segments');
  const all = metricsOf(experiment);
  const metrics = all.filter(({ definition }) => !needsUnits(definition));
  const definitions = metrics.map(({ definition }) => definition);
  const attributes = await segmentAttributes(db, key);
  const [cells, overall] = await Promise.all([
    segmentCells(db, key, definitions, attributes, now),
    store.cells(key, definitions, now, null),
  ]);
  return {
    experiment: key,
    asOf: now.toISOString(),
    leftOut: all
      .filter(({ definition }) => needsUnits(definition))
      .map(({ definition: { key: metric, title } }) => ({ key: metric, title, note: NOT_FROM_SUMS })),
    ...scanSegments({
      arms: experiment.arms,
      metrics,
      attributes,
      cells,
      overall,
      options: optionsOf(query, experiment),
    }),
  };
}
