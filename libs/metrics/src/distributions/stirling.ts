import { logGamma, stirlingError } from './gamma.js';

const HALF_LOG_2PI = 0.9189385332046727;

/**
 * log Gamma(x) minus Stirling's leading terms (x - 1/2) log x - x + log(2 pi)/2, for any x > 0. What is left of
 * a sum of log Gammas once the large terms have been cancelled by algebra instead of by rounding.
 */
export function gammaCorrection(x: number): number {
  return x >= 10 ? stirlingError(x) : logGamma(x) - ((x - 0.5) * Math.log(x) - x + HALF_LOG_2PI);
}
