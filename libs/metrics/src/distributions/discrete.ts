import { logBetaLower } from './beta.js';
import { log1mExp } from './gamma.js';
import { binomialLogPmf } from './saddle-point.js';

/** A unimodal law on the whole numbers min..max, tails as logarithms. */
export interface DiscreteLaw {
  readonly min: number;
  readonly max: number;
  readonly mode: number;
  logPmf(k: number): number;
  /** log P(X <= k). */
  logLower(k: number): number;
  /** log P(X >= k): the observed value belongs to its tail. */
  logUpper(k: number): number;
}

/** Binomial law of n trials; `q` is 1 - p where that is known more exactly. */
export function binomialLaw(n: number, p: number, q = 1 - p): DiscreteLaw {
  return {
    min: 0,
    max: n,
    mode: Math.min(n, Math.floor((n + 1) * p)),
    logPmf: (k) => binomialLogPmf(k, n, p, q),
    logLower: (k) => (k < 0 ? -Infinity : k >= n ? 0 : logBetaLower(n - k, k + 1, q, p)),
    logUpper: (k) => (k <= 0 ? 0 : k > n ? -Infinity : logBetaLower(k, n - k + 1, p, q)),
  };
}

/**
 * Hypergeometric law: marked items among `draws` drawn without replacement from `marked` and `unmarked` ones.
 * A tail costs a few standard deviations of additions.
 */
export function hypergeometricLaw(marked: number, unmarked: number, draws: number): DiscreteLaw {
  const total = marked + unmarked;
  const min = Math.max(0, draws - unmarked);
  const max = Math.min(marked, draws);
  const mode = Math.min(max, Math.max(min, Math.floor(((marked + 1) / (total + 2)) * (draws + 1))));
  const share = total === 0 ? 0 : draws / total;
  const rest = total === 0 ? 1 : (total - draws) / total;
  // A ratio of binomials at the same share, which cancels (Loader 2000).
  const logPmf = (k: number): number =>
    k < min || k > max
      ? -Infinity
      : binomialLogPmf(k, marked, share, rest) +
        binomialLogPmf(draws - k, unmarked, share, rest) -
        binomialLogPmf(draws, total, share, rest);
  const down = (k: number): number => (k / (marked - k + 1)) * ((unmarked - draws + k) / (draws - k + 1));
  const up = (k: number): number => ((marked - k) / (k + 1)) * ((draws - k) / (unmarked - draws + k + 1));
  const outward = (start: number, step: 1 | -1): number => {
    let term = 1;
    let sum = 1;
    for (let k = start; term > sum * 1e-17; k += step) {
      term *= step === 1 ? up(k) : down(k);
      sum += term;
    }
    return logPmf(start) + Math.log(sum);
  };
  const logLower = (k: number): number => {
    if (k < min) return -Infinity;
    if (k >= max) return 0;
    return k < mode ? outward(k, -1) : log1mExp(outward(k + 1, 1));
  };
  const logUpper = (k: number): number => {
    if (k > max) return -Infinity;
    if (k <= min) return 0;
    return k > mode ? outward(k, 1) : log1mExp(outward(k - 1, -1));
  };
  return { min, max, mode, logPmf, logLower, logUpper };
}

/** Probabilities that differ by less than this (relative) count as equal: what rounding does to ties. */
const TIE = 1e-7;

/** Logarithm of the total probability of the values that are at most as likely as the observed one. */
export function minimumLikelihoodLogP(law: DiscreteLaw, observed: number): number {
  const limit = law.logPmf(observed) + TIE;
  if (limit >= law.logPmf(law.mode)) return 0;
  const below = observed < law.mode;
  const near = below ? law.logLower(observed) : law.logUpper(observed);
  const end = below ? law.max : law.min;
  if (law.logPmf(end) > limit) return near;
  // The probability falls from the mode to the end: bisect for the first value that is unlikely enough.
  let likely = law.mode;
  let unlikely = end;
  while (Math.abs(unlikely - likely) > 1) {
    const middle = Math.floor((likely + unlikely) / 2);
    if (law.logPmf(middle) > limit) likely = middle;
    else unlikely = middle;
  }
  const far = below ? law.logUpper(unlikely) : law.logLower(unlikely);
  const larger = Math.max(near, far);
  return Math.min(0, larger + Math.log1p(Math.exp(Math.min(near, far) - larger)));
}

/** Slack of quantiles, so that a probability met exactly is met in doubles too. */
const SLACK = 1e-12;

/** Smallest k with P(X <= k) >= q; the largest value where q >= 1. */
export function discreteQuantile(law: DiscreteLaw, q: number): number {
  const target = Math.log(q) - SLACK;
  return firstTrue(law, (k) => law.logLower(k) >= target);
}

/** Smallest k with P(X > k) <= q. */
export function discreteUpperQuantile(law: DiscreteLaw, q: number): number {
  const target = Math.log(q) + SLACK;
  return firstTrue(law, (k) => law.logUpper(k + 1) <= target);
}

function firstTrue(law: DiscreteLaw, holds: (k: number) => boolean): number {
  let low = law.min - 1;
  let high = law.max;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
