import { isOne, log1mExp } from './gamma.js';
import { invertMonotone } from './invert.js';
import { logBetaPower } from './saddle-point.js';

const TINY = 1e-300;
const MAX_ITERATIONS = 100_000;

function guarded(value: number): number {
  return value < TINY && value > -TINY ? TINY : value;
}

/** Continued fraction of the incomplete beta function (Lentz); converges fast for x < (a + 1) / (a + b + 2). */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / guarded(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < MAX_ITERATIONS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    const delta = d * c;
    h *= delta;
    if (isOne(delta)) break;
  }
  return h;
}

/**
 * Logarithm of the regularised incomplete beta function I_x(a, b).
 * @param complement 1 - x, where the caller knows it more exactly than 1 - x in doubles.
 */
export function logBetaLower(a: number, b: number, x: number, complement = 1 - x): number {
  if (x <= 0) return -Infinity;
  if (complement <= 0) return 0;
  const prefactor = logBetaPower(a, b, x, complement);
  if (x < (a + 1) / (a + b + 2)) return prefactor - Math.log(a) + Math.log(betaFraction(a, b, x));
  return log1mExp(Math.min(0, prefactor - Math.log(b) + Math.log(betaFraction(b, a, complement))));
}

/** Distribution function of the beta law. */
export function betaCdf(x: number, a: number, b: number): number {
  return Math.exp(logBetaLower(a, b, x));
}

/**
 * Logit of the quantile of the beta law whose lower or upper tail has the logarithm `logTail`: bisection on this
 * scale, so that quantiles near 0 and near 1 keep their digits.
 */
export function betaLogitQuantile(logTail: number, tail: 'lower' | 'upper', a: number, b: number): number {
  const share = (logit: number): number => 1 / (1 + Math.exp(-logit));
  const excess = (logit: number): number =>
    tail === 'lower'
      ? logBetaLower(a, b, share(logit), share(-logit)) - logTail
      : logTail - logBetaLower(b, a, share(-logit), share(logit));
  return invertMonotone(excess, -1, 1);
}

/** Quantile of the beta law. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p > 0)) return 0;
  if (!(p < 1)) return 1;
  const lower = p < 0.5;
  return (
    1 /
    (1 + Math.exp(-betaLogitQuantile(lower ? Math.log(p) : Math.log1p(-p), lower ? 'lower' : 'upper', a, b)))
  );
}

/** Distribution function of the binomial law at k of n with success probability p. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return Math.exp(logBetaLower(n - Math.floor(k), Math.floor(k) + 1, 1 - p, p));
}
