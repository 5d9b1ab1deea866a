import { log1mExp } from './gamma.js';
import { normalLogSf } from './normal.js';
import { gammaCorrection } from './stirling.js';
import { studentTLogSf } from './student-t.js';

const HALF_LOG_2PI = 0.9189385332046727;
/** Fewest and most nodes of the trapezoidal rule, which converges geometrically for a bell vanishing at both ends. */
const MIN_NODES = 200;
const MAX_NODES = 50_000;
/** What lies this far (natural logarithm) below the peak no longer counts in doubles. */
const NEGLIGIBLE = 45;
/** Above this many degrees of freedom the estimated standard deviation is as good as known. */
const NORMAL_DF = 1e12;

/** exp(x) - 1 - x without cancellation near 0. */
function expm1MinusX(x: number): number {
  if (Math.abs(x) > 1e-3) return Math.expm1(x) - x;
  return x * x * (0.5 + x * (1 / 6 + x * (1 / 24 + x / 120)));
}

/**
 * Where the concave function f falls to `level` below its peak, going from `peak` in `direction`; within a
 * factor that costs only nodes.
 */
function reach(f: (w: number) => number, peak: number, step: number, level: number): number {
  let far = step;
  while (f(peak + far) > level && Math.abs(far) < 1e6) far *= 2;
  let near = far === step ? 0 : far / 2;
  for (let i = 0; i < 12; i++) {
    const middle = (near + far) / 2;
    if (f(peak + middle) > level) near = middle;
    else far = middle;
  }
  return peak + far;
}

/** Peak of a concave function by golden-section search on [low, high]. */
function peakOf(f: (w: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let [x, y] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [fx, fy] = [f(x), f(y)];
  for (let i = 0; i < 60; i++) {
    if (fx >= fy) {
      [b, y, fy] = [y, x, fx];
      x = b - ratio * (b - a);
      fx = f(x);
    } else {
      [a, x, fx] = [x, y, fy];
      y = a + ratio * (b - a);
      fy = f(y);
    }
  }
  return (a + b) / 2;
}

/** Log of the upper tail at t > 0: the mean of P(Z > t s - ncp) over the law of s = sqrt(chi-square / df). */
function upperTail(t: number, df: number, ncp: number): number {
  const a = df / 2;
  // Density of w = log s, with the large terms of its normalising constant cancelled by algebra.
  const constant = Math.LN2 + 0.5 * Math.log(a) - HALF_LOG_2PI - gammaCorrection(a);
  const integrand = (w: number): number =>
    constant - a * expm1MinusX(2 * w) + normalLogSf(t * Math.exp(w) - ncp);
  // Concave in w: the density of w is log-concave, the log of the normal tail concave and falling, exp convex.
  // Its peak lies below that of the density (w = 0), and above where the tail stops falling.
  const low = Math.min(0, Math.log(Math.max(ncp, 1e-3) / t)) - 10;
  const peak = peakOf(integrand, low, 0);
  const top = integrand(peak);
  const step = 1 / Math.sqrt(df + t * t + 1);
  const left = reach(integrand, peak, -step, top - NEGLIGIBLE);
  const right = reach(integrand, peak, step, top - NEGLIGIBLE);
  // The normal tail falls within 1/ncp, the density within 1/sqrt(2 df), and neither faster than exp(exp(w)) does.
  const perUnit = 8 + 2 * (Math.abs(ncp) + Math.sqrt(2 * df));
  const nodes = Math.min(MAX_NODES, Math.max(MIN_NODES, Math.ceil((right - left) * perUnit)));
  const h = (right - left) / nodes;
  let sum = 0;
  for (let i = 0; i <= nodes; i++) sum += Math.exp(integrand(left + i * h) - top);
  return Math.min(0, top + Math.log(sum * h));
}

/**
 * Logarithm of the upper tail P(T > t) of the noncentral t law: T = (Z + ncp) / sqrt(chi-square(df) / df).
 * By integration over the chi law, where every term is positive, so that also tiny tails keep their digits
 * (Owen 1968 gives the integral). df > 0, not necessarily whole; NaN otherwise.
 */
export function noncentralTLogSf(t: number, df: number, ncp: number): number {
  if (!(df > 0) || Number.isNaN(t) || !Number.isFinite(ncp)) return NaN;
  if (ncp === 0) return studentTLogSf(t, df);
  if (t === Infinity) return -Infinity;
  if (t === 0 || df >= NORMAL_DF) return normalLogSf(t - ncp);
  return t > 0 ? upperTail(t, df, ncp) : log1mExp(upperTail(-t, df, -ncp));
}

/** Upper tail P(T > t) of the noncentral t law; see `noncentralTLogSf`. */
export function noncentralTSf(t: number, df: number, ncp: number): number {
  return Math.exp(noncentralTLogSf(t, df, ncp));
}
