import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { Contrast } from '../contrast.js';
import { solveSymmetric } from '../linear/cholesky.js';
import { dot, quadraticForm } from '../linear/vectors.js';
import { comparable } from './cuped-multi.js';
import type { CovariateMoments } from './cuped-multi.js';

const { max, sqrt } = Math;

/** Squared residuals of one arm smaller than this share of its sum of squares are rounding. */
const ROUNDING = 8 * Number.EPSILON;
/** What is left of 1 - leverage of a unit that alone decides a coefficient. */
export const SATURATED = 1e-10;

/**
 * What a second pass over the units of one arm needs. With d = x - centre the residual of a unit is
 * e = y - mean - slopes'd, its leverage h = 1 / n + d' inverse d, and its weight in the effect w = 1 / n + direction'd.
 */
export interface LinArm {
  readonly n: number;
  readonly mean: number;
  readonly centre: Float64Array;
  readonly slopes: Float64Array;
  /** Inverse of the co-moments of the covariates, row by row; 0 for those that are left out. */
  readonly inverse: Float64Array;
  readonly direction: Float64Array;
}

export interface LinPlan {
  readonly control: LinArm;
  readonly treatment: LinArm;
  readonly estimate: number;
  /** Units minus coefficients. */
  readonly df: number;
  /** Positions of covariates that are constant in an arm, or repeat others there. */
  readonly redundant: readonly number[];
  readonly baseline: Pick<Contrast, 'baseline' | 'baselineVariance' | 'covariance'>;
}

/** Sums over the units of one arm in the second pass. */
export interface LinSums {
  /** Sum of (w e)^2 / (1 - h), and of (w e)^2 / (1 - h)^2. */
  readonly hc2: number;
  readonly hc3: number;
  /** Units whose leverage is 1: alone they decide a coefficient, and leave no residual to learn a variance from. */
  readonly saturated: number;
}

function inverseOf(xx: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const unit = new Float64Array(size);
    unit[j] = 1;
    solveSymmetric(xx, unit).forEach((value, i) => (inverse[i * size + j] = value));
  }
  return inverse;
}

/** The moments with only some covariates left to vary. */
function restricted(arm: CovariateMoments, kept: readonly boolean[]): CovariateMoments {
  const size = kept.length;
  return {
    ...arm,
    xx: arm.xx.map((value, k) => (kept[Math.floor(k / size)] && kept[k % size] ? value : 0)),
    xy: arm.xy.map((value, i) => (kept[i] ? value : 0)),
  };
}

function armOf(arm: CovariateMoments, pooled: Float64Array): LinArm {
  const size = arm.x.length;
  const inverse = inverseOf(arm.xx, size);
  const off = pooled.map((value, i) => value - (arm.x[i] as number));
  const row = (i: number): Float64Array => inverse.subarray(i * size, (i + 1) * size);
  return {
    n: arm.n,
    mean: arm.mean,
    centre: arm.x,
    slopes: solveSymmetric(arm.xx, arm.xy),
    inverse,
    direction: pooled.map((_, i) => dot(row(i), off)),
  };
}

const fittedAt = ({ mean, slopes, centre }: LinArm, pooled: Float64Array): number =>
  mean + dot(slopes, pooled) - dot(slopes, centre);

/**
 * Regression adjustment of Lin (2013, Annals of Applied Statistics 7) from moments: least squares in each arm, both
 * evaluated at the pooled mean of the covariates, which is the fully interacted regression of `linAdjustment`. Its
 * heteroscedasticity-consistent errors need each unit's residual and leverage once more: `linContrast` takes their sums.
 * Not computed: `invalid_input`, `not_finite`, `insufficient_units`, `zero_variance` (nothing is left unexplained).
 */
