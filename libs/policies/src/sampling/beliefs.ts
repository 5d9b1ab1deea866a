import type { Belief } from '../contract.js';

/** A Beta(alpha, beta) belief about a rate. */
export function betaBelief(alpha: number, beta: number): Belief {
  const n = alpha + beta;
  return {
    mean: alpha / n,
    sd: Math.sqrt((alpha * beta) / (n * n * (n + 1))),
    from: 0,
    to: 1,
    logDensity: (x) =>
      x <= 0 || x >= 1 ? -Infinity : (alpha - 1) * Math.log(x) + (beta - 1) * Math.log1p(-x),
  };
}

/** A Gaussian belief. */
export function normalBelief(mean: number, sd: number): Belief {
  return {
    mean,
    sd,
    logDensity: (x) => (sd > 0 ? -0.5 * ((x - mean) / sd) ** 2 : x === mean ? 0 : -Infinity),
  };
}
