import { logGammaLower, logGammaUpper } from './gamma.js';
import { invertMonotone } from './invert.js';

/**
 * Quantile of the gamma law with the given shape and rate 1: x with P(X <= x) = p. Solved for log x on the
 * logarithm of the nearer tail, so that tiny quantiles and probabilities keep their digits. 0 and Infinity at
 * p = 0 and 1, NaN for p outside [0, 1] or a shape that is not positive.
 */
export function gammaQuantile(p: number, shape: number): number {
  if (!(p >= 0 && p <= 1) || !(shape > 0)) return NaN;
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  const lower = (v: number): number => logGammaLower(shape, Math.exp(v)) - Math.log(p);
  const upper = (v: number): number => Math.log1p(-p) - logGammaUpper(shape, Math.exp(v));
  const centre = Math.log(shape);
  return Math.exp(invertMonotone(p < 0.5 ? lower : upper, centre - 1, centre + 1));
}
