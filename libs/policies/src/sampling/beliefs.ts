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

/** A Gaussian belief about the logit of a rate; mean and deviation of the rate to first order. */
export function logitNormalBelief(mean: number, sd: number): Belief {
  const rate = 1 / (1 + Math.exp(-mean));
  const { logDensity } = normalBelief(mean, sd);
  return {
    mean: rate,
    sd: sd * rate * (1 - rate),
    from: 0,
    to: 1,
    logDensity: (x) =>
      x <= 0 || x >= 1 ? -Infinity : logDensity(Math.log(x) - Math.log1p(-x)) - Math.log(x) - Math.log1p(-x),
  };
}

/** A Gamma(shape, rate) belief about a rate of events. */
export function gammaBelief(shape: number, rate: number): Belief {
  return {
    mean: shape / rate,
    sd: Math.sqrt(shape) / rate,
    from: 0,
    logDensity: (x) => (x <= 0 ? -Infinity : (shape - 1) * Math.log(x) - rate * x),
  };
}

/** A Student belief. Its `sd` is the scale, because the deviation is infinite with 2 degrees of freedom or fewer. */
export function studentBelief(location: number, scale: number, degrees: number): Belief {
  return {
    mean: location,
    sd: scale,
    logDensity: (x) => -0.5 * (degrees + 1) * Math.log1p(((x - location) / scale) ** 2 / degrees),
  };
}
