import type { Moments } from '../contract.js';

/**
 * Moments whose mean is an estimate and whose mean has the variance of that estimate: those of the n values of its
 * influence function moved to the estimate. An asymptotically linear estimate is such a mean up to terms that vanish
 * (van der Vaart 1998, chapter 5), so every estimator for means, confidence sequences too, takes it as it is.
 * Not to be merged: estimates of two sets of units do not add up to that of both.
 * @param variance of the estimate, not of one unit; @param nonZero units that carry information, for the burn-in.
 */
export function momentsOfEstimate(n: number, value: number, variance: number, nonZero: number): Moments {
  return { n, mean: [value, 1, 0], comoment: [variance * n * (n - 1), 0, 0, 0, 0, 0], nonZero };
}

/** The same estimate without spread, which every estimator answers with `zero_variance`. */
export const withoutSpread = (m: Moments): Moments => ({ ...m, comoment: [0, 0, 0, 0, 0, 0] });
