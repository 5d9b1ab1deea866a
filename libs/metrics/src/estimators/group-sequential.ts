import type { ArmSizes, EstimateOptions, HalfWidthOptions, LookPlan } from '../contract.js';
import { normalLogSf, normalQuantile } from '../distributions/index.js';
import { illinoisRoot } from '../distributions/illinois.js';
import { groupSequentialBounds } from '../sequential/group-sequential.js';
import { buildEstimator } from './build-estimator.js';
import { judgingLook } from './planned-looks.js';
import type { Law } from './law.js';

const { LN2, exp, max, min } = Math;

/** Smallest error whose boundary is computed, as a logarithm; a p-value below it is stated as this. */
const LEAST_LOG_P = -60;
/** Stands for an infinite distance from a boundary: no error to spend. */
const FARTHEST = 100;
/** Looks closer than this are the same. */
const SAME_LOOK = 1e-3;

/** Whether looks are ascending in (0, 1], end at 1, and there is a size to relate them to. */
function isPlan({ plannedUnits, looks }: LookPlan): boolean {
  const ascending = looks.every((look, i) => look > (i === 0 ? 0 : (looks[i - 1] as number) + SAME_LOOK));
  return plannedUnits > 0 && Number.isFinite(plannedUnits) && ascending && looks[looks.length - 1] === 1;
}

/**
 * Information fractions of the looks so far. A read between two planned looks is judged by the boundary of the one
 * behind it; beyond the planned size the last look is taken where it is (overrunning).
 */
function looksSoFar(units: number, plan: LookPlan): number[] {
  const { plannedUnits, looks } = plan;
  const now = units / plannedUnits;
  return now > 1 ? [...looks.slice(0, -1), now] : looks.slice(0, judgingLook(units, plan) + 1);
}

type Bound = (alpha: number) => number;

/** Critical value at the present look as a function of the total error, of one or two sides. */
function boundAt(looks: readonly number[], spending: LookPlan['spending'], sides: 1 | 2): Bound {
  return (alpha) => {
    // All error is spent at a single look that is the last: the fixed-size test.
    if (looks.length === 1 && (looks[0] as number) >= 1) return -normalQuantile(alpha / sides);
    const bounds = groupSequentialBounds({ information: looks, spending: { kind: spending }, alpha, sides });
    return bounds.status === 'ok' ? (bounds.criticalValues[looks.length - 1] as number) : NaN;
  };
}

/**
 * Repeated p-value of Jennison and Turnbull (2000, section 9.3): the smallest total error whose boundary z reaches, so
 * it is below alpha exactly when the repeated confidence interval excludes zero.
 */
function repeatedLogP(bound: Bound, z: number, sides: 1 | 2): number {
  const least = normalLogSf(z) + (sides === 2 ? LN2 : 0);
  if (z <= 0 || least >= 0) return 0;
  const excess = (logAlpha: number): number => max(-FARTHEST, z - bound(exp(logAlpha)));
  const low = max(LEAST_LOG_P, least);
  if (excess(low) >= 0) return low;
  const high = -1e-9;
  if (!(excess(high) > 0)) return 0;
  return min(0, illinoisRoot(excess, low, high, 1e-9));
}

/** Error spending is costly, and a report asks again and again at the same looks: kept by exact arguments. */
const kept = new Map<string, number>();
const MOST_KEPT = 2000;

function criticalValue(looks: readonly number[], spending: LookPlan['spending'], alpha: number): number {
  const key = `${spending} ${alpha} ${looks.join(' ')}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  const value = boundAt(looks, spending, 2)(alpha);
  kept.set(key, value);
  return value;
}

function lawOf(sizes: ArmSizes, { alpha, lookPlan }: EstimateOptions): Law | { readonly reason: string } {
  if (!lookPlan) return { reason: 'no_planned_looks' };
  if (!isPlan(lookPlan)) return { reason: 'invalid_look_plan' };
  const { spending } = lookPlan;
  const looks = looksSoFar(sizes.control + sizes.treatment, lookPlan);
  const critical = criticalValue(looks, spending, alpha);
  if (!(critical > 0)) return { reason: 'not_finite' };
  if (critical === Infinity) return { reason: 'no_error_to_spend' };
  return {
    criticalValue: critical,
    logP: (z) => singleLook(looks, z, 2) ?? repeatedLogP(boundAt(looks, spending, 2), z, 2),
    logPGreater: (z) => singleLook(looks, z, 1) ?? repeatedLogP(boundAt(looks, spending, 1), z, 1),
  };
}

/** The p-value of a test with one look at its planned size, in closed form; null for any other. */
function singleLook(looks: readonly number[], z: number, sides: 1 | 2): number | null {
  if (looks.length > 1 || (looks[0] as number) < 1) return null;
  return sides === 2 ? min(0, normalLogSf(z) + LN2) : normalLogSf(z);
}

function halfWidth(sizes: ArmSizes, { alpha, lookPlan }: HalfWidthOptions): number | null {
  if (!lookPlan || !isPlan(lookPlan)) return null;
  const looks = looksSoFar(sizes.control + sizes.treatment, lookPlan);
  const critical = criticalValue(looks, lookPlan.spending, alpha);
  return Number.isFinite(critical) ? critical : null;
}

export const groupSequential = buildEstimator({
  key: 'group-sequential',
  title: 'Group sequential',
  summary:
    'For experiments read at a few looks that were planned beforehand. Narrower than the confidence sequence, and ' +
    'nearly as narrow as a fixed-size test at the last look with O’Brien-Fleming spending. Needs planned units ' +
    'and looks; read at other times, it is too early to decide.',
  reference:
    'Lan, K. K. G., DeMets, D. L. (1983). Biometrika 70; repeated intervals and p-values: Jennison, C., Turnbull, B. ' +
    'W. (2000), chapter 9; lift: Fieller, E. C. (1954). JRSS B 16.',
  validUnderPeeking: false,
  intervalKind: 'confidence',
  law: ({ control, treatment, options }) => lawOf({ control: control.n, treatment: treatment.n }, options),
  halfWidth,
});
