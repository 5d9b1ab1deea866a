import { normalQuantile } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';
import type { ArmUnits } from './t-test.js';

/** Upper normal quantile of a test's error on one side. */
function criticalZ(alpha: number, sides: 1 | 2): number {
  return -normalQuantile(alpha / sides);
}

/**
 * Units per arm (equal arms, not rounded) at which a test of two proportions has the wanted power; null variance
 * from the pooled share, far tail not counted (Fleiss, Levin, Paik 2003, section 4.2; R power.prop.test).
 * @param sides 1 tests on the side on which the treatment differs.
 * Undefined: `zero_effect` (equal shares), `invalid_input` (shares outside [0, 1]). Never throws.
 */
export function proportionUnits(
  shares: { readonly control: number; readonly treatment: number },
  error: { readonly alpha: number; readonly power: number; readonly sides: 1 | 2 },
): Outcome<{ readonly unitsPerArm: number }> {
  const { control: p, treatment: q } = shares;
  if (!isProbability(error.alpha) || !isProbability(error.power)) return undefinedBecause('invalid_input');
  if (!(p >= 0 && p <= 1 && q >= 0 && q <= 1)) return undefinedBecause('invalid_input');
  if (p === q) return undefinedBecause('zero_effect');
  const underNull = Math.sqrt((p + q) * (1 - (p + q) / 2));
  const underEffect = Math.sqrt(p * (1 - p) + q * (1 - q));
  const root = criticalZ(error.alpha, error.sides) * underNull + normalQuantile(error.power) * underEffect;
  return { status: 'ok', unitsPerArm: (Math.max(0, root) / (q - p)) ** 2 };
}

export interface NonInferiorityPlan {
  /** Variance of one unit in each arm. */
  readonly varianceControl: number;
  readonly varianceTreatment: number;
  /** Largest loss that is still acceptable, > 0, and the true difference in the direction that is good. */
  readonly margin: number;
  readonly trueDifference: number;
  /** Control's units per unit of treatment. */
  readonly kappa: number;
  /** One-sided error. */
  readonly alpha: number;
  readonly power: number;
}

/**
 * Units per arm, not rounded, that show a difference in means to be above -margin: normal approximation (Chow, Shao,
 * Wang, Lokhnygina 2018, section 3.2.2).
 * Undefined: `unreachable` (the true difference is at or beyond the margin), `zero_variance`, `invalid_input`.
 */
export function nonInferiorityUnits(plan: NonInferiorityPlan): Outcome<ArmUnits> {
  const { varianceControl, varianceTreatment, margin, trueDifference, kappa, alpha, power } = plan;
  const sensible = [varianceControl, varianceTreatment].every((v) => v >= 0 && Number.isFinite(v));
  if (!sensible || !isProbability(alpha) || !isProbability(power) || !(kappa > 0))
    return undefinedBecause('invalid_input');
  if (!Number.isFinite(margin + trueDifference + kappa)) return undefinedBecause('invalid_input');
  if (varianceControl + varianceTreatment === 0) return undefinedBecause('zero_variance');
  if (!(margin + trueDifference > 0)) return undefinedBecause('unreachable');
  const z = Math.max(0, criticalZ(alpha, 1) + normalQuantile(power)) / (margin + trueDifference);
  const unitsTreatment = z * z * (varianceControl / kappa + varianceTreatment);
  return { status: 'ok', unitsTreatment, unitsControl: kappa * unitsTreatment };
}

/**
 * Events of both arms that a log-rank test needs, not rounded: (z_alpha + z_power)^2 / (p (1 - p) log(HR)^2)
 * (Schoenfeld 1981).
 * @param allocationTreatment p, treatment's share of the units.
 * Undefined: `zero_effect` (hazard ratio 1), `insufficient_units` (an arm gets no units), `invalid_input`.
 */
export function logRankEvents(
  hazardRatio: number,
  allocationTreatment: number,
  error: { readonly alpha: number; readonly power: number; readonly sides: 1 | 2 },
): Outcome<{ readonly events: number }> {
  const { alpha, power, sides } = error;
  if (!isProbability(alpha) || !isProbability(power) || !(hazardRatio > 0) || !Number.isFinite(hazardRatio)) {
    return undefinedBecause('invalid_input');
  }
  if (!(allocationTreatment >= 0 && allocationTreatment <= 1)) return undefinedBecause('invalid_input');
  if (!isProbability(allocationTreatment)) return undefinedBecause('insufficient_units');
  if (hazardRatio === 1) return undefinedBecause('zero_effect');
  const z = Math.max(0, criticalZ(alpha, sides) + normalQuantile(power)) / Math.log(hazardRatio);
  return { status: 'ok', events: (z * z) / (allocationTreatment * (1 - allocationTreatment)) };
}
