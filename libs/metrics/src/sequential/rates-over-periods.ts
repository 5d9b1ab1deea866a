import { bracketedRoot, invertMonotone } from '../distributions/invert.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import { logDirichletBayesFactor } from './count-tests.js';

type Pair = readonly [control: number, treatment: number];

/** Events while the allocation stayed the same. */
export interface RatePeriod {
  /** Planned weights of the two arms, any scale. */
  readonly weights: Pair;
  /** Units with the event, each counted once. */
  readonly events: Pair;
}

export interface RatesOverPeriods {
  /** Control and treatment, all periods together. */
  readonly events: Pair;
  /** Logarithm of the e-value against equal rates. */
  readonly logBayesFactor: number;
  readonly logP: number;
  readonly pValue: number;
  /** Treatment's rate over control's; null while control has no event. */
  readonly rateRatio: number | null;
  /** Ends of the confidence sequence of that ratio; an upper end of null is unbounded. null: no single ratio fits all periods. */
  readonly interval: { readonly lower: number; readonly upper: number | null } | null;
}

/** The same shares at any scale are one allocation. */
const SAME = 1e-9;
const log1pExp = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));

/**
 * Anytime-valid ratio of two arms' rates when the allocation changed on the way (Lindon and Malek 2022, arXiv
 * 2011.03567). Given that a unit has the event for the first time, the arm it is in has the shares of the allocation
 * under which it entered, if the arms are alike; so the arms of these units are draws from known shares, whatever
 * the intensity does. Each allocation has a Bayes factor of its own; they are independent bets and multiply. With one
 * allocation this is `sequentialPoissonRates`.
 * The interval holds the ratios against which that product, with the prior kept around equal rates, stays below 1/alpha.
 * @param concentration of the prior around equal rates; large values look for small deviations.
 * Undefined: `denominator_zero` (no period in which both arms have a weight), `no_events`, `invalid_input`. Never throws.
 */
export function ratesOverPeriods(
  periods: readonly RatePeriod[],
  concentration: number,
  alpha: number,
): Outcome<RatesOverPeriods> {
  const numbers = periods.flatMap(({ weights, events }) => [...weights, ...events]);
  if (!numbers.every((x) => Number.isFinite(x) && x >= 0)) return undefinedBecause('invalid_input');
  if (!isProbability(alpha) || !(concentration > 0) || !Number.isFinite(concentration))
    return undefinedBecause('invalid_input');
  const strata = strataOf(periods);
  if (strata.length === 0) return undefinedBecause('denominator_zero');
  const sum = (arm: 0 | 1): number => strata.reduce((total, { events }) => total + events[arm], 0);
  const events: Pair = [sum(0), sum(1)];
  if (events[0] + events[1] === 0) return undefinedBecause('no_events');
  const logBayesFactor = evidenceOf(strata, concentration);
  const logP = Math.min(0, -logBayesFactor);
  const centre = mostLikely(strata, events);
  return {
    status: 'ok',
    events,
    logBayesFactor,
    logP,
    pValue: Math.exp(logP),
    rateRatio: events[0] === 0 ? null : Math.exp(centre),
    interval: intervalOf(strata, events, centre, logBayesFactor + Math.log(alpha)),
  };
}

/** The logarithm of the e-value alone, which costs no search for an interval. */
export function logRateEvidence(periods: readonly RatePeriod[], concentration: number): number {
  return evidenceOf(strataOf(periods), concentration);
}

const evidenceOf = (strata: readonly Stratum[], concentration: number): number =>
  strata.reduce(
    (total, { share, events }) => total + logDirichletBayesFactor(events, [1 - share, share], concentration),
    0,
  );

interface Stratum {
  /** Treatment's share of the two arms. */
  readonly share: number;
  readonly events: Pair;
}

/** One stratum per allocation; periods in which an arm was closed compare nothing. */
function strataOf(periods: readonly RatePeriod[]): Stratum[] {
  const strata: { share: number; events: [number, number] }[] = [];
  for (const { weights, events } of periods) {
    if (!(weights[0] > 0 && weights[1] > 0)) continue;
    const share = weights[1] / (weights[0] + weights[1]);
    const same = strata.find((other) => Math.abs(other.share - share) < SAME);
    if (!same) strata.push({ share, events: [events[0], events[1]] });
    else same.events = [same.events[0] + events[0], same.events[1] + events[1]];
  }
  return strata;
}

const logOdds = ({ share }: Stratum): number => Math.log(share) - Math.log1p(-share);

/** Log of the ratio under which treatment's number of events is the expected one; clamped where an arm has none. */
function mostLikely(strata: readonly Stratum[], events: Pair): number {
  const extreme = Math.log(2 * (events[0] + events[1])) + 40;
  if (events[1] === 0) return -extreme;
  if (events[0] === 0) return extreme;
  const excess = (u: number): number =>
    strata.reduce(
      (sum, stratum) =>
        sum +
        (stratum.events[0] + stratum.events[1]) / (1 + Math.exp(-(u + logOdds(stratum)))) -
        stratum.events[1],
      0,
    );
  return bracketedRoot(excess, -extreme, extreme);
}

/** Log likelihood of a log ratio, less that of equal rates. */
function logLikelihood(strata: readonly Stratum[], u: number): number {
  return strata.reduce((sum, stratum) => {
    const odds = logOdds(stratum);
    const [control, treatment] = stratum.events;
    return (
      sum +
      control * (log1pExp(odds) - log1pExp(u + odds)) +
      treatment * (log1pExp(-odds) - log1pExp(-(u + odds)))
    );
  }, 0);
}

function intervalOf(
  strata: readonly Stratum[],
  events: Pair,
  centre: number,
  limit: number,
): RatesOverPeriods['interval'] {
  // Convex in u with its least value at the centre: below 0 the ratio is within the interval.
  const excess = (u: number): number => limit - logLikelihood(strata, u);
  if (excess(centre) > 0) return null;
  const lower = events[1] === 0 ? 0 : Math.exp(-invertMonotone((u) => excess(-u), -centre, 1 - centre));
  const upper = events[0] === 0 ? null : Math.exp(invertMonotone(excess, centre, centre + 1));
  return { lower, upper };
}
