import { invertMonotone } from '../distributions/invert.js';
import { gammaCorrection } from '../distributions/stirling.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { runningPValues } from './mixture-sprt.js';

type Counts = readonly number[];

/** (1 + d) log(1 + d) - d >= 0, without cancellation near 0; 1 at d = -1. */
function relativeEntropyTerm(d: number): number {
  if (d <= -1) return 1;
  if (Math.abs(d) > 0.02) return (1 + d) * Math.log1p(d) - d;
  let sum = 0;
  let power = d;
  for (let k = 2; k < 14; k++) {
    power *= -d;
    sum -= power / (k * (k - 1));
  }
  return sum;
}

/** Kullback-Leibler divergence of shares p from shares q (both sum to 1), as a sum of terms that are not negative. */
function divergence(p: Counts, q: Counts): number {
  return q.reduce((sum, qi, i) => sum + qi * relativeEntropyTerm(((p[i] as number) - qi) / qi), 0);
}

/** log Gamma(a + x) - log Gamma(a) beyond its leading Stirling terms. */
function risingCorrection(a: number, x: number): number {
  return gammaCorrection(a + x) - gammaCorrection(a) - 0.5 * Math.log1p(x / a);
}

/**
 * Log Bayes factor of multinomial counts: shares with a Dirichlet(concentration * shares) prior against exactly
 * `shares`. The leading Stirling terms of the Gamma functions are summed by algebra to a divergence of the posterior
 * mean from `shares`, so that counts of 1e9 lose no digits.
 * @param shares all positive, summing to 1; @param counts one per share.
 */
export function logDirichletBayesFactor(counts: Counts, shares: Counts, concentration: number): number {
  const n = counts.reduce((sum, x) => sum + x, 0);
  const total = concentration + n;
  const posterior = shares.map((share, i) => share + ((counts[i] as number) - share * n) / total);
  const corrections = shares.reduce(
    (sum, share, i) => sum + risingCorrection(concentration * share, counts[i] as number),
    0,
  );
  return total * divergence(posterior, shares) + corrections - risingCorrection(concentration, n);
}

const isCount = (x: number): boolean => Number.isFinite(x) && x >= 0;

/** Keeps the arms with a planned share and scales their shares to sum to 1; null when none is left. */
function plannedArms(weights: Counts): { arms: number[]; shares: number[] } | null {
  const arms = weights.map((_, i) => i).filter((i) => (weights[i] as number) > 0);
  const sum = arms.reduce((total, i) => total + (weights[i] as number), 0);
  return arms.length === 0 ? null : { arms, shares: arms.map((i) => (weights[i] as number) / sum) };
}

export interface SequentialCountsResult {
  readonly logBayesFactors: readonly number[];
  /** Running minimum of 1 / Bayes factor, starting at 1. */
  readonly pValues: readonly number[];
}

/**
 * Sequential test of the planned split of units over arms, valid at any time (Lindon and Malek 2022, "Anytime-valid
 * inference for multinomial count data", arXiv 2011.03567).
 * @param increments new units per arm since the look before, one row a look; @param planned weights of the arms,
 * any scale; arms with weight 0 are left out, as in the chi-square test; @param concentration of the prior around
 * the plan: large values look for small deviations.
 * Undefined: `insufficient_units` (no arm has a weight), `invalid_input`. Never throws.
 */
export function sequentialSampleRatio(
  increments: readonly Counts[],
  planned: Counts,
  concentration: number,
): Outcome<SequentialCountsResult> {
  const sensible = increments.every((row) => row.length === planned.length && row.every(isCount));
  if (!sensible || !planned.every(isCount) || !(concentration > 0) || !Number.isFinite(concentration)) {
    return undefinedBecause('invalid_input');
  }
  const plan = plannedArms(planned);
  if (!plan) return undefinedBecause('insufficient_units');
  const cumulative = plan.arms.map(() => 0);
  const logBayesFactors = increments.map((row) => {
    plan.arms.forEach((arm, i) => (cumulative[i] = (cumulative[i] as number) + (row[arm] as number)));
    return logDirichletBayesFactor(cumulative, plan.shares, concentration);
  });
  return { status: 'ok', logBayesFactors, pValues: runningPValues(logBayesFactors) };
}

