import { logGammaUpper } from './gamma.js';

/** Upper tail P(X > x) of the chi-square law. */
export function chiSquareSf(x: number, df: number): number {
  return x <= 0 ? 1 : Math.exp(logGammaUpper(df / 2, x / 2));
}

/** Distribution function of the Poisson law with mean mu at k. */
export function poissonCdf(k: number, mu: number): number {
  return k < 0 ? 0 : Math.exp(logGammaUpper(Math.floor(k) + 1, mu));
}
