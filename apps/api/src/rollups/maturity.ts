import { isCalendar } from '#metrics';
import type { MetricDefinition } from '#metrics';

const DAY_MS = 86_400_000;

/** 'YYYY-MM-DD' of a time, in UTC. */
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

/**
 * Last entry day whose units are mature for a metric. Calendar-day metrics (retention) mature when their last day
 * is over; those counted in 24-hour windows need one day more, since a unit may have entered late in its day.
 */
export function lastMatureDay(metric: MetricDefinition, asOf: Date): string {
  if (metric.maturityDays === 0) return dayOf(asOf);
  const days = isCalendar(metric.kind) ? metric.maturityDays : metric.maturityDays + 1;
  return dayOf(new Date(asOf.getTime() - days * DAY_MS));
}
