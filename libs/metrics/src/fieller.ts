import type { Contrast } from './contrast.js';

const { abs, max, min, sqrt } = Math;

export type Lift =
  | {
      readonly status: 'ok';
      readonly estimate: number;
      readonly g: number;
      readonly lower: number;
      readonly upper: number;
    }
  | { readonly status: 'unbounded'; readonly estimate: number; readonly g: number }
  | { readonly status: 'undefined'; readonly reason: 'zero_baseline' | 'not_finite' };

/**
 * Relative lift with the interval of Fieller (1954): all r for which the contrast d - r b is within
 * `criticalValue` standard errors of zero. With the critical value of the absolute test it excludes zero
 * exactly when that test rejects. Unbounded where control itself is not clearly different from zero (g >= 1).
 * The sign follows the difference also for negative baselines.
 */
export function fiellerLift(c: Contrast, criticalValue: number): Lift {
  const { estimate: d, baseline: b } = c;
  if (b === 0) return { status: 'undefined', reason: 'zero_baseline' };
  const estimate = d / abs(b);
  const q2 = criticalValue * criticalValue;
  const g = (q2 * c.baselineVariance) / b / b;
  if (!Number.isFinite(estimate) || !Number.isFinite(g)) return { status: 'undefined', reason: 'not_finite' };
  if (g >= 1) return { status: 'unbounded', estimate, g };
  // Everything in units of the baseline: (x - r)^2 = q^2 (vd - 2 r vc + r^2 vb).
  const x = d / b;
  const sd = (criticalValue * c.standardError) / abs(b);
  const leading = 1 - g;
  const middle = x - (q2 * c.covariance) / b / b;
  // As a product: the sign is that of |d| - q se, digit by digit the absolute test.
  const constant = (abs(x) - sd) * (abs(x) + sd);
  const root = sqrt(max(0, middle * middle - leading * constant));
  const far = middle + (middle < 0 ? -root : root);
  const bounds = far === 0 ? [0, 0] : [far / leading, constant / far];
  const sign = Math.sign(b);
  const [r1, r2] = [(bounds[0] as number) * sign, (bounds[1] as number) * sign];
  if (!Number.isFinite(r1) || !Number.isFinite(r2)) return { status: 'undefined', reason: 'not_finite' };
  return { status: 'ok', estimate, g, lower: min(r1, r2), upper: max(r1, r2) };
}

/** Delta-method lift and its standard error, the convention of GrowthBook; for compatibility and power only. */
export function deltaLift(c: Contrast): { estimate: number; standardError: number } | null {
  const b = abs(c.baseline);
  if (b === 0) return null;
  const estimate = c.estimate / b;
  const slope = estimate * Math.sign(c.baseline);
  const variance = c.standardError ** 2 - 2 * slope * c.covariance + slope * slope * c.baselineVariance;
  return { estimate, standardError: sqrt(max(0, variance)) / b };
}
