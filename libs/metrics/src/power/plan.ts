import type { ArmSizes, Estimator, LookPlan, MetricDefinition } from '../contract.js';
import { bracketedRoot } from '../distributions/invert.js';
import { normalQuantile } from '../distributions/index.js';

const { abs, exp, log, max, round, sqrt } = Math;

/** Largest number of units of all arms that is worth computing. */
const MOST_UNITS = 1e12;
/** Largest relative lift that a search looks at. */
const LARGEST_LIFT = 100;

export interface ExperimentPlan {
  readonly kind: MetricDefinition['kind'];
  /** Control's mean, and variance of one unit (of a ratio: linearised). Ignored for shares: p (1 - p). */
  readonly mean: number;
  readonly variance: number;
  /** Total two-sided error of the experiment; every comparison with control gets its share (Bonferroni). */
  readonly alpha: number;
  readonly power: number;
  /** Weights of the arms; the first is control. At least two, all positive. */
  readonly weights: readonly number[];
  /** Correlation with the pre-period covariate, in [0, 1): CUPED leaves 1 - rho^2 of the variance. */
  readonly covariateCorrelation: number;
  /** Units of a cluster that are treated alike, and their intraclass correlation: 1 + (size - 1) ICC times the variance. */
  readonly clusterSize: number;
  readonly intraclassCorrelation: number;
  readonly estimator: Estimator;
  readonly sequentialTuning?: number;
  readonly lookPlan?: Pick<LookPlan, 'looks' | 'spending'>;
}

/** Error of one comparison with control. */
export const comparisonAlpha = ({ alpha, weights }: ExperimentPlan): number => alpha / (weights.length - 1);

/** Variance of one unit with this relative lift, after CUPED and clusters. */
function unitVariance(plan: ExperimentPlan, lift: number): number {
  const { kind, mean, covariateCorrelation: rho, clusterSize, intraclassCorrelation } = plan;
  const share = kind === 'proportion' || kind === 'retention';
  const p = mean * (1 + lift);
  const plain = share ? max(0, p * (1 - p)) : plan.variance;
  return plain * (1 - rho * rho) * (1 + (clusterSize - 1) * intraclassCorrelation);
}

/** The comparison with the smallest arm decides: the others are read with more power. */
function pairShares({ weights }: ExperimentPlan): { control: number; treatment: number } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const smallest = Math.min(...weights.slice(1));
  return { control: (weights[0] as number) / total, treatment: smallest / total };
}

/**
 * Standard errors that the interval is wide at these sizes. An estimator that is read once is planned with the normal
 * law; one that pays for looks with its own boundary at this size.
 */
function criticalAt(plan: ExperimentPlan, sizes: ArmSizes, fixed: boolean): number | null {
  const alpha = comparisonAlpha(plan);
  if (fixed || (!plan.estimator.validUnderPeeking && plan.lookPlan === undefined))
    return -normalQuantile(alpha / 2);
  return plan.estimator.halfWidth(sizes, {
    alpha,
    ...(plan.sequentialTuning === undefined ? {} : { sequentialTuning: plan.sequentialTuning }),
    // At the last look, whatever the size.
    ...(plan.lookPlan === undefined
      ? {}
      : { lookPlan: { ...plan.lookPlan, plannedUnits: sizes.control + sizes.treatment } }),
  });
}

/** Log of (effect over what can be detected) with `units` of all arms; rises with units and with the lift. */
function surplus(plan: ExperimentPlan, units: number, lift: number, fixed: boolean): number {
  const shares = pairShares(plan);
  const sizes = { control: units * shares.control, treatment: units * shares.treatment };
  const critical = criticalAt(plan, sizes, fixed);
  if (critical === null) return -1e9;
  const variance = unitVariance(plan, 0) / sizes.control + unitVariance(plan, lift) / sizes.treatment;
  return log((abs(plan.mean) * abs(lift)) / (sqrt(variance) * (critical + normalQuantile(plan.power))));
}

export interface PlannedSize {
  /** Units of all arms, and of each arm in the order of the weights; whole numbers. */
  readonly totalUnits: number;
  readonly unitsPerArm: readonly number[];
}

