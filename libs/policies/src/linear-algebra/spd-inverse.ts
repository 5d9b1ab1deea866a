import { choleskyInPlace, invertCholesky } from './cholesky.js';

/** Products of row-major matrices of doubles, on memory of its own. */
export interface Products {
  /** Room for `length` doubles, zeroed, that `addProduct` can work on. */
  allocate(length: number): Float64Array;
  /**
   * C += A B' for A (m x k), B (n x k) and C (m x n), whose rows begin `k`, `k` and `ldc` apart. All three come from
   * `allocate`, or are subarrays of what did.
   */
  addProduct(
    a: Float64Array,
    b: Float64Array,
    c: Float64Array,
    m: number,
    n: number,
    k: number,
    ldc: number,
  ): void;
}

/** Columns that are swept at a time: enough for the products to outweigh the memory traffic. */
const BLOCK = 96;
/** Rows of one product: below the diagonal alone, so that half of the work is saved. */
const ROWS = 256;

/**
 * Inverts a symmetric positive definite matrix in place by block sweeps (Goodnight 1979), n^3 operations, nearly all of
 * them in `addProduct`.
 * @param a n * n doubles from `products.allocate`; only the lower triangle is read. Becomes the whole inverse.
 * @param progress called with the share done.
 * @throws DomainError `not_positive_definite`.
 */
export function invertSpd(
  a: Float64Array,
  n: number,
  products: Products,
  progress: (share: number) => void = () => undefined,
): void {
  const panel = products.allocate(n * BLOCK);
  const turned = products.allocate(n * BLOCK);
  for (let from = 0; from < n; from += BLOCK) {
    const width = Math.min(BLOCK, n - from);
    sweepBlock(a, n, from, width, panel, turned, products);
    progress((from + width) / n);
  }
  // The sweeps leave minus the inverse.
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) a[i * n + j] = -(a[i * n + j] as number);
  }
  mirror(a, n);
}

/** A_ij -= A_ik P A_kj, A_ik becomes A_ik P and A_kk becomes -P, where P = A_kk^-1. */
function sweepBlock(
  a: Float64Array,
  n: number,
  from: number,
  width: number,
  panel: Float64Array,
  turned: Float64Array,
  products: Products,
): void {
  const to = from + width;
  const pivot = new Float64Array(width * width);
  for (let r = 0; r < width; r++) {
    for (let c = 0; c <= r; c++) pivot[r * width + c] = a[(from + r) * n + from + c] as number;
  }
  choleskyInPlace(pivot, width);
  const inverse = products.allocate(width * width);
  inverse.set(invertCholesky(pivot, width).map((value) => -value));
  // The rows of the block itself stay 0 here, so that the products leave it alone.
  panel.fill(0, 0, n * width);
  for (let i = 0; i < from; i++) {
    for (let c = 0; c < width; c++) panel[i * width + c] = a[(from + c) * n + i] as number;
  }
  for (let i = to; i < n; i++) panel.set(a.subarray(i * n + from, i * n + to), i * width);
  turned.fill(0, 0, n * width);
  products.addProduct(panel, inverse, turned, n, width, width, width);
  for (let i = 0; i < n; i += ROWS) {
    const rows = Math.min(ROWS, n - i);
    const below = panel.subarray(i * width, (i + rows) * width);
    products.addProduct(below, turned, a.subarray(i * n), rows, i + rows, width, n);
  }
  for (let i = 0; i < from; i++) {
    for (let c = 0; c < width; c++) a[(from + c) * n + i] = -(turned[i * width + c] as number);
  }
  for (let r = 0; r < width; r++) a.set(inverse.subarray(r * width, (r + 1) * width), (from + r) * n + from);
  for (let i = to; i < n; i++) {
    for (let c = 0; c < width; c++) a[i * n + from + c] = -(turned[i * width + c] as number);
  }
}

/** Copies the lower triangle to the upper, in tiles that stay in the cache. */
function mirror(a: Float64Array, n: number): void {
  const tile = 64;
  for (let top = 0; top < n; top += tile) {
    for (let left = 0; left <= top; left += tile) {
      for (let i = top; i < Math.min(n, top + tile); i++) {
        for (let j = left; j < Math.min(i, left + tile); j++) a[j * n + i] = a[i * n + j] as number;
      }
    }
  }
}

/** Products without any kernel: for small matrices, and to test the others against. */
export const plainProducts: Products = {
  allocate: (length) => new Float64Array(length),
  addProduct: (a, b, c, m, n, k, ldc) => {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += (a[i * k + p] as number) * (b[j * k + p] as number);
        c[i * ldc + j] = (c[i * ldc + j] as number) + sum;
      }
    }
  },
};
