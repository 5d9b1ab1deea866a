// Products of row-major matrices of floats or doubles, after Goto and van de Geijn (2008): blocks of A and B are packed
// into panels that stay in the caches, and a tile of C (4 rows of 32 bytes) stays in registers. Without fused
// multiply-add a larger tile would spill: 16 registers hold 8 sums, 2 vectors of B and their products.
import { DEPTH, PANEL_B, ROWS, COLUMNS, SCRATCH, TILE } from "./layout";

const MR: i32 = 4;

/** c (4 x 8 floats, ldc in bytes) = or += the product of two packed panels of depth k. */
function tile32(k: i32, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let p = 0; p < k; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    a += 16;
    b += 32;
  }
  put32(c, c00, c01, add);
  put32(c + ldc, c10, c11, add);
  put32(c + 2 * ldc, c20, c21, add);
  put32(c + 3 * ldc, c30, c31, add);
}

/** c (4 x 4 doubles, ldc in bytes) = or += the product of two packed panels of depth k. */
function tile64(k: i32, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let p = 0; p < k; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    c00 = f64x2.add(c00, f64x2.mul(a0, b0));
    c01 = f64x2.add(c01, f64x2.mul(a0, b1));
    const a1 = v128.load64_splat(a, 8);
    c10 = f64x2.add(c10, f64x2.mul(a1, b0));
    c11 = f64x2.add(c11, f64x2.mul(a1, b1));
    const a2 = v128.load64_splat(a, 16);
    c20 = f64x2.add(c20, f64x2.mul(a2, b0));
    c21 = f64x2.add(c21, f64x2.mul(a2, b1));
    const a3 = v128.load64_splat(a, 24);
    c30 = f64x2.add(c30, f64x2.mul(a3, b0));
    c31 = f64x2.add(c31, f64x2.mul(a3, b1));
    a += 32;
    b += 32;
  }
  put64(c, c00, c01, add);
  put64(c + ldc, c10, c11, add);
  put64(c + 2 * ldc, c20, c21, add);
  put64(c + 3 * ldc, c30, c31, add);
}

// @ts-ignore: decorator
@inline
function put32(c: usize, low: v128, high: v128, add: bool): void {
  v128.store(c, add ? f32x4.add(v128.load(c), low) : low);
  v128.store(c, add ? f32x4.add(v128.load(c, 16), high) : high, 16);
}

// @ts-ignore: decorator
@inline
function put64(c: usize, low: v128, high: v128, add: bool): void {
  v128.store(c, add ? f64x2.add(v128.load(c), low) : low);
  v128.store(c, add ? f64x2.add(v128.load(c, 16), high) : high, 16);
}

// @ts-ignore: decorator
@inline
function tile<T>(k: i32, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  if (sizeof<T>() === 4) tile32(k, a, b, c, ldc, add);
  else tile64(k, a, b, c, ldc, add);
}

/** Packs `rows` x `depth` of A into panels of 4 rows; element (i, p) is at a + i * rowStep + p * depthStep. */
function packA<T>(a: usize, rows: i32, depth: i32, rowStep: usize, depthStep: usize): void {
  let to = SCRATCH;
  for (let i = 0; i < rows; i += MR) {
    const part = min(MR, rows - i);
    const from = a + <usize>i * rowStep;
    if (part === MR) {
      let at = from;
      for (let p = 0; p < depth; p++) {
        store<T>(to, load<T>(at));
        store<T>(to, load<T>(at + rowStep), sizeof<T>());
        store<T>(to, load<T>(at + 2 * rowStep), 2 * sizeof<T>());
        store<T>(to, load<T>(at + 3 * rowStep), 3 * sizeof<T>());
        at += depthStep;
        to += 4 * sizeof<T>();
      }
    } else {
      for (let p = 0; p < depth; p++) {
        for (let r = 0; r < MR; r++) {
          store<T>(to, r < part ? load<T>(from + <usize>r * rowStep + <usize>p * depthStep) : <T>0);
          to += sizeof<T>();
        }
      }
    }
  }
}

