/**
 * Symmetric matrices as their lower triangle, row after row without gaps: entry (i, j), j <= i, stands at
 * packedRow(i) + j. Half the memory of n * n doubles, which is what snapshots and updates spend their time on.
 */

/** Where row i begins; packedRow(n) is the length of a triangle of order n. */
export const packedRow = (i: number): number => (i * (i + 1)) / 2;

/** The same triangle read by columns, transposed: entry (j, i), i >= j, stands at packedColumn(j, n) + i. */
export const packedColumn = (j: number, n: number): number => j * n - packedRow(j);

/** a += weight * x x' on a packed triangle. Zeros of x cost nothing. */
export function addOuterPacked(a: Float64Array, n: number, x: Float64Array, weight: number): void {
  for (let i = 0; i < n; i++) {
    const scaled = weight * (x[i] as number);
    if (scaled === 0) continue;
    const row = packedRow(i);
    for (let j = 0; j <= i; j++) a[row + j] = (a[row + j] as number) + scaled * (x[j] as number);
  }
}

/** Rows that addFourOuterPacked takes at once. */
export const OUTER_ROWS = 4;

/**
 * addOuterPacked for four vectors in turn, bit for bit, but with every entry of `a` loaded and stored once.
 * @param x four vectors, the first of which is added first.
 */
export function addFourOuterPacked(
  a: Float64Array,
  n: number,
  x: readonly Float64Array[],
  weights: readonly number[],
): void {
  const x0 = x[0] as Float64Array;
  const x1 = x[1] as Float64Array;
  const x2 = x[2] as Float64Array;
  const x3 = x[3] as Float64Array;
  const w0 = weights[0] as number;
  const w1 = weights[1] as number;
  const w2 = weights[2] as number;
  const w3 = weights[3] as number;
  for (let i = 0; i < n; i++) {
    const s0 = w0 * (x0[i] as number);
    const s1 = w1 * (x1[i] as number);
    const s2 = w2 * (x2[i] as number);
    const s3 = w3 * (x3[i] as number);
    if (s0 === 0 && s1 === 0 && s2 === 0 && s3 === 0) continue;
    const row = packedRow(i);
    for (let j = 0; j <= i; j++) {
      a[row + j] =
        (a[row + j] as number) +
        s0 * (x0[j] as number) +
        s1 * (x1[j] as number) +
        s2 * (x2[j] as number) +
        s3 * (x3[j] as number);
    }
  }
}