export function planLin(control: CovariateMoments, treatment: CovariateMoments): Computed<LinPlan> {
  const odd = comparable(control, treatment);
  if (odd) return notComputed(odd);
  const size = control.x.length;
  const inverses = [control, treatment].map(({ xx }) => inverseOf(xx, size));
  const kept = Array.from({ length: size }, (_, i) =>
    inverses.every((inverse) => (inverse[i * size + i] as number) > 0),
  );
  const n = control.n + treatment.n;
  const pooled = control.x.map(
    (value, i) => value + ((treatment.x[i] as number) - value) * (treatment.n / n),
  );
  const [a, b] = [armOf(restricted(control, kept), pooled), armOf(restricted(treatment, kept), pooled)];
  const coefficients = 1 + kept.filter(Boolean).length;
  if (control.n <= coefficients || treatment.n <= coefficients) return notComputed('insufficient_units');
  const left = (arm: CovariateMoments, { slopes }: LinArm): boolean =>
    arm.yy - dot(slopes, arm.xy) > ROUNDING * arm.yy;
  if (!left(control, a) && !left(treatment, b)) return notComputed('zero_variance');
  const scale = (control.n - 1) * control.n;
  return computed({
    control: a,
    treatment: b,
    estimate: fittedAt(b, pooled) - fittedAt(a, pooled),
    df: n - 2 * coefficients,
    redundant: kept.flatMap((is, i) => (is ? [] : [i])),
    baseline: {
      baseline: control.mean,
      baselineVariance: control.yy / scale,
      covariance: -max(0, control.yy - dot(a.slopes, control.xy)) / scale,
    },
  });
}

/** The second pass over units in memory. @param y and covariates as given to `covariateMoments`. */
export function linSums(arm: LinArm, y: Float64Array, covariates: readonly Float64Array[]): LinSums {
  const size = covariates.length;
  const d = new Float64Array(size);
  let [hc2, hc3, saturated] = [0, 0, 0];
  for (let u = 0; u < y.length; u++) {
    for (let i = 0; i < size; i++) d[i] = (covariates[i]?.[u] as number) - (arm.centre[i] as number);
    const free = 1 - 1 / arm.n - quadraticForm(arm.inverse, d);
    if (free <= SATURATED) {
      saturated++;
      continue;
    }
    const residual = (y[u] as number) - arm.mean - dot(arm.slopes, d);
    const square = ((1 / arm.n + dot(arm.direction, d)) * residual) ** 2;
    hc2 += square / free;
    hc3 += square / free / free;
  }
  return { hc2, hc3, saturated };
}

/** Moments of one arm's outcome with covariates, one value per unit in each array; two passes. */
export function covariateMoments(y: Float64Array, covariates: readonly Float64Array[]): CovariateMoments {
  const centre = (values: Float64Array): [number, Float64Array] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [mean, values.map((value) => value - mean)];
  };
  const [mean, dy] = centre(y);
  const parts = covariates.map(centre);
  return {
    n: y.length,
    mean,
    x: Float64Array.from(parts, ([value]) => value),
    yy: dot(dy, dy),
    xx: Float64Array.from(parts.flatMap(([, a]) => parts.map(([, b]) => dot(a, b)))),
    xy: Float64Array.from(parts, ([, dx]) => dot(dx, dy)),
  };
}

/**
 * The effect with standard errors HC2 or HC3 (MacKinnon, White 1985). Not computed: `insufficient_units` (a unit that
 * alone decides a coefficient), `zero_variance`, `not_finite`.
 */
export function linContrast(
  plan: LinPlan,
  sums: { readonly control: LinSums; readonly treatment: LinSums },
  errors: 'hc2' | 'hc3',
): Computed<Contrast> {
  if (sums.control.saturated + sums.treatment.saturated > 0) return notComputed('insufficient_units');
  const variance = sums.control[errors] + sums.treatment[errors];
  if (!(variance > 0)) return notComputed(Number.isNaN(variance) ? 'not_finite' : 'zero_variance');
  const { control, treatment, estimate, df, baseline } = plan;
  return computed({
    estimate,
    standardError: sqrt(variance),
    df,
    ...baseline,
    theta: 0,
    adjusted: true,
    control: { n: control.n, mean: control.mean },
    treatment: { n: treatment.n, mean: treatment.mean },
  });
}