/** Packs `depth` x `columns` of B into panels of 32 bytes; element (p, j) is at b + p * depthStep + j * columnStep. */
function packB<T>(b: usize, depth: i32, columns: i32, depthStep: usize, columnStep: usize): void {
  const NR = <i32>(32 / sizeof<T>());
  let to = PANEL_B;
  for (let j = 0; j < columns; j += NR) {
    const part = min(NR, columns - j);
    const from = b + <usize>j * columnStep;
    if (part === NR && columnStep === sizeof<T>()) {
      let at = from;
      for (let p = 0; p < depth; p++) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
        at += depthStep;
        to += 32;
      }
    } else {
      for (let s = 0; s < NR; s++) {
        let at = from + <usize>s * columnStep;
        let into = to + <usize>s * sizeof<T>();
        for (let p = 0; p < depth; p++) {
          store<T>(into, s < part ? load<T>(at) : <T>0);
          at += depthStep;
          into += 32;
        }
      }
      to += <usize>depth * 32;
    }
  }
}

/** Adds up the packed blocks into C. */
function multiplyPanels<T>(c: usize, rows: i32, columns: i32, depth: i32, ldc: usize, add: bool): void {
  const NR = <i32>(32 / sizeof<T>());
  for (let j = 0; j < columns; j += NR) {
    const b = PANEL_B + <usize>j * <usize>depth * sizeof<T>();
    const width = min(NR, columns - j);
    for (let i = 0; i < rows; i += MR) {
      const a = SCRATCH + <usize>i * <usize>depth * sizeof<T>();
      const height = min(MR, rows - i);
      const at = c + <usize>i * ldc + <usize>j * sizeof<T>();
      if (width === NR && height === MR) {
        tile<T>(depth, a, b, at, ldc, add);
        continue;
      }
      tile<T>(depth, a, b, TILE, 32, false);
      for (let r = 0; r < height; r++) {
        for (let s = 0; s < width; s++) {
          const value = load<T>(TILE + <usize>(r * NR + s) * sizeof<T>());
          const into = at + <usize>r * ldc + <usize>s * sizeof<T>();
          store<T>(into, add ? load<T>(into) + value : value);
        }
      }
    }
  }
}

// C (m x n) = or += op(A) op(B), all row-major. turnA: A is stored k x m; turnB: B is stored n x k. lda, ldb, ldc are
// the elements from one stored row to the next.
function gemm<T>(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  lda: i32,
  ldb: i32,
  ldc: i32,
  turnA: bool,
  turnB: bool,
  accumulate: bool,
): void {
  if (k === 0 && !accumulate) {
    for (let i = 0; i < m; i++) memory.fill(c + <usize>(i * ldc) * sizeof<T>(), 0, <usize>n * sizeof<T>());
  }
  const stepA = <usize>lda * sizeof<T>();
  const stepB = <usize>ldb * sizeof<T>();
  const rowA: usize = turnA ? sizeof<T>() : stepA;
  const depthA: usize = turnA ? stepA : sizeof<T>();
  const depthB: usize = turnB ? sizeof<T>() : stepB;
  const columnB: usize = turnB ? stepB : sizeof<T>();
  const stepC = <usize>ldc * sizeof<T>();
  for (let j = 0; j < n; j += COLUMNS) {
    const columns = min(COLUMNS, n - j);
    for (let p = 0; p < k; p += DEPTH) {
      const depth = min(DEPTH, k - p);
      packB<T>(b + <usize>p * depthB + <usize>j * columnB, depth, columns, depthB, columnB);
      for (let i = 0; i < m; i += ROWS) {
        const rows = min(ROWS, m - i);
        packA<T>(a + <usize>i * rowA + <usize>p * depthA, rows, depth, rowA, depthA);
        multiplyPanels<T>(c + <usize>i * stepC + <usize>j * sizeof<T>(), rows, columns, depth, stepC, accumulate || p > 0);
      }
    }
  }
}

export function gemm32(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  lda: i32,
  ldb: i32,
  ldc: i32,
  turnA: bool,
  turnB: bool,
  accumulate: bool,
): void {
  gemm<f32>(a, b, c, m, n, k, lda, ldb, ldc, turnA, turnB, accumulate);
}

export function gemm64(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  lda: i32,
  ldb: i32,
  ldc: i32,
  turnA: bool,
  turnB: bool,
  accumulate: bool,
): void {
  gemm<f64>(a, b, c, m, n, k, lda, ldb, ldc, turnA, turnB, accumulate);
}
