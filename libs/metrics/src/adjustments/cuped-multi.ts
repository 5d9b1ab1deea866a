import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { OutcomeReason } from '../inference/outcome.js';
import { solveSymmetric } from '../linear/cholesky.js';
import { allFinite, dot, quadraticForm } from '../linear/vectors.js';

const { max, sqrt } = Math;

/** Share of a sum of squares that is rounding error. */
const ROUNDING = 8 * Number.EPSILON;

/** Sums over the units of one arm: outcome y and p covariates x. */
export interface CovariateSums {
  readonly n: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** Sums of each covariate (p). */
  readonly covariateSums: readonly number[];
  /** Sums of products of covariates (p x p). */
  readonly covariateProducts: readonly (readonly number[])[];
  /** Sums of products of each covariate with y (p). */
  readonly crossProducts: readonly number[];
}

export interface MultiCupedEffect {
  readonly estimate: number;
  readonly standardError: number;
  /** Slope per covariate; 0 for one that is constant or repeats others. */
  readonly beta: Float64Array;
  /** 1 - (standard error / unadjusted standard error)^2; negative where adjustment does harm. */
  readonly varianceReduction: number;
}

/** The same centred: what databases that keep co-moments give, right also for values with a large offset. */
export interface CovariateMoments {
  readonly n: number;
  readonly mean: number;
  /** Means of the p covariates. */
  readonly x: Float64Array;
  /** Sums of products of deviations: of y, of the covariates (p x p, row by row), and of each covariate with y. */
  readonly yy: number;
  readonly xx: Float64Array;
  readonly xy: Float64Array;
}

function momentsOf(arm: CovariateSums): CovariateMoments {
  const { n, sum, covariateSums } = arm;
  const mean = sum / n;
  const x = Float64Array.from(covariateSums, (value) => value / n);
  const size = x.length;
  // Centred sums; what is smaller than the rounding error of the raw sum is nothing.
  const rest = (raw: number, offset: number): number =>
    raw - offset <= ROUNDING * Math.abs(raw) && raw - offset >= -ROUNDING * Math.abs(raw) ? 0 : raw - offset;
  const xx = new Float64Array(size * size);
  arm.covariateProducts.forEach((row, i) =>
    row.forEach((value, j) => (xx[i * size + j] = rest(value, n * (x[i] as number) * (x[j] as number)))),
  );
  const xy = Float64Array.from(arm.crossProducts, (value, i) => rest(value, n * mean * (x[i] as number)));
  return { n, mean, x, yy: max(0, rest(arm.sumSquares, n * mean * mean)), xx, xy };
}

function isConsistent(arm: CovariateSums, size: number): boolean {
  return (
    arm.covariateSums.length === size &&
    arm.crossProducts.length === size &&
    arm.covariateProducts.length === size &&
    arm.covariateProducts.every((row) => row.length === size)
  );
}

function isFiniteArm(arm: CovariateSums): boolean {
  const scalars = [arm.n, arm.sum, arm.sumSquares];
  return [scalars, arm.covariateSums, arm.crossProducts, ...arm.covariateProducts].every(allFinite);
}

/** Slopes from both arms stacked: within-arm co-moments plus those between the arms. */
function stackedSlopes(a: CovariateMoments, b: CovariateMoments): Float64Array {
  const between = (a.n * b.n) / (a.n + b.n);
  const dx = b.x.map((value, i) => value - (a.x[i] as number));
  const size = dx.length;
  const xx = a.xx.map(
    (value, k) =>
      value + (b.xx[k] as number) + (dx[Math.floor(k / size)] as number) * (dx[k % size] as number) * between,
  );
  const xy = a.xy.map(
    (value, i) => value + (b.xy[i] as number) + (dx[i] as number) * (b.mean - a.mean) * between,
  );
  return solveSymmetric(xx, xy);
}

/** Variance of an arm's adjusted mean; covariate terms with divisor n, as spotify-confidence has them. */
function adjustedVariance(arm: CovariateMoments, beta: Float64Array): number {
  const own = arm.yy / (arm.n - 1);
  const explained = (quadraticForm(arm.xx, beta) - 2 * dot(beta, arm.xy)) / arm.n;
  return max(0, own + explained) / arm.n;
}

/**
 * CUPED with several covariates from sums alone (Deng, Xu, Kohavi, Walker 2013; as ZTestLinreg of
 * spotify-confidence): treatment minus control of y - b'(x - mean x), with b from both arms stacked. Normal
 * theory: for large arms. Not computed: `invalid_input` (sizes differ), `not_finite`, `insufficient_units` (an
 * arm below two units), `zero_variance`.
 */
export function multiCuped(control: CovariateSums, treatment: CovariateSums): Computed<MultiCupedEffect> {
  const size = control.covariateSums.length;
  if (![control, treatment].every((arm) => isConsistent(arm, size))) return notComputed('invalid_input');
  if (![control, treatment].every(isFiniteArm)) return notComputed('not_finite');
  if (!(control.n >= 2 && treatment.n >= 2)) return notComputed('insufficient_units');
  return multiCupedOfMoments(momentsOf(control), momentsOf(treatment));
}

/** Whether two arms have the same p covariates and finite numbers only; else why they cannot be compared. */
export function comparable(a: CovariateMoments, b: CovariateMoments): OutcomeReason | null {
  const size = a.x.length;
  const fits = ({ x, xx, xy }: CovariateMoments): boolean =>
    x.length === size && xx.length === size * size && xy.length === size;
  if (!fits(a) || !fits(b)) return 'invalid_input';
  const finite = ({ n, mean, yy, x, xx, xy }: CovariateMoments): boolean =>
    [[n, mean, yy], x, xx, xy].every(allFinite);
  if (!finite(a) || !finite(b)) return 'not_finite';
  return a.n >= 2 && b.n >= 2 ? null : 'insufficient_units';
}

/** `multiCuped` from centred moments; the same reasons. */
export function multiCupedOfMoments(a: CovariateMoments, b: CovariateMoments): Computed<MultiCupedEffect> {
  const odd = comparable(a, b);
  if (odd) return notComputed(odd);
  const beta = stackedSlopes(a, b);
  const plain = a.yy / (a.n - 1) / a.n + b.yy / (b.n - 1) / b.n;
  const variance = adjustedVariance(a, beta) + adjustedVariance(b, beta);
  if (!(plain > 0) || !(variance > ROUNDING * plain)) return notComputed('zero_variance');
  const shift = dot(beta, b.x) - dot(beta, a.x);
  return computed({
    estimate: b.mean - a.mean - shift,
    standardError: sqrt(variance),
    beta,
    varianceReduction: 1 - variance / plain,
  });
}
