import { logGammaLower, logGammaUpper } from './gamma.js';

const LOG_2 = Math.LN2;

/** Logarithm of the upper tail P(Z > z) of the standard normal law; right in relative terms at any z. */
export function normalLogSf(z: number): number {
  if (z === 0) return -LOG_2;
  const half = (z * z) / 2;
  if (z > 0) return logGammaUpper(0.5, half) - LOG_2;
  return Math.log1p(-Math.exp(logGammaUpper(0.5, half) - LOG_2));
}

/** Upper tail P(Z > z); never computed as 1 - cdf. */
export function normalSf(z: number): number {
  if (z < 0) return 1 - normalSf(-z);
  return Math.exp(normalLogSf(z));
}

export function normalCdf(z: number): number {
  if (z < 0 || z > 1) return normalSf(-z);
  return 0.5 + 0.5 * Math.exp(logGammaLower(0.5, (z * z) / 2));
}

export function normalPdf(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** z with P(Z > z) = exp(logP), for logP <= log(1/2): Newton's method on the logarithm of the tail, which is concave. */
function upperQuantile(logP: number): number {
  let z = Math.sqrt(Math.max(0, -2 * (logP + LOG_2)));
  for (let i = 0; i < 60; i++) {
    const logSf = normalLogSf(z);
    const hazard = Math.exp(-0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - logSf);
    const step = (logSf - logP) / hazard;
    z += step;
    // Quadratic convergence: after a step this small nothing is left to gain.
    if (!(Math.abs(step) > 1e-8)) break;
  }
  return z;
}

/** Standard normal quantile of p in (0, 1); -Infinity and Infinity at the ends, NaN outside. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (p === 0.5) return 0;
  return p < 0.5 ? -upperQuantile(Math.log(p)) : upperQuantile(Math.log1p(-p));
}
