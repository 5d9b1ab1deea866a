import { bracketedRoot } from '../distributions/invert.js';

/** An estimate of one effect and its standard error. */
export interface EstimatedEffect {
  readonly effect: number;
  readonly standardError: number;
}

/** Precision-weighted mean of effects whose true values vary by `tau2`, and its standard error. */
export function weightedMean(
  effects: readonly EstimatedEffect[],
  tau2: number,
): { readonly mean: number; readonly standardError: number } {
  const weights = effects.map(({ standardError }) => 1 / (standardError ** 2 + tau2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = effects.reduce((sum, { effect }, i) => sum + effect * (weights[i] as number), 0) / total;
  return { mean, standardError: Math.sqrt(1 / total) };
}

/** Squared distances from the weighted mean in units of their expected size; k - 1 at the right tau2. */
function generalisedQ(effects: readonly EstimatedEffect[], tau2: number): number {
  const { mean } = weightedMean(effects, tau2);
  return effects.reduce(
    (sum, { effect, standardError }) => sum + (effect - mean) ** 2 / (standardError ** 2 + tau2),
    0,
  );
}

/**
 * Variance of true effects between experiments by Paule and Mandel (1982): the tau2 at which the generalised Q
 * equals its expectation. 0 where the estimates vary no more than their errors. Needs two effects or more and
 * positive standard errors.
 */
export function pauleMandel(effects: readonly EstimatedEffect[]): number {
  const expected = effects.length - 1;
  if (generalisedQ(effects, 0) <= expected) return 0;
  // Above the largest squared deviation times k, Q is below k / k = 1.
  const values = effects.map(({ effect }) => effect);
  const range = Math.max(...values) - Math.min(...values);
  return bracketedRoot((tau2) => expected - generalisedQ(effects, tau2), 0, effects.length * range ** 2);
}
