export type Matrix = readonly (readonly number[])[];

/** A pivot smaller than this share of its diagonal element is rounding error: the row depends on those before. */
const SINGULAR = 1e-10;

/** Rows of a symmetric positive semi-definite matrix that do not depend linearly on the kept rows before them. */
export function independentRows(matrix: Matrix): number[] {
  const kept: number[] = [];
  for (let row = 0; row < matrix.length; row++) {
    if (choleskyFactor(submatrix(matrix, [...kept, row]))) kept.push(row);
  }
  return kept;
}

export function submatrix(matrix: Matrix, rows: readonly number[]): number[][] {
  return rows.map((i) => rows.map((j) => (matrix[i] as readonly number[])[j] as number));
}

/** Lower triangular L with L L' = matrix; null where the matrix is not positive definite within rounding. */
function choleskyFactor(matrix: Matrix): number[][] | null {
  const factor: number[][] = [];
  for (let i = 0; i < matrix.length; i++) {
    const row: number[] = [];
    for (let j = 0; j <= i; j++) {
      const other = j === i ? row : (factor[j] as number[]);
      let rest = (matrix[i] as readonly number[])[j] as number;
      for (let k = 0; k < j; k++) rest -= (row[k] as number) * (other[k] as number);
      if (j < i) {
        row.push(rest / (other[j] as number));
      } else {
        const diagonal = (matrix[i] as readonly number[])[i] as number;
        if (!(rest > SINGULAR * diagonal) || !Number.isFinite(rest)) return null;
        row.push(Math.sqrt(rest));
      }
    }
    factor.push(row);
  }
  return factor;
}

/** x with matrix x = right, for a symmetric positive definite matrix; null where it is not. */
export function solveSymmetric(matrix: Matrix, right: readonly number[]): number[] | null {
  const factor = choleskyFactor(matrix);
  if (!factor) return null;
  const n = right.length;
  const at = (i: number, j: number): number => (factor[i] as number[])[j] as number;
  const x = [...right];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] as number) - at(i, k) * (x[k] as number);
    x[i] = (x[i] as number) / at(i, i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = (x[i] as number) - at(k, i) * (x[k] as number);
    x[i] = (x[i] as number) / at(i, i);
  }
  return x;
}

/** v' matrix^-1 v; null where the matrix is not positive definite. */
export function inverseQuadraticForm(matrix: Matrix, v: readonly number[]): number | null {
  const x = solveSymmetric(matrix, v);
  return x && x.reduce((sum, xi, i) => sum + xi * (v[i] as number), 0);
}
