import { efronTerms } from './efron-sum.js';
import type { EfronTerm } from './efron-sum.js';
import { ascendingOrder, unitsOf } from './risk-table.js';
import type { FollowUp } from './risk-table.js';

/** Ties: Efron's approximation (better), or Breslow's. */
export type CoxTies = 'efron' | 'breslow';

/** Value, gradient and negative Hessian of a log partial likelihood. */
export interface PartialLikelihood {
  readonly logLikelihood: number;
  readonly score: number[];
  readonly information: number[][];
}

/** Sums of weight, weight * x and weight * x x' over a set of units. */
class RiskSums {
  weight = 0;
  readonly first: number[];
  readonly second: number[][];

  constructor(columns: number) {
    this.first = new Array<number>(columns).fill(0);
    this.second = this.first.map(() => new Array<number>(columns).fill(0));
  }

  add(weight: number, x: readonly number[]): void {
    this.weight += weight;
    for (let a = 0; a < x.length; a++) {
      const weighted = weight * (x[a] as number);
      this.first[a] = (this.first[a] as number) + weighted;
      const row = this.second[a] as number[];
      for (let b = 0; b <= a; b++) row[b] = (row[b] as number) + weighted * (x[b] as number);
    }
  }
}

/** Data in the order in which the risk set grows: latest time first. */
export interface CoxData {
  readonly follow: FollowUp;
  /** Units in descending order of time. */
  readonly order: Uint32Array;
  /** Covariates of each unit. */
  readonly rows: readonly (readonly number[])[];
  readonly ties: CoxTies;
}

export function coxData(follow: FollowUp, rows: readonly (readonly number[])[], ties: CoxTies): CoxData {
  return { follow, order: ascendingOrder(follow.time).reverse(), rows, ties };
}

/**
 * Log partial likelihood (Cox 1972, 1975) with the ties of Efron (1977) or Breslow (1974). Units censored at a time
 * are at risk at it.
 */
export function partialLikelihood(data: CoxData, beta: readonly number[]): PartialLikelihood {
  const { follow, order, rows } = data;
  const columns = beta.length;
  const linear = rows.map((x) => x.reduce((sum, value, a) => sum + value * (beta[a] as number), 0));
  // A common factor of all weights cancels: with the largest at 1 none overflows.
  const top = linear.reduce((a, b) => Math.max(a, b), -Infinity);
  const result: PartialLikelihood = {
    logLikelihood: 0,
    score: new Array<number>(columns).fill(0),
    information: Array.from({ length: columns }, () => new Array<number>(columns).fill(0)),
  };
  const risk = new RiskSums(columns);
  let logLikelihood = 0;
  for (let i = 0; i < order.length;) {
    const t = follow.time[order[i] as number];
    const failing = new RiskSums(columns);
    let events = 0;
    for (; i < order.length && follow.time[order[i] as number] === t; i++) {
      const unit = order[i] as number;
      const x = rows[unit] as readonly number[];
      const n = unitsOf(follow, unit);
      const weight = n * Math.exp((linear[unit] as number) - top);
      risk.add(weight, x);
      if (follow.event[unit] === 0) continue;
      failing.add(weight, x);
      events += n;
      logLikelihood += n * ((linear[unit] as number) - top);
      x.forEach((value, a) => (result.score[a] = (result.score[a] as number) + n * value));
    }
    if (events === 0) continue;
    const terms =
      data.ties === 'efron'
        ? efronTerms(events, failing.weight / risk.weight)
        : [{ fraction: 0, times: events }];
    for (const term of terms) logLikelihood -= subtractRisk(result, risk, failing, term);
  }
  result.information.forEach((row, a) => {
    for (let b = a + 1; b < columns; b++) row[b] = (result.information[b] as number[])[a] as number;
  });
  return { ...result, logLikelihood };
}

/**
 * The risk set, of which `fraction` of the failing units has already left, so many `times`: adds to score and lower
 * triangle of the information, returns the log of the set's weight.
 */
function subtractRisk(
  result: PartialLikelihood,
  risk: RiskSums,
  failing: RiskSums,
  { fraction, times }: EfronTerm,
): number {
  const weight = risk.weight - fraction * failing.weight;
  const mean = risk.first.map((value, a) => (value - fraction * (failing.first[a] as number)) / weight);
  mean.forEach((value, a) => {
    result.score[a] = (result.score[a] as number) - times * value;
    const row = result.information[a] as number[];
    const all = risk.second[a] as number[];
    const gone = failing.second[a] as number[];
    for (let b = 0; b <= a; b++) {
      const second = ((all[b] as number) - fraction * (gone[b] as number)) / weight;
      row[b] = (row[b] as number) + times * (second - value * (mean[b] as number));
    }
  });
  return times * Math.log(weight);
}
