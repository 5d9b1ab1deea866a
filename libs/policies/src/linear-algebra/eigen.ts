const MOST_SWEEPS = 60;

/** Eigenvalues, and the eigenvectors as the columns of `vectors` (n * n doubles, row after row). */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/**
 * Eigen decomposition A = Q diag(values) Q' of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan,
 * section 8.5): slow for large n but accurate to the last digits. Eigenvalues are in no particular order.
 * @param lower n * n doubles of which only the lower triangle is read.
 */
export function symmetricEigen(lower: Float64Array, n: number): Eigen {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = lower[i * n + j] as number;
  }
  // Rows of q are the eigenvectors while rotating, so that both matrices are walked along memory.
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS && !isDiagonal(a, n); sweep++) {
    for (let p = 0; p < n; p++) {
      for (let r = p + 1; r < n; r++) rotate(a, q, n, p, r);
    }
  }
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) vectors[j * n + i] = q[i * n + j] as number;
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number), vectors };
}

function isDiagonal(a: Float64Array, n: number): boolean {
  let off = 0;
  let all = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const square = (a[i * n + j] as number) ** 2;
      all += square;
      if (i !== j) off += square;
    }
  }
  return off <= 1e-30 * all;
}

/** Zeroes entry (p, r) by a rotation in the plane of p and r. */
function rotate(a: Float64Array, q: Float64Array, n: number, p: number, r: number): void {
  const off = a[p * n + r] as number;
  if (off === 0) return;
  const tau = ((a[r * n + r] as number) - (a[p * n + p] as number)) / (2 * off);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  turnRows(a, n, p, r, c, s);
  for (let i = 0; i < n; i++) {
    const x = a[i * n + p] as number;
    const y = a[i * n + r] as number;
    a[i * n + p] = c * x - s * y;
    a[i * n + r] = s * x + c * y;
  }
  turnRows(q, n, p, r, c, s);
}

function turnRows(m: Float64Array, n: number, p: number, r: number, c: number, s: number): void {
  for (let j = 0; j < n; j++) {
    const x = m[p * n + j] as number;
    const y = m[r * n + j] as number;
    m[p * n + j] = c * x - s * y;
    m[r * n + j] = s * x + c * y;
  }
}
