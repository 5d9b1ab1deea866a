import type { MetricDefinition, Moments } from './contract.js';
import { isRatio } from './kinds.js';
import { areUsable, merge } from './moments.js';

const { max, sqrt } = Math;

/** Rounding error of a sum of squares, relative; what is smaller than this share of its parts is zero. */
const ROUNDING = 4 * Number.EPSILON;

/**
 * Treatment minus `controlWeight` times control, with everything an estimator needs to turn a critical value
 * into a p-value, an interval and a lift.
 */
export interface Contrast {
  readonly estimate: number;
  readonly standardError: number;
  /** Welch-Satterthwaite degrees of freedom of the standard error. */
  readonly df: number;
  /** Control's plain value: what a lift is relative to. */
  readonly baseline: number;
  readonly baselineVariance: number;
  /** Covariance of the estimate with the baseline. */
  readonly covariance: number;
  /** Slope of the covariate; 0 where nothing was adjusted. */
  readonly theta: number;
  readonly adjusted: boolean;
  readonly control: { readonly n: number; readonly mean: number };
  readonly treatment: { readonly n: number; readonly mean: number };
}

export interface ContrastOptions {
  readonly kind: MetricDefinition['kind'];
  readonly adjust: boolean;
  /** 1 for a difference; 1 - margin or 1 + margin for non-inferiority. */
  readonly controlWeight?: number;
}

/** Why a contrast cannot be computed; STATS conventions, checked in this order. */
export type UndefinedReason = 'not_finite' | 'insufficient_units' | 'denominator_zero' | 'zero_variance';

export type ContrastResult =
  | { readonly ok: true; readonly contrast: Contrast }
  | { readonly ok: false; readonly reason: UndefinedReason };

/** A contrast made in any way, or why there is none. */
export type AnyContrast =
  { readonly ok: true; readonly contrast: Contrast } | { readonly ok: false; readonly reason: string };

/** One arm seen as a mean: of the value itself, or of the linearised ratio u = (y - R d) / mean(d). */
export interface Linear {
  readonly n: number;
  readonly value: number;
  readonly covariateMean: number;
  /** Sums of products of deviations of u and of the covariate. */
  readonly uu: number;
  readonly ux: number;
  readonly xx: number;
}

function linearise(m: Moments, kind: MetricDefinition['kind']): Linear | UndefinedReason {
  if (!areUsable(m)) return 'not_finite';
  if (m.n < 2) return 'insufficient_units';
  const [yy, dd, xx, yd, yx, dx] = m.comoment;
  const [my, md, mx] = m.mean;
  if (!isRatio(kind)) {
    const noise = m.n * (ROUNDING * my) ** 2;
    return { n: m.n, value: my, covariateMean: mx, uu: yy <= noise ? 0 : yy, ux: yx, xx };
  }
  if (md === 0) return 'denominator_zero';
  const ratio = my / md;
  const spread = yy - 2 * ratio * yd + ratio * ratio * dd;
  const noise = ROUNDING * (yy + ratio * ratio * dd);
  return {
    n: m.n,
    value: ratio,
    covariateMean: mx,
    uu: spread <= noise ? 0 : spread / (md * md),
    ux: (yx - ratio * dx) / md,
    xx,
  };
}

/**
 * Slope of CUPED (Deng, Xu, Kohavi, Walker 2013): pooled covariance over pooled variance of both arms stacked;
 * for a ratio the linearised covariances within the arms are summed. A constant covariate gives 0.
 */
function slope(
  control: Moments,
  treatment: Moments,
  a: Linear,
  b: Linear,
  kind: MetricDefinition['kind'],
): number {
  const pooled = merge(control, treatment);
  const xx = pooled.comoment[2];
  if (xx <= pooled.n * (ROUNDING * pooled.mean[2]) ** 2) return 0;
  if (!isRatio(kind)) return pooled.comoment[4] / xx;
  const within = a.xx + b.xx;
  return within > 0 ? (a.ux + b.ux) / within : 0;
}

/**
 * One arm's value and variance of one unit (of a ratio: linearised), and how far the covariate goes with it; for planning.
 * null where they cannot be computed.
 */
