import { logBetaLower } from './beta.js';
import { log1mExp, logBeta } from './gamma.js';
import { invertMonotone } from './invert.js';
import { normalLogSf, normalQuantile } from './normal.js';

/** From here on Hill's expansion beats the continued fraction, which slows down and loses digits. */
const LARGE_DF = 3000;

/** Normal deviate with the tail of t (Hill 1970, Algorithm 395); relative error of the tail below 1e-11 up to t = 25 here. */
function normalDeviate(t: number, df: number): number {
  const a = df - 0.5;
  const b = 48 * a * a;
  const y = a * Math.log1p((t * t) / df);
  const correction = ((((-0.4 * y - 3.3) * y - 24) * y - 85.5) / (0.8 * y * y + 100 + b) + y + 3) / b + 1;
  return correction * Math.sqrt(y);
}

/** Logarithm of the upper tail P(T > t) of Student's t with df degrees of freedom (df > 0, not necessarily whole). */
export function studentTLogSf(t: number, df: number): number {
  if (!(df > 0)) return NaN;
  if (t < 0) return log1mExp(studentTLogSf(-t, df));
  const square = t * t;
  if (!Number.isFinite(square)) return -Infinity;
  if (df === Infinity) return normalLogSf(t);
  if (df >= LARGE_DF) return normalLogSf(normalDeviate(t, df));
  const x = df / (df + square);
  return logBetaLower(df / 2, 0.5, x, square / (df + square)) - Math.LN2;
}

/** Upper tail P(T > t). */
export function studentTSf(t: number, df: number): number {
  return t < 0 ? 1 - studentTSf(-t, df) : Math.exp(studentTLogSf(t, df));
}

/** Quantile of Student's t: t with P(T <= t) = p. Infinite at p = 0 and 1, NaN outside. */
export function studentTQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (p === 0.5) return 0;
  if (df === Infinity) return normalQuantile(p);
  const z = Math.abs(keptNormalQuantile(p));
  const expanded = expandedQuantile(z, df);
  const t = expanded.exact
    ? expanded.t
    : upperQuantile(p < 0.5 ? Math.log(p) : Math.log1p(-p), df, z, expanded.t);
  return p < 0.5 ? -t : t;
}

/** A report asks for the same probability thousands of times in a row, each time with other degrees of freedom. */
let kept = { p: 0.5, z: 0 };

function keptNormalQuantile(p: number): number {
  if (kept.p !== p) kept = { p, z: normalQuantile(p) };
  return kept.z;
}

/**
 * Cornish-Fisher expansion of the quantile in 1/df around the normal deviate z > 0 (Abramowitz and Stegun 26.7.5).
 * `exact`: the first term left out is below the rounding of a double.
 */
function expandedQuantile(z: number, df: number): { readonly t: number; readonly exact: boolean } {
  const s = z * z;
  const g1 = (z * (s + 1)) / 4;
  const g2 = (z * ((5 * s + 16) * s + 3)) / 96;
  const g3 = (z * (((3 * s + 19) * s + 17) * s - 15)) / 384;
  const g4 = (z * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945)) / 92160;
  const g5 = (z * (((((27 * s + 339) * s + 930) * s - 1782) * s - 765) * s + 17955)) / 368640;
  const t = z + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df;
  return { t, exact: Math.abs(g5) / df ** 5 < 0.1 * Number.EPSILON * z && s < 0.1 * df };
}

/** Logarithm of the density. */
function logPdf(t: number, df: number): number {
  return -0.5 * Math.log(df) - logBeta(df / 2, 0.5) - ((df + 1) / 2) * Math.log1p((t * t) / df);
}

/**
 * t > 0 with tail exp(logTail): Newton's method on the logarithm of the tail, from the Cornish-Fisher expansion
 * of the normal deviate z. asinh(t) makes the body (linear) and the heavy tails (logarithmic) nearly straight.
 */
function upperQuantile(logTail: number, df: number, z: number, expanded: number): number {
  // Where degrees of freedom are few the longer expansion overshoots.
  let u = Math.asinh(df > 30 && z * z < 0.3 * df ? expanded : z + (z ** 3 + z) / (4 * df));
  for (let i = 0; i < 20; i++) {
    const t = Math.sinh(u);
    const logSf = studentTLogSf(t, df);
    const step = (logSf - logTail) / (Math.exp(logPdf(t, df) - logSf) * Math.cosh(u));
    if (!Number.isFinite(step)) break;
    u = Math.max(0, u + step);
    // Quadratic convergence: after a step this small nothing is left to gain.
    if (Math.abs(step) <= 1e-8) return Math.sinh(u);
  }
  const start = Math.asinh(z);
  return Math.sinh(invertMonotone((v) => logTail - studentTLogSf(Math.sinh(v), df), start, start + 0.05));
}
