import type { Doubles, Kernels } from '../kernels/index.js';
import { choleskyInPlace, invertCholesky } from './cholesky.js';

/** Columns that are swept at a time: enough for the products to outweigh the memory traffic. */
const BLOCK = 96;
/** Rows of one product: only what lies below the diagonal is updated, in steps of these. */
const ROWS = 192;

/**
 * Inverts a symmetric positive definite matrix in place by block sweeps (Goodnight 1979, A tutorial on the SWEEP
 * operator): n^3 operations, nearly all of them in the kernels' product.
 * @param a n * n doubles of the kernels' arena, of which the lower triangle is read. Becomes the whole inverse.
 * @param progress called with the share done.
 * @throws DomainError `not_positive_definite`.
 */
export function invertSpd(
  kernels: Kernels,
  a: Doubles,
  n: number,
  progress: (share: number) => void = () => undefined,
): void {
  const { arena } = kernels;
  const mark = arena.mark();
  const scratch = {
    columns: arena.doubles(n * BLOCK),
    swept: arena.doubles(n * BLOCK),
    inverse: arena.doubles(BLOCK * BLOCK),
  };
  for (let from = 0; from < n; from += BLOCK) {
    const width = Math.min(BLOCK, n - from);
    sweepBlock(kernels, a, n, from, width, scratch);
    progress((from + width) / n);
  }
  arena.release(mark);
  negateAndMirror(a.view, n);
}

interface Scratch {
  readonly columns: Doubles;
  readonly swept: Doubles;
  readonly inverse: Doubles;
}

/**
 * One sweep of the block k, in the lower triangle: with P = A_kk^-1, A_ij becomes A_ij - A_ik P A_kj, A_ik becomes
 * A_ik P, and A_kk becomes -P. After all of them A holds minus its inverse.
 */
function sweepBlock(
  kernels: Kernels,
  a: Doubles,
  n: number,
  from: number,
  width: number,
  { columns, swept, inverse }: Scratch,
): void {
  inverse.view.set(negativePivotInverse(a.view, n, from, width));
  // The rows of the block itself are 0 here, so that the products leave it alone.
  readColumns(a.view, n, from, width, columns.view);
  kernels.product(swept, columns, inverse, { m: n, n: width, k: width });
  for (let i = 0; i < n; i += ROWS) {
    const rows = Math.min(ROWS, n - i);
    const part = columns.part(i * width, rows * width);
    const into = a.part(i * n, rows * n);
    kernels.product(into, part, swept, { m: rows, n: i + rows, k: width, turnB: true, add: true, ldc: n });
  }
  writeColumns(a.view, n, from, width, swept.view, inverse.view);
}

function negativePivotInverse(a: Float64Array, n: number, from: number, width: number): Float64Array {
  const pivot = new Float64Array(width * width);
  for (let r = 0; r < width; r++) {
    const row = (from + r) * n + from;
    pivot.set(a.subarray(row, row + r + 1), r * width);
  }
  choleskyInPlace(pivot, width);
  return invertCholesky(pivot, width).map((value) => -value);
}

/** A_ik of all rows i, from the lower triangle. */
function readColumns(a: Float64Array, n: number, from: number, width: number, into: Float64Array): void {
  into.fill(0, 0, n * width);
  for (let c = 0; c < width; c++) {
    const row = (from + c) * n;
    for (let i = 0; i < from; i++) into[i * width + c] = a[row + i] as number;
  }
  for (let i = from + width; i < n; i++) into.set(a.subarray(i * n + from, i * n + from + width), i * width);
}

/** The swept columns are minus what was multiplied by minus the inverse. */
function writeColumns(
  a: Float64Array,
  n: number,
  from: number,
  width: number,
  swept: Float64Array,
  inverse: Float64Array,
): void {
  for (let c = 0; c < width; c++) {
    const row = (from + c) * n;
    for (let i = 0; i < from; i++) a[row + i] = -(swept[i * width + c] as number);
    a.set(inverse.subarray(c * width, (c + 1) * width), row + from);
  }
  for (let i = from + width; i < n; i++) {
    for (let c = 0; c < width; c++) a[i * n + from + c] = -(swept[i * width + c] as number);
  }
}

/** Minus the lower triangle, copied to the upper in tiles that stay in the cache. */
function negateAndMirror(a: Float64Array, n: number): void {
  const tile = 64;
  for (let top = 0; top < n; top += tile) {
    for (let left = 0; left <= top; left += tile) {
      for (let i = top; i < Math.min(n, top + tile); i++) {
        for (let j = left; j < Math.min(i + 1, left + tile); j++) {
          const value = -(a[i * n + j] as number);
          a[i * n + j] = value;
          a[j * n + i] = value;
        }
      }
    }
  }
}
