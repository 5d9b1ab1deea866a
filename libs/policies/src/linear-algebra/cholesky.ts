import { DomainError } from '#experiments';
import { packedColumn, packedRow } from './packed.js';

/**
 * Factors a symmetric positive definite matrix A = L L' in place: the lower triangle of `a` becomes L, the upper is
 * neither read nor written.
 * @param a n * n doubles, row after row.
 * @throws DomainError `not_positive_definite`.
 */
export function choleskyInPlace(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    let j = 0;
    for (; j + 4 <= i; j += 4) fourColumns(a, n, rowI, j);
    for (; j < i; j++) {
      a[rowI + j] = ((a[rowI + j] as number) - rowProduct(a, rowI, j * n, j)) / (a[j * n + j] as number);
    }
    const pivot = (a[rowI + i] as number) - rowProduct(a, rowI, rowI, i);
    if (!(pivot > 0)) throw new DomainError('not_positive_definite', `pivot ${i} of ${n} is ${pivot}`);
    a[rowI + i] = Math.sqrt(pivot);
  }
}

function rowProduct(a: Float64Array, rowI: number, rowJ: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (a[rowI + k] as number) * (a[rowJ + k] as number);
  return sum;
}

/** Entries j .. j + 3 of a row at once: four independent sums keep the processor's pipelines full. */
function fourColumns(a: Float64Array, n: number, rowI: number, j: number): void {
  const r0 = j * n;
  const r1 = r0 + n;
  const r2 = r1 + n;
  const r3 = r2 + n;
  let s0 = a[rowI + j] as number;
  let s1 = a[rowI + j + 1] as number;
  let s2 = a[rowI + j + 2] as number;
  let s3 = a[rowI + j + 3] as number;
  for (let k = 0; k < j; k++) {
    const v = a[rowI + k] as number;
    s0 -= v * (a[r0 + k] as number);
    s1 -= v * (a[r1 + k] as number);
    s2 -= v * (a[r2 + k] as number);
    s3 -= v * (a[r3 + k] as number);
  }
  const v0 = s0 / (a[r0 + j] as number);
  const v1 = (s1 - v0 * (a[r1 + j] as number)) / (a[r1 + j + 1] as number);
  const v2 = (s2 - v0 * (a[r2 + j] as number) - v1 * (a[r2 + j + 1] as number)) / (a[r2 + j + 2] as number);
  s3 -= v0 * (a[r3 + j] as number) + v1 * (a[r3 + j + 1] as number) + v2 * (a[r3 + j + 2] as number);
  a[rowI + j] = v0;
  a[rowI + j + 1] = v1;
  a[rowI + j + 2] = v2;
  a[rowI + j + 3] = s3 / (a[r3 + j + 3] as number);
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

/**
 * L^-1 of the factor in `l`, transposed and packed: row j holds column j of L^-1 from its entry j on, entry i at
 * packedColumn(j, n) + i, so that products with it run along memory.
 */
export function invertFactor(l: Float64Array, n: number): Float64Array {
  const w = new Float64Array(packedRow(n));
  let j = 0;
  for (; j + 4 <= n; j += 4) fourInverseColumns(l, n, w, j);
  for (; j < n; j++) {
    const row = packedColumn(j, n);
    w[row + j] = 1 / (l[j * n + j] as number);
    for (let i = j + 1; i < n; i++) {
      w[row + i] = -segmentProduct(l, i * n + j, w, row + j, i - j) / (l[i * n + i] as number);
    }
  }
  return w;
}

/** Columns j .. j + 3 of L^-1 at once: every entry of L below them is read once for all of them. */
function fourInverseColumns(l: Float64Array, n: number, w: Float64Array, j: number): void {
  fourByFourInverse(l, n, w, j);
  const r0 = packedColumn(j, n);
  const r1 = packedColumn(j + 1, n);
  const r2 = packedColumn(j + 2, n);
  const r3 = packedColumn(j + 3, n);
  const w00 = w[r0 + j] as number;
  const w01 = w[r0 + j + 1] as number;
  const w02 = w[r0 + j + 2] as number;
  const w11 = w[r1 + j + 1] as number;
  const w12 = w[r1 + j + 2] as number;
  const w22 = w[r2 + j + 2] as number;
  for (let i = j + 4; i < n; i++) {
    const row = i * n;
    const v0 = l[row + j] as number;
    const v1 = l[row + j + 1] as number;
    const v2 = l[row + j + 2] as number;
    let s0 = v0 * w00 + v1 * w01 + v2 * w02;
    let s1 = v1 * w11 + v2 * w12;
    let s2 = v2 * w22;
    let s3 = 0;
    for (let k = j + 3; k < i; k++) {
      const v = l[row + k] as number;
      s0 += v * (w[r0 + k] as number);
      s1 += v * (w[r1 + k] as number);
      s2 += v * (w[r2 + k] as number);
      s3 += v * (w[r3 + k] as number);
    }
    const scale = -1 / (l[row + i] as number);
    w[r0 + i] = scale * s0;
    w[r1 + i] = scale * s1;
    w[r2 + i] = scale * s2;
    w[r3 + i] = scale * s3;
  }
}

/** The first four entries of columns j .. j + 3, of which those before the diagonal are 0 and not stored. */
function fourByFourInverse(l: Float64Array, n: number, w: Float64Array, j: number): void {
  for (let c = j; c < j + 4; c++) {
    const column = packedColumn(c, n);
    w[column + c] = 1 / (l[c * n + c] as number);
    for (let i = c + 1; i < j + 4; i++) {
      const row = i * n;
      let sum = 0;
      for (let k = c; k < i; k++) sum -= (l[row + k] as number) * (w[column + k] as number);
      w[column + i] = sum / (l[row + i] as number);
    }
  }
}

/** Inner product of two stretches of memory; four independent sums keep the processor's pipelines full. */
export function segmentProduct(
  a: Float64Array,
  fromA: number,
  b: Float64Array,
  fromB: number,
  length: number,
): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= length; k += 4) {
    s0 += (a[fromA + k] as number) * (b[fromB + k] as number);
    s1 += (a[fromA + k + 1] as number) * (b[fromB + k + 1] as number);
    s2 += (a[fromA + k + 2] as number) * (b[fromB + k + 2] as number);
    s3 += (a[fromA + k + 3] as number) * (b[fromB + k + 3] as number);
  }
  for (; k < length; k++) s0 += (a[fromA + k] as number) * (b[fromB + k] as number);
  return s0 + s1 + (s2 + s3);
}

/** The whole symmetric inverse (L L')^-1 as n * n doubles, from what invertFactor gave. */
export function inverseOfFactor(w: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const sum = segmentProduct(w, packedColumn(i, n) + i, w, packedColumn(j, n) + i, n - i);
      inverse[i * n + j] = sum;
      inverse[j * n + i] = sum;
    }
  }
  return inverse;
}

/** The whole symmetric inverse (L L')^-1 as n * n doubles. */
export function invertCholesky(l: Float64Array, n: number): Float64Array {
  return inverseOfFactor(invertFactor(l, n), n);
}
