import { scanSegments } from '#metrics';
import type { SegmentScan } from '#metrics';
import type { Database } from '../persistence/database.js';
import { metricsOf, optionsOf } from './lift-reports.js';
import type { ReportQuery } from './lift-reports.js';
import type { ReportStore } from './report-store.js';
import { segmentAttributes, segmentCells } from './unit-reads.js';

export interface SegmentScanReport extends SegmentScan {
  readonly experiment: string;
  readonly asOf: string;
}

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
  const metrics = metricsOf(experiment);
  const definitions = metrics.map(({ definition }) => definition);
  const attributes = await segmentAttributes(db, key);
  const [cells, overall] = await Promise.all([
    segmentCells(db, key, definitions, attributes, now),
    store.cells(key, definitions, now, null),
  ]);
  return {
    experiment: key,
    asOf: now.toISOString(),
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