/**
 * Units that find a relative lift with the wanted power in the comparison with the smallest arm, normal approximation,
 * each arm with the variance that it has under the lift. `fixed`: as if read once, whatever the estimator.
 * null where out of reach, or mean or lift is 0.
 */
export function plannedSize(plan: ExperimentPlan, lift: number, fixed = false): PlannedSize | null {
  if (lift === 0 || plan.mean === 0 || !isAttainable(plan, lift)) return null;
  const f = (logUnits: number): number => surplus(plan, exp(logUnits), lift, fixed);
  const [low, high] = [log(2), log(MOST_UNITS)];
  if (!(f(high) >= 0)) return null;
  const units = f(low) >= 0 ? 2 : exp(bracketedRoot(f, low, high));
  const total = plan.weights.reduce((sum, weight) => sum + weight, 0);
  // To the nearest: half a unit changes the power in its sixth digit.
  const unitsPerArm = plan.weights.map((weight) => max(1, round((units * weight) / total)));
  return { totalUnits: unitsPerArm.reduce((sum, n) => sum + n, 0), unitsPerArm };
}

/** A share cannot leave [0, 1]. */
function isAttainable({ kind, mean }: ExperimentPlan, lift: number): boolean {
  const p = mean * (1 + lift);
  return (kind !== 'proportion' && kind !== 'retention') || (p >= 0 && p <= 1);
}

/** Smallest positive relative lift that is found with the wanted power by `units` of all arms; null: none. */
export function smallestLiftAt(plan: ExperimentPlan, units: number, fixed = false): number | null {
  if (!(units > 0) || plan.mean === 0) return null;
  const share = plan.kind === 'proportion' || plan.kind === 'retention';
  const largest = share ? Math.min(LARGEST_LIFT, 1 / plan.mean - 1) : LARGEST_LIFT;
  const f = (lift: number): number => surplus(plan, units, lift, fixed);
  if (!(largest > 0) || !(f(largest) >= 0)) return null;
  return bracketedRoot(f, largest * 1e-9, largest);
}

/** Traffic of a surface as it was seen: distinct units within the first day, two days, ... of a window. */
export interface GrowthCurve {
  readonly cumulativeUnits: readonly number[];
}

/** How much of the traffic takes part: a share from the start, or a smaller one for the first days. */
export interface Rollout {
  /** Share of units that take part, in (0, 1]. */
  readonly traffic: number;
  readonly ramp: { readonly share: number; readonly days: number } | null;
}

/** Days of which the mean of new units is carried on beyond the observed window. */
const TAIL_DAYS = 7;

/** Distinct units after `day` whole days; beyond the window by the mean of new units on its last seven days. */
export function unitsAfter({ cumulativeUnits: seen }: GrowthCurve, day: number): number {
  if (day <= 0 || seen.length === 0) return 0;
  if (day <= seen.length) return seen[day - 1] as number;
  const last = seen[seen.length - 1] as number;
  const from = max(0, seen.length - TAIL_DAYS);
  const before = from === 0 ? 0 : (seen[from - 1] as number);
  return last + ((last - before) / (seen.length - from)) * (day - seen.length);
}

/**
 * Units that take part after `day` days. After a ramp at least those that came since its end count at the full share
 * (units of the ramp that come back are among them): never more than there are.
 */
export function enrolledAfter(curve: GrowthCurve, { traffic, ramp }: Rollout, day: number): number {
  if (ramp === null) return traffic * unitsAfter(curve, day);
  const share = Math.min(ramp.share, traffic);
  if (day <= ramp.days) return share * unitsAfter(curve, day);
  return max(share * unitsAfter(curve, day), traffic * unitsAfter(curve, day - ramp.days));
}

/** First day on which that many units take part; null: not within `mostDays`. At least 1. */
export function daysUntil(
  units: number,
  curve: GrowthCurve,
  rollout: Rollout,
  mostDays: number,
): number | null {
  for (let day = 1; day <= mostDays; day++) if (enrolledAfter(curve, rollout, day) >= units) return day;
  return null;
}
