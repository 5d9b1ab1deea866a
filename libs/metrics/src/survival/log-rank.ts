import { chiSquareSf } from '../distributions/index.js';
import { undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { independentRows, inverseQuadraticForm, submatrix } from './cholesky.js';
import { ascendingOrder, isFollowUp, unitsOf } from './risk-table.js';
import type { FollowUp } from './risk-table.js';

export interface LogRankOptions {
  /**
   * Exponent of the weights S(t-)^rho, S the pooled Kaplan-Meier curve of the stratum: 0 for the log-rank test, 1
   * for the Peto-Peto form of the Wilcoxon test, which stresses early differences.
   */
  readonly rho?: number;
  /** Stratum of each entry; the comparison is within strata. Default: all in one. */
  readonly stratum?: ArrayLike<number>;
}

export interface LogRankResult {
  readonly chi2: number;
  readonly df: number;
  readonly pValue: number;
  /** Per group in ascending order of its number, weighted if rho is not 0. */
  readonly observed: readonly number[];
  readonly expected: readonly number[];
}

/** Running sums over strata and event times. */
interface Sums {
  readonly observed: number[];
  readonly expected: number[];
  readonly variance: number[][];
}

/** Adds what happened at one event time: `atRisk` and `events` per group, hypergeometric given their totals. */
function addEventTime(
  sums: Sums,
  atRisk: readonly number[],
  events: readonly number[],
  weight: number,
): void {
  const n = atRisk.reduce((a, b) => a + b, 0);
  const d = events.reduce((a, b) => a + b, 0);
  const spread = n > 1 ? (weight * weight * d * ((n - d) / (n - 1))) / n : 0;
  atRisk.forEach((ni, i) => {
    sums.observed[i] = (sums.observed[i] as number) + weight * (events[i] as number);
    sums.expected[i] = (sums.expected[i] as number) + (weight * d * ni) / n;
    const row = sums.variance[i] as number[];
    atRisk.forEach((nj, j) => {
      row[j] = (row[j] as number) + spread * ni * ((i === j ? 1 : 0) - nj / n);
    });
  });
}

/** Goes through one stratum, given as its entries in ascending order of time. */
function addStratum(
  sums: Sums,
  follow: FollowUp,
  order: readonly number[],
  groupOf: readonly number[],
  rho: number,
): void {
  const atRisk = sums.observed.map(() => 0);
  for (const entry of order) {
    const group = groupOf[entry] as number;
    atRisk[group] = (atRisk[group] as number) + unitsOf(follow, entry);
  }
  let survival = 1;
  for (let i = 0; i < order.length;) {
    const t = follow.time[order[i] as number];
    const events = atRisk.map(() => 0);
    const leaving = atRisk.map(() => 0);
    const n = atRisk.reduce((a, b) => a + b, 0);
    let d = 0;
    for (; i < order.length && follow.time[order[i] as number] === t; i++) {
      const entry = order[i] as number;
      const group = groupOf[entry] as number;
      const units = unitsOf(follow, entry);
      leaving[group] = (leaving[group] as number) + units;
      if (follow.event[entry] === 0) continue;
      events[group] = (events[group] as number) + units;
      d += units;
    }
    if (d > 0) addEventTime(sums, atRisk, events, survival ** rho);
    survival *= (n - d) / n;
    leaving.forEach((count, g) => (atRisk[g] = (atRisk[g] as number) - count));
  }
}

/**
 * Log-rank test of two or more groups and its weighted and stratified forms (Mantel 1966; Peto and Peto 1972;
 * Harrington and Fleming 1982): observed less expected events, with their hypergeometric covariance.
 * @param follow units, or entries with counts; @param group number of each entry's group.
 * Groups never at risk at an event time drop out; df is the rank of the covariance, groups - 1 as a rule.
 * Undefined: `insufficient_units` (fewer than two groups), `no_events`, `zero_variance` (no event while units of
 * two groups were at risk), `invalid_input`. Never throws.
 */
export function logRankTest(
  follow: FollowUp,
  group: ArrayLike<number>,
  options: LogRankOptions = {},
): Outcome<LogRankResult> {
  const { rho = 0, stratum } = options;
  const n = follow.time.length;
  if (
    !isFollowUp(follow) ||
    group.length !== n ||
    (stratum && stratum.length !== n) ||
    !Number.isFinite(rho)
  ) {
    return undefinedBecause('invalid_input');
  }
  const present = Array.from(group).filter((_, entry) => unitsOf(follow, entry) > 0);
  const labels = [...new Set(present)].sort((a, b) => a - b);
  if (!labels.every(Number.isFinite)) return undefinedBecause('invalid_input');
  if (labels.length < 2) return undefinedBecause('insufficient_units');
  if (Array.from(follow.event).every((event, i) => event === 0 || unitsOf(follow, i) === 0))
    return undefinedBecause('no_events');
  const indexOf = new Map(labels.map((label, i) => [label, i]));
  const groupOf = Array.from(group, (label) => indexOf.get(label) as number);
  const sums: Sums = {
    observed: labels.map(() => 0),
    expected: labels.map(() => 0),
    variance: labels.map(() => labels.map(() => 0)),
  };
  for (const order of strataOf(follow, stratum)) addStratum(sums, follow, order, groupOf, rho);
  return conclude(sums);
}

/** The entries of each stratum that stand for units, in ascending order of time. */
function strataOf(follow: FollowUp, stratum: ArrayLike<number> | undefined): number[][] {
  const strata = new Map<number, number[]>();
  for (const unit of ascendingOrder(follow.time)) {
    if (unitsOf(follow, unit) === 0) continue;
    const key = stratum ? (stratum[unit] as number) : 0;
    const units = strata.get(key);
    if (units) units.push(unit);
    else strata.set(key, [unit]);
  }
  return [...strata.values()];
}

function conclude({ observed, expected, variance }: Sums): Outcome<LogRankResult> {
  // The differences sum to zero: one group of each connected set is redundant and found by its pivot.
  const rows = independentRows(variance);
  if (rows.length === 0) return undefinedBecause('zero_variance');
  const difference = rows.map((i) => (observed[i] as number) - (expected[i] as number));
  const chi2 = inverseQuadraticForm(submatrix(variance, rows), difference);
  if (chi2 === null || !Number.isFinite(chi2)) return undefinedBecause('zero_variance');
  return {
    status: 'ok',
    chi2,
    df: rows.length,
    pValue: chiSquareSf(chi2, rows.length),
    observed,
    expected,
  };
}
