import { DomainError } from '#experiments';

/**
 * Factors a symmetric positive definite matrix A = L L' in place: the lower triangle of `a` becomes L, the upper is
 * neither read nor written.
 * @param a n * n doubles, row after row.
 * @throws DomainError `not_positive_definite`.
 */
export function choleskyInPlace(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n;
      let sum = a[rowI + j] as number;
      for (let k = 0; k < j; k++) sum -= (a[rowI + k] as number) * (a[rowJ + k] as number);
      if (j < i) {
        a[rowI + j] = sum / (a[rowJ + j] as number);
      } else {
        if (!(sum > 0)) throw new DomainError('not_positive_definite', `pivot ${i} of ${n} is ${sum}`);
        a[rowI + i] = Math.sqrt(sum);
      }
    }
  }
}

/** Solves L L' x = rhs in place, given the factor that choleskyInPlace left in `l`. */
export function solveCholesky(l: Float64Array, n: number, rhs: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = rhs[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[i * n + k] as number) * (rhs[k] as number);
    rhs[i] = sum / (l[i * n + i] as number);
  }
  // Backwards by columns of L' = rows of L, so that memory is read in order.
  for (let i = n - 1; i >= 0; i--) {
    const value = (rhs[i] as number) / (l[i * n + i] as number);
    rhs[i] = value;
    for (let k = 0; k < i; k++) rhs[k] = (rhs[k] as number) - value * (l[i * n + k] as number);
  }
}

/** The whole symmetric inverse (L L')^-1 as n * n doubles. */
export function invertCholesky(l: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  // Rows of `w` are the columns of L^-1, so that the products below run along memory.
  const w = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const row = j * n;
    w[row + j] = 1 / (l[j * n + j] as number);
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= (l[i * n + k] as number) * (w[row + k] as number);
      w[row + i] = sum / (l[i * n + i] as number);
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += (w[i * n + k] as number) * (w[j * n + k] as number);
      inverse[i * n + j] = sum;
      inverse[j * n + i] = sum;
    }
  }
  return inverse;
}
