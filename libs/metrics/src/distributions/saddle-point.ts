import { log1pMinusX, logGamma, stirlingError } from './gamma.js';

/**
 * Saddle-point form of binomial probabilities (Loader 2000): everything large is taken out analytically, so
 * that logarithms of probabilities keep their digits for counts of a thousand million.
 */

const HALF_LOG_2PI = 0.9189385332046727;

/** lgamma(x) minus Stirling's leading terms for any x > 0. */
function stirlingCorrection(x: number): number {
  return x >= 10 ? stirlingError(x) : logGamma(x) - (x - 0.5) * Math.log(x) + x - HALF_LOG_2PI;
}

/**
 * k log(k / mean) + mean - k: how far k is from its mean, on the log-likelihood scale.
 * @param excess mean - k, where the caller knows it more exactly than that difference in doubles.
 */
function deviance(k: number, mean: number, excess: number): number {
  if (Math.abs(excess) < 0.1 * (k + mean)) return -k * log1pMinusX(excess / k);
  return k * Math.log(k / mean) + excess;
}

/** Logarithm of x^a (1 - x)^b / B(a, b) for a, b > 0; `complement` is 1 - x. */
export function logBetaPower(a: number, b: number, x: number, complement: number): number {
  const n = a + b;
  const excess = b * x - a * complement;
  const correction = stirlingCorrection(n) - stirlingCorrection(a) - stirlingCorrection(b);
  const distance = deviance(a, n * x, excess) + deviance(b, n * complement, -excess);
  return correction - distance + 0.5 * (Math.log(a) + Math.log(b / n)) - HALF_LOG_2PI;
}

/**
 * Logarithm of the binomial probability of k successes in n trials.
 * @param p success probability; @param q 1 - p, where it is known more exactly than 1 - p in doubles.
 */
export function binomialLogPmf(k: number, n: number, p: number, q = 1 - p): number {
  if (k < 0 || k > n || k !== Math.floor(k)) return -Infinity;
  if (k === 0) return n === 0 ? 0 : n * logOf(q, p);
  if (k === n) return n * logOf(p, q);
  if (p === 0 || q === 0) return -Infinity;
  return logBetaPower(k, n - k, p, q) + Math.log(n / k / (n - k));
}

/** log(p) from whichever of p and 1 - p is the smaller and hence the more exact. */
function logOf(p: number, complement: number): number {
  return p < 0.5 ? Math.log(p) : Math.log1p(-complement);
}
