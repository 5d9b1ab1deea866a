import type { Outcome } from './outcome.js';
import { undefinedBecause } from './outcome.js';

/** `relative`: divided by the absolute value of control. */
export type EffectScale = 'absolute' | 'relative';

/** An estimate of one arm with its sampling variance (not the variance of one unit). */
export interface ArmEstimate {
  readonly value: number;
  readonly variance: number;
  /** Degrees of freedom of the variance. */
  readonly df: number;
}

export interface EffectEstimate {
  readonly estimate: number;
  readonly standardError: number;
  /** Welch-Satterthwaite degrees of freedom of the absolute difference, on either scale. */
  readonly df: number;
}

/** Satterthwaite's (1946) degrees of freedom of the sum of two independent variances, one of them positive. */
export function satterthwaite(va: number, dfA: number, vb: number, dfB: number): number {
  const total = va + vb;
  // Shares first: the squares of tiny variances would underflow.
  return 1 / ((va / total) ** 2 / dfA + (vb / total) ** 2 / dfB);
}

/**
 * Treatment minus control of two independent arms, or the lift by the delta method.
 * Undefined: `zero_variance` (both variances 0), `zero_baseline` (relative and control exactly 0), `not_finite`.
 */
export function effectOf(
  control: ArmEstimate,
  treatment: ArmEstimate,
  scale: EffectScale = 'absolute',
): Outcome<EffectEstimate> {
  const { value: a, variance: va } = control;
  const { value: b, variance: vb } = treatment;
  if (va + vb === 0) return undefinedBecause('zero_variance');
  const df = satterthwaite(va, control.df, vb, treatment.df);
  const relative = scale === 'relative';
  if (relative && a === 0) return undefinedBecause('zero_baseline');
  const estimate = relative ? (b - a) / Math.abs(a) : b - a;
  const standardError = relative ? Math.sqrt(vb + va * (b / a) * (b / a)) / Math.abs(a) : Math.sqrt(va + vb);
  // Infinite degrees of freedom are the normal law.
  return Number.isFinite(estimate) && Number.isFinite(standardError) && standardError > 0 && df > 0
    ? { status: 'ok', estimate, standardError, df }
    : undefinedBecause('not_finite');
}
