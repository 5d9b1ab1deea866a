import type { Moments } from '../contract.js';
import { restrictedMean } from '../survival/arm-differences.js';
import { curveOfTable, isFollowedTo } from '../survival/kaplan-meier.js';
import type { RiskTable } from '../survival/risk-table.js';
import { momentsOfEstimate } from './estimate-moments.js';

/**
 * Mean time without the event during the first `tau`, of one arm, as moments: area under its Kaplan-Meier curve with
 * its variance (Royston and Parmar 2013; Uno et al. 2014). Without an event the moments have no spread.
 * @param table units at risk and events by time, in the unit of tau.
 * @returns null where the arm has fewer than two units or is not followed to tau.
 */
export function restrictedMeanMoments(table: RiskTable, tau: number): Moments | null {
  if (table.units < 2) return null;
  const curve = curveOfTable(table);
  if (!isFollowedTo(curve, tau)) return null;
  const { value, variance } = restrictedMean(curve, tau);
  const events = table.events.reduce((sum, count) => sum + count, 0);
  return momentsOfEstimate(table.units, value, variance, events);
}