export function contrastVariance(
  arm: Moments,
  kind: MetricDefinition['kind'],
): { readonly value: number; readonly variance: number; readonly covariateCorrelation: number } | null {
  const linear = linearise(arm, kind);
  if (typeof linear === 'string' || linear.uu === 0) return null;
  const rho = linear.xx > 0 ? Math.abs(linear.ux) / sqrt(linear.uu) / sqrt(linear.xx) : 0;
  const covariateCorrelation = Number.isFinite(rho) ? Math.min(0.999, rho) : 0;
  return { value: linear.value, variance: linear.uu / (linear.n - 1), covariateCorrelation };
}

/** Variance of one unit's adjusted value u - theta x. */
function adjustedVariance(arm: Linear, theta: number): number {
  return max(0, arm.uu + theta * theta * arm.xx - 2 * theta * arm.ux) / (arm.n - 1);
}

/**
 * The one place where moments become a contrast: difference of means (Welch), of proportions (the mean of
 * zeros and ones, sample variance), of ratios (delta method; Deng, Knoblich, Lu 2018), each with or without
 * the covariate. Never throws.
 */
export function contrast(control: Moments, treatment: Moments, options: ContrastOptions): ContrastResult {
  const a = linearise(control, options.kind);
  const b = linearise(treatment, options.kind);
  if (typeof a === 'string' || typeof b === 'string') return { ok: false, reason: firstReason(a, b) };
  const theta = options.adjust ? slope(control, treatment, a, b, options.kind) : 0;
  return assembleContrast(a, b, theta, options.controlWeight ?? 1);
}

/** The covariate's own contrast, (x_b - mu) - k (x_a - mu); for k = 1 the plain difference, digit by digit. */
function centredCovariate(a: Linear, b: Linear, k: number): number {
  const difference = b.covariateMean - a.covariateMean;
  // x_a - mu, where mu is the mean of both arms stacked.
  const fromCentre = -difference * (b.n / (a.n + b.n));
  return difference + (1 - k) * fromCentre;
}

/**
 * The contrast of two arms given as means, each adjusted by `theta` times the distance of its covariate from the
 * pooled mean (Deng et al. 2013), which is taken as known. A difference needs no centre; with a weight k other than 1
 * an uncentred covariate would shift the contrast by -theta (1 - k) times its mean.
 */
export function assembleContrast(a: Linear, b: Linear, theta: number, k: number): ContrastResult {
  const va = (k * k * adjustedVariance(a, theta)) / a.n;
  const vb = adjustedVariance(b, theta) / b.n;
  const variance = va + vb;
  if (variance === 0) return { ok: false, reason: 'zero_variance' };
  const result: Contrast = {
    estimate: b.value - k * a.value - theta * centredCovariate(a, b, k),
    standardError: sqrt(variance),
    // Shares first: the squares of tiny variances would underflow.
    df: 1 / ((va / variance) ** 2 / (a.n - 1) + (vb / variance) ** 2 / (b.n - 1)),
    baseline: a.value,
    baselineVariance: a.uu / (a.n - 1) / a.n,
    covariance: (-k * (a.uu - theta * a.ux)) / (a.n - 1) / a.n,
    theta,
    adjusted: theta !== 0,
    control: { n: a.n, mean: a.value },
    treatment: { n: b.n, mean: b.value },
  };
  const numbers = [
    result.estimate,
    result.standardError,
    result.df,
    result.baseline,
    result.baselineVariance,
    result.covariance,
  ];
  return numbers.every(Number.isFinite)
    ? { ok: true, contrast: result }
    : { ok: false, reason: 'not_finite' };
}

const REASON_ORDER: readonly UndefinedReason[] = [
  'not_finite',
  'insufficient_units',
  'denominator_zero',
  'zero_variance',
];

function firstReason(a: Linear | UndefinedReason, b: Linear | UndefinedReason): UndefinedReason {
  return REASON_ORDER.find((reason) => a === reason || b === reason) ?? 'not_finite';
}

/** The arm's plain value (mean or ratio) for display; null where it has none. */
export function armValue(m: Moments, kind: MetricDefinition['kind']): number | null {
  if (!areUsable(m) || m.n === 0) return null;
  const value = isRatio(kind) ? m.mean[0] / m.mean[1] : m.mean[0];
  return Number.isFinite(value) ? value : null;
}
