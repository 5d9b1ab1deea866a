import { dot, maxAbs } from './vectors.js';

const { abs, sqrt } = Math;

/** A column of which less than this share is left after projection on those before it is a copy of them. */
const COLLINEAR = 1e-9;

/** Rounding error of one observation, relative to the largest. */
const ROUNDING = 8 * Number.EPSILON;

export interface LeastSquares {
  /** One per column of the design; 0 for a redundant one. */
  readonly coefficients: Float64Array;
  /** Positions of columns that are linear combinations of columns before them. */
  readonly redundant: readonly number[];
  /** Number of columns that are not redundant. */
  readonly rank: number;
  readonly residuals: Float64Array;
  /** Diagonal of the hat matrix. */
  readonly leverages: Float64Array;
  /** Residual sum of squares; exactly 0 where only rounding error is left. */
  readonly residualSquares: number;
  /** Weights l over the observations with c'b = l'y for the fitted coefficients b. */
  influence(c: ArrayLike<number>): Float64Array;
}

/** Removes from `v` its part in the span of `basis`, twice (once leaves rounding errors), and adds up what went. */
function project(v: Float64Array, basis: readonly Float64Array[]): Float64Array {
  const removed = new Float64Array(basis.length);
  for (let pass = 0; pass < 2; pass++) {
    basis.forEach((q, k) => {
      const share = dot(q, v);
      removed[k] = (removed[k] as number) + share;
      for (let i = 0; i < v.length; i++) v[i] = (v[i] as number) - share * (q[i] as number);
    });
  }
  return removed;
}

/**
 * Ordinary least squares by Gram-Schmidt with reorthogonalisation (Giraud, Langou, Rozloznik 2005). Columns that
 * depend on those before them get the coefficient 0, as in R, so the order of the columns is a priority.
 * @param columns design matrix, one array of n finite numbers per column (the intercept is a column of ones).
 * @param y n finite observations. Centre large offsets away before: their digits are lost here.
 */
export function leastSquares(columns: readonly Float64Array[], y: Float64Array): LeastSquares {
  const basis: Float64Array[] = [];
  const triangle: Float64Array[] = [];
  const kept: number[] = [];
  columns.forEach((column, j) => {
    const rest = column.slice();
    const before = sqrt(dot(column, column));
    const r = project(rest, basis);
    const left = sqrt(dot(rest, rest));
    if (!(left > COLLINEAR * before)) return;
    triangle.push(Float64Array.of(...r, left));
    basis.push(rest.map((value) => value / left));
    kept.push(j);
  });
  const residuals = y.slice();
  const effects = project(residuals, basis);
  const coefficients = new Float64Array(columns.length);
  backSubstitute(triangle, effects).forEach((value, k) => (coefficients[kept[k] as number] = value));
  const leverages = new Float64Array(y.length);
  for (const q of basis) q.forEach((value, i) => (leverages[i] = (leverages[i] as number) + value * value));
  const squares = dot(residuals, residuals);
  return {
    coefficients,
    redundant: columns.map((_, j) => j).filter((j) => !kept.includes(j)),
    rank: kept.length,
    residuals,
    leverages,
    residualSquares: squares <= y.length * (ROUNDING * maxAbs(y)) ** 2 ? 0 : squares,
    influence(c) {
      const z = forwardSubstitute(
        triangle,
        Float64Array.from(kept, (j) => c[j] as number),
      );
      const weights = new Float64Array(y.length);
      basis.forEach((q, k) =>
        q.forEach((value, i) => (weights[i] = (weights[i] as number) + value * (z[k] as number))),
      );
      return weights;
    },
  };
}

/** Solves R b = e for an upper triangle given by its columns. */
function backSubstitute(triangle: readonly Float64Array[], e: Float64Array): Float64Array {
  const b = e.slice();
  for (let j = triangle.length - 1; j >= 0; j--) {
    const column = triangle[j] as Float64Array;
    b[j] = (b[j] as number) / (column[j] as number);
    for (let i = 0; i < j; i++) b[i] = (b[i] as number) - (b[j] as number) * (column[i] as number);
  }
  return b;
}

/** Solves R' z = c. */
function forwardSubstitute(triangle: readonly Float64Array[], c: Float64Array): Float64Array {
  const z = new Float64Array(c.length);
  triangle.forEach((column, j) => {
    let sum = c[j] as number;
    for (let i = 0; i < j; i++) sum -= (column[i] as number) * (z[i] as number);
    z[j] = sum / (column[j] as number);
  });
  return z;
}

/**
 * The column minus its mean; exactly zero where it is constant up to rounding, so that a constant covariate is
 * recognised as redundant whatever its offset.
 */
export function centred(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const column = Float64Array.from(values);
  const scale = maxAbs(column);
  for (let pass = 0; pass < 2; pass++) {
    let sum = 0;
    for (const value of column) sum += value;
    for (let i = 0; i < n; i++) column[i] = (column[i] as number) - sum / n;
  }
  return column.every((value) => abs(value) <= ROUNDING * scale) ? new Float64Array(n) : column;
}
