import type { MetricDefinition, MetricKind } from './contract.js';

/** Kinds whose value in an arm is the sum of numerators over the sum of denominators. */
export const isRatio = (kind: MetricKind): boolean => kind === 'ratio' || kind === 'funnel';

/** Kinds that count in calendar days (UTC) rather than in spans of 24 hours from first exposure. */
export const isCalendar = (kind: MetricKind): boolean => kind === 'retention';

/**
 * Metrics whose arms cannot be told from merged moments of their units: quantiles, survival, and a cap at a quantile of
 * all units. Their moments are made from the units' numbers, anew for every set of units.
 */
export function needsUnits({ kind, cap }: MetricDefinition): boolean {
  return kind === 'quantile' || kind === 'time-to-event' || (cap !== undefined && 'quantile' in cap);
}
