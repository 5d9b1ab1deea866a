import { isCalendar } from '#metrics';
import type { MetricDefinition } from '#metrics';
import type { Sql } from '../persistence/database.js';

const DAY_MS = 86_400_000;
/** Days after an experiment stopped in which late outcomes and maturing retention still count. */
export const OPEN_DAYS_AFTER_STOP = 35;

/**
 * Until when an experiment's units have been watched: events after its open days are never rolled up, so units that
 * would have matured later never do.
 */
export function watchedUntil(asOf: Date, stoppedAt: Date | null): Date {
  if (stoppedAt === null) return asOf;
  return new Date(Math.min(asOf.getTime(), stoppedAt.getTime() + OPEN_DAYS_AFTER_STOP * DAY_MS));
}

/** The same for an experiment by its key. */
export async function experimentWatchedUntil(sql: Sql, experiment: string, asOf: Date): Promise<Date> {
  const [row] = await sql.query<{ stoppedAt: Date | null }>(
    `select stopped_at as "stoppedAt" from experiment where key = $1`,
    [experiment],
  );
  return watchedUntil(asOf, row?.stoppedAt ?? null);
}

/** 'YYYY-MM-DD' of a time, in UTC. */
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

/**
 * Last entry day whose units are mature for a metric. Calendar-day metrics (retention) mature when their last day
 * is over; those counted in 24-hour windows need one day more, since a unit may have entered late in its day.
 * @param asOf until when the units have been watched, see `watchedUntil`.
 */
export function lastMatureDay(metric: MetricDefinition, asOf: Date): string {
  if (metric.maturityDays === 0) return dayOf(asOf);
  const days = isCalendar(metric.kind) ? metric.maturityDays : metric.maturityDays + 1;
  return dayOf(new Date(asOf.getTime() - days * DAY_MS));
}
