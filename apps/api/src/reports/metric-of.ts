import type { MetricDefinition } from '#metrics';
import { Problem } from '../http/problem.js';
import { metricsOf } from './lift-reports.js';
import type { ReportedExperiment } from './report-store.js';

/**
 * The wanted metric of an experiment, or its first: the decision metric.
 * @throws Problem 400 for a metric that the experiment does not measure.
 */
export function metricOf(experiment: ReportedExperiment, key: string | undefined): MetricDefinition {
  const definitions = metricsOf(experiment).map(({ definition }) => definition);
  const found = key === undefined ? definitions[0] : definitions.find((one) => one.key === key);
  if (found) return found;
  const known = definitions.map((one) => one.key).join(', ');
  throw Problem.invalid(
    '/metric',
    'unknown_metric',
    known === '' ? 'this experiment has no metrics' : `must be one of the experiment's metrics: ${known}`,
  );
}
