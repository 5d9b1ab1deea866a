import { fromCounts, fromValues } from '#metrics';
import type { Moments } from '#metrics';
import { binomialTable } from './alias-table.js';
import type { Sampler } from './sampler.js';

const { exp, sqrt } = Math;

/** Draws the moments of one arm. */
export type ArmDraw = (sampler: Sampler) => Moments;

/** n normal units, exactly: the mean and the sum of squares are independent, normal and chi-square. */
export function normalArm(n: number, mean: number, sd: number): ArmDraw {
  const meanError = sd / sqrt(n);
  return (sampler) => ({
    n,
    mean: [mean + meanError * sampler.normal(), 1, 0],
    comoment: [sd * sd * sampler.chiSquare(n - 1), 0, 0, 0, 0, 0],
    nonZero: n,
  });
}

/**
 * n units with an outcome and a covariate of unit variance, bivariate normal with correlation rho: the means, and the
 * scatter matrix by Bartlett's (1933) decomposition.
 */
export function correlatedArm(n: number, rho: number, mean: number, covariateMean: number): ArmDraw {
  const rest = sqrt(1 - rho * rho);
  return (sampler) => {
    const a = sqrt(sampler.chiSquare(n - 1));
    const b = sqrt(sampler.chiSquare(n - 2));
    const c = sampler.normal();
    const [xx, xe, ee] = [a * a, a * c, c * c + b * b];
    const x = sampler.normal() / sqrt(n);
    const e = sampler.normal() / sqrt(n);
    const yy = rho * rho * xx + 2 * rho * rest * xe + rest * rest * ee;
    return {
      n,
      mean: [mean + rho * x + rest * e, 1, covariateMean + x],
      comoment: [yy, 0, xx, 0, rho * xx + rest * xe, 0],
      nonZero: n,
    };
  };
}

/** n units of which each converts with probability p: an exact binomial draw. */
export function bernoulliArm(n: number, p: number): ArmDraw {
  const table = binomialTable(n, p);
  return (sampler) => fromCounts(n, table.draw(sampler));
}

/** n units drawn one by one. */
export function unitArm(n: number, draw: (sampler: Sampler) => number): ArmDraw {
  const values = new Float64Array(n);
  return (sampler) => {
    for (let i = 0; i < n; i++) values[i] = draw(sampler);
    return fromValues(values);
  };
}

/** n units, log-normal (sigma) with probability `share` and else 0: watch time, revenue. */
export function sparseLogNormalArm(n: number, share: number, sigma: number): ArmDraw {
  const hits = binomialTable(n, share);
  const values = new Float64Array(n);
  return (sampler) => {
    const some = hits.draw(sampler);
    for (let i = 0; i < some; i++) values[i] = exp(sigma * sampler.normal());
    values.fill(0, some);
    return fromValues(values);
  };
}

export const exponentialArm = (n: number): ArmDraw => unitArm(n, (sampler) => sampler.exponential());

/** Gamma with shape 2, times `scale`. */
export const gamma2Arm = (n: number, scale: number): ArmDraw =>
  unitArm(n, (sampler) => -scale * Math.log((1 - sampler.uniform()) * (1 - sampler.uniform())));

/** The five kinds of data on which tests at one look are calibrated; both arms alike. */
export const ONE_LOOK_DESIGNS: readonly {
  readonly key: string;
  readonly text: string;
  readonly arm: () => ArmDraw;
}[] = [
  { key: 'normal-30', text: 'normal, 30 an arm', arm: () => normalArm(30, 10, 4) },
  { key: 'normal', text: 'normal, 1,000 an arm', arm: () => normalArm(1000, 10, 4) },
  { key: 'exponential', text: 'exponential, 1,000 an arm', arm: () => exponentialArm(1000) },
  {
    key: 'log-normal',
    text: '20 % log-normal and else 0, 1,000 an arm',
    arm: () => sparseLogNormalArm(1000, 0.2, 1),
  },
  { key: 'bernoulli', text: '10 % converting, 1,000 an arm', arm: () => bernoulliArm(1000, 0.1) },
];
