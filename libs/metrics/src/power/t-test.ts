import { illinoisRoot } from '../distributions/illinois.js';
import { noncentralTSf, normalQuantile, studentTQuantile } from '../distributions/index.js';
import { isProbability, undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';

/** Two-sided, or treatment greater or less than control. */
export type TestDirection = 'two-sided' | 'greater' | 'less';

export interface TTestPlan {
  /** Difference in means to find, treatment minus control, and the standard deviation of one unit in either arm. */
  readonly delta: number;
  readonly sd: number;
  readonly alpha: number;
  readonly alternative: TestDirection;
}

/** Smallest degrees of freedom that a search for a size looks at. */
const FEWEST_DF = 0.5;
/** Largest size that is worth computing. */
const MOST_UNITS = 1e15;

/** What is wrong with a plan, whatever the sizes. */
function planProblem(plan: TTestPlan): 'invalid_input' | 'zero_variance' | null {
  const { delta, sd, alpha } = plan;
  if (!isProbability(alpha) || !Number.isFinite(delta) || !(sd >= 0) || !Number.isFinite(sd))
    return 'invalid_input';
  return sd === 0 ? 'zero_variance' : null;
}

/** Power at sizes known to be sensible. */
function tPower(plan: TTestPlan, control: number, treatment: number): number {
  const { alpha, alternative } = plan;
  const df = control + treatment - 2;
  const ncp = plan.delta / plan.sd / Math.sqrt(1 / control + 1 / treatment);
  if (alternative === 'two-sided') {
    const critical = -studentTQuantile(alpha / 2, df);
    return noncentralTSf(critical, df, ncp) + noncentralTSf(critical, df, -ncp);
  }
  return noncentralTSf(-studentTQuantile(alpha, df), df, alternative === 'greater' ? ncp : -ncp);
}

/**
 * Power of the pooled two-sample t test by the noncentral t law, both tails counted when two-sided (Cohen 1988; R
 * power.t.test with strict = TRUE). Sizes need not be whole.
 * Undefined: `insufficient_units` (an arm without units, or no degrees of freedom), `zero_variance`,
 * `invalid_input`. Never throws.
 */
export function tTestPower(
  plan: TTestPlan,
  unitsControl: number,
  unitsTreatment: number,
): Outcome<{ readonly power: number }> {
  if (!Number.isFinite(unitsControl + unitsTreatment)) return undefinedBecause('invalid_input');
  if (!(unitsControl > 0 && unitsTreatment > 0 && unitsControl + unitsTreatment > 2)) {
    return undefinedBecause('insufficient_units');
  }
  const problem = planProblem(plan);
  if (problem) return undefinedBecause(problem);
  return { status: 'ok', power: tPower(plan, unitsControl, unitsTreatment) };
}

export interface ArmUnits {
  readonly unitsControl: number;
  readonly unitsTreatment: number;
}

/**
 * Units per arm, not rounded, at which the t test of `tTestPower` has the wanted power.
 * @param ratio treatment's units per unit of control.
 * Undefined: `zero_effect`, `zero_variance`, `unreachable` (effect on the side that is not tested, or more than
 * 1e15 units), `invalid_input`. Never throws.
 */
export function tTestUnits(plan: TTestPlan, power: number, ratio = 1): Outcome<ArmUnits> {
  const problem = planProblem(plan);
  if (!isProbability(power) || !(ratio > 0) || !Number.isFinite(ratio))
    return undefinedBecause('invalid_input');
  if (problem) return undefinedBecause(problem);
  if (plan.delta === 0) return undefinedBecause('zero_effect');
  if (plan.alternative === (plan.delta > 0 ? 'less' : 'greater')) return undefinedBecause('unreachable');
  const wanted = normalQuantile(power);
  const shortfall = (logUnits: number): number => {
    const n = Math.exp(logUnits);
    return normalQuantile(Math.min(1 - Number.EPSILON, tPower(plan, n, n * ratio))) - wanted;
  };
  const low = Math.log((2 + FEWEST_DF) / (1 + ratio));
  const result = (n: number): Outcome<ArmUnits> => ({
    status: 'ok',
    unitsControl: n,
    unitsTreatment: n * ratio,
  });
  if (shortfall(low) >= 0) return result(Math.exp(low));
  let high = low + 1;
  while (shortfall(high) < 0) {
    if (high > Math.log(MOST_UNITS)) return undefinedBecause('unreachable');
    high += 1;
  }
  return result(Math.exp(illinoisRoot(shortfall, high - 1, high, 1e-12)));
}
