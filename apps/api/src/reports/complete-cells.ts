import type { ReportCell, ReportMetric } from '#metrics';
import type { ReportedExperiment } from './report-store.js';

/** Only cells of metrics and arms that the experiment still has. */
export function complete(
  cells: readonly ReportCell[],
  experiment: ReportedExperiment,
  metrics: readonly ReportMetric[],
): ReportCell[] {
  const arms = new Set(experiment.arms.map((arm) => arm.key));
  const keys = new Set(metrics.map(({ definition }) => definition.key));
  return cells.filter((cell) => arms.has(cell.arm) && keys.has(cell.metric));
}
