import { effectOf, studentLaw, waldTest } from '#metrics';
import type { Effect, EstimateOptions, Moments } from '#metrics';

export const ALPHA = 0.05;
/** Two-sided normal quantile of ALPHA, for the methods that must fail. */
export const Z = 1.959963984540054;

export const MEAN: EstimateOptions = { alpha: ALPHA, kind: 'mean', adjust: false };

export const rejects = (effect: Effect): boolean => (effect.evidence?.value ?? 1) < ALPHA;

/** An arm's mean with its variance, for methods on plain means. */
export const meanOf = (m: Moments): { value: number; variance: number; df: number } => ({
  value: m.mean[0],
  variance: m.comoment[0] / (m.n - 1) / m.n,
  df: m.n - 1,
});

/** Wald test of the lift with the delta method's standard error. */
export function liftWald(control: Moments, treatment: Moments) {
  const lift = effectOf(meanOf(control), meanOf(treatment), 'relative');
  if (lift.status !== 'ok') return null;
  return waldTest(lift.estimate, lift.standardError, studentLaw(lift.df), { alpha: ALPHA });
}
