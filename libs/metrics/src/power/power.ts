import type { ArmSizes, Estimator, HalfWidthOptions } from '../contract.js';
import { bracketedRoot } from '../distributions/invert.js';
import { normalQuantile, normalSf } from '../distributions/index.js';

/** Who decides, and with which error. */
export interface PowerOptions extends HalfWidthOptions {
  /** Wanted probability of finding the effect, e.g. 0.8. */
  readonly power: number;
  readonly estimator: Pick<Estimator, 'halfWidth'>;
}

/** Largest multiple of the present size that is worth computing. */
const MAX_FACTOR = 1e9;

/** Power of a two-sided test at `criticalValue` when the effect is `effect` standard errors; both tails. */
export function powerAt(effect: number, criticalValue: number): number {
  return normalSf(criticalValue - effect) + normalSf(criticalValue + effect);
}

/**
 * Smallest absolute effect that the estimator would declare with the wanted power at these sizes, at this one
 * look: (critical value + z) standard errors. For the sequential estimator the critical value is the radius
 * of its confidence sequence at this size. null before any interval can be given.
 */
export function detectableEffect(
  standardError: number,
  sizes: ArmSizes,
  options: PowerOptions,
): number | null {
  const criticalValue = options.estimator.halfWidth(sizes, options);
  if (criticalValue === null) return null;
  const effect = (criticalValue + normalQuantile(options.power)) * standardError;
  return Number.isFinite(effect) ? effect : null;
}

/**
 * Factor by which both arms have to grow until an absolute effect would be found with the wanted power; at
 * least 1. The standard error shrinks with the root of the size, the critical value is recomputed at it.
 * null where no size up to a thousand million times the present one suffices.
 */
export function growthFactor(
  standardError: number,
  sizes: ArmSizes,
  effect: number,
  options: PowerOptions,
): number | null {
  if (!(effect > 0) || !(standardError > 0)) return null;
  const shortfall = (logFactor: number): number => {
    const factor = Math.exp(logFactor);
    const grown = { control: sizes.control * factor, treatment: sizes.treatment * factor };
    const detectable = detectableEffect(standardError / Math.sqrt(factor), grown, options);
    return detectable === null ? -1e9 : Math.log(effect / detectable);
  };
  const limit = Math.log(MAX_FACTOR);
  if (shortfall(0) >= 0) return 1;
  if (shortfall(limit) < 0) return null;
  return Math.exp(bracketedRoot(shortfall, 0, limit));
}

/** Units per arm (mean of the arms) still missing until the effect would be found; 0 if none, null if out of reach. */
export function unitsStillNeeded(
  standardError: number,
  sizes: ArmSizes,
  effect: number,
  options: PowerOptions,
): number | null {
  const factor = growthFactor(standardError, sizes, effect, options);
  return factor === null ? null : Math.ceil(((factor - 1) * (sizes.control + sizes.treatment)) / 2);
}

/**
 * Units per arm, arms of equal size, that find an absolute effect with the wanted power, given the variance of
 * one unit in each arm. null where out of reach or the effect is 0.
 */
export function requiredUnitsPerArm(
  plan: { readonly effect: number; readonly varianceControl: number; readonly varianceTreatment: number },
  options: PowerOptions,
): number | null {
  const start = { control: 2, treatment: 2 };
  const standardError = Math.sqrt((plan.varianceControl + plan.varianceTreatment) / 2);
  const factor = growthFactor(standardError, start, Math.abs(plan.effect), options);
  return factor === null ? null : Math.ceil(2 * factor);
}
