import type { ReportMetric } from '#metrics';
import { Problem } from '../http/problem.js';

/** Share of enrolled units not yet mature from which a result is marked immature. */
const IMMATURE_FROM = 0.2;

export const isImmature = (matured: number, enrolled: number): boolean =>
  enrolled > 0 && enrolled - matured >= IMMATURE_FROM * enrolled;

/** Metrics that wait until every unit has been in for so many days; those that wait longer anyway stay as they are. */
export function maturedMetrics(
  metrics: readonly ReportMetric[],
  days: number | undefined,
): readonly ReportMetric[] {
  if (days === undefined) return metrics;
  return metrics.map((metric) => ({
    ...metric,
    definition: { ...metric.definition, maturityDays: Math.max(days, metric.definition.maturityDays) },
  }));
}

/** @throws Problem 400 for what the moments of past days are not kept by: age, segment, units left out. */
export function refuseOfPast({
  maturity,
  segment,
  exclusions,
}: {
  maturity?: unknown;
  segment?: unknown;
  exclusions?: unknown;
}): void {
  const refuse = (field: string, by: string): Problem =>
    Problem.invalid(
      `/${field}`,
      'not_with_past',
      `cannot be combined with a past asOf: the moments of past days are not kept by ${by}`,
    );
  if (maturity !== undefined) throw refuse('maturity', 'age');
  if (segment !== undefined) throw refuse('segment', 'segment');
  if (exclusions === 'off') throw refuse('exclusions', 'the rules about units');
}