export interface SequentialRatesResult {
  readonly logBayesFactor: number;
  readonly logP: number;
  readonly pValue: number;
  /** Two arms only: interval of treatment's share of the events. */
  readonly shareInterval?: readonly [number, number];
  /** Two arms only: events per exposure, treatment over control; Infinity when control has no events. */
  readonly rateRatio?: number;
  readonly rateRatioInterval?: readonly [number, number];
}

/**
 * Anytime-valid comparison of event counts from Poisson streams whose common intensity may change over time: given
 * that an event happened, the arm it happened in has the shares of exposure if all rates are equal, so counts
 * alone decide (Lindon and Malek 2022). The interval for two arms holds the shares against which the Bayes
 * factor, with the prior kept around the exposure shares, stays below 1/alpha.
 * @param events per arm, control first; @param exposure per arm, any scale.
 * Undefined: `denominator_zero` (an arm without exposure), `no_events`, `invalid_input`. Never throws.
 */
export function sequentialPoissonRates(
  events: Counts,
  exposure: Counts,
  concentration: number,
  alpha: number,
): Outcome<SequentialRatesResult> {
  if (!isProbability(alpha) || !(concentration > 0) || !Number.isFinite(concentration))
    return undefinedBecause('invalid_input');
  if (events.length !== exposure.length || !events.every(isCount) || !exposure.every(isCount)) {
    return undefinedBecause('invalid_input');
  }
  const plan = plannedArms(exposure);
  if (!plan || plan.arms.length < exposure.length) return undefinedBecause('denominator_zero');
  const total = events.reduce((sum, x) => sum + x, 0);
  if (total === 0) return undefinedBecause('no_events');
  const logBayesFactor = logDirichletBayesFactor(events, plan.shares, concentration);
  const logP = Math.min(0, -logBayesFactor);
  const shared = { status: 'ok' as const, logBayesFactor, logP, pValue: Math.exp(logP) };
  if (events.length !== 2) return shared;
  const observed = events.map((x) => x / total);
  // n KL(observed || share) at the ends: log(1/alpha) less the log Bayes factor against the observed shares.
  const limit = total * divergence(observed, plan.shares) - logBayesFactor - Math.log(alpha);
  const [low, high] = logOddsWithin(events[0] as number, events[1] as number, limit);
  const logExposureOdds = Math.log(plan.shares[0] as number) - Math.log(plan.shares[1] as number);
  const share = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
  return {
    ...shared,
    shareInterval: [share(low), share(high)],
    rateRatio: ((events[1] as number) / (events[0] as number)) * Math.exp(logExposureOdds),
    rateRatioInterval: [Math.exp(low + logExposureOdds), Math.exp(high + logExposureOdds)],
  };
}

/** Log odds of the two shares whose n-fold divergence from the observed shares reaches `limit`, below and above. */
function logOddsWithin(control: number, treatment: number, limit: number): [number, number] {
  const n = control + treatment;
  const observed = [control / n, treatment / n];
  const excess = (logOdds: number): number =>
    n * divergence(observed, [1 / (1 + Math.exp(logOdds)), 1 / (1 + Math.exp(-logOdds))]) - limit;
  // Without events in an arm its share is tiny, but the divergence must still be below the limit there.
  const extreme = Math.log(2 * n) + 40;
  const centre = Math.max(-extreme, Math.min(extreme, Math.log(treatment) - Math.log(control)));
  const low = treatment === 0 ? -Infinity : -invertMonotone((u) => excess(-u), -centre, 1 - centre);
  const high = control === 0 ? Infinity : invertMonotone(excess, centre, centre + 1);
  return [low, high];
}
