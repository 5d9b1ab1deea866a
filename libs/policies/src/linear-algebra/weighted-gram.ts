/**
 * a += sum_p weight_p v_p v_p' on the lower triangle, where v_p is row rows[p] of `factors`. In tiles of four by four
 * entries whose sums stay in registers: this loop is where matrix factorisation spends its time. Entries above the
 * diagonal are left undefined.
 * @param a n * n doubles.
 */
export function addWeightedGram(
  a: Float64Array,
  n: number,
  factors: Float64Array,
  rows: Uint32Array,
  weights: Float64Array,
): void {
  const tiled = n - (n % 4);
  for (let i = 0; i < tiled; i += 4) {
    for (let j = 0; j <= i; j += 4) addTile(a, n, factors, rows, weights, i, j);
  }
  for (let i = tiled; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let p = 0; p < rows.length; p++) {
        const base = (rows[p] as number) * n;
        sum += (weights[p] as number) * (factors[base + i] as number) * (factors[base + j] as number);
      }
      a[i * n + j] = sum;
    }
  }
}

function addTile(
  a: Float64Array,
  n: number,
  factors: Float64Array,
  rows: Uint32Array,
  weights: Float64Array,
  i: number,
  j: number,
): void {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  for (let p = 0; p < rows.length; p++) {
    const base = (rows[p] as number) * n;
    const w = weights[p] as number;
    const y0 = w * (factors[base + j] as number);
    const y1 = w * (factors[base + j + 1] as number);
    const y2 = w * (factors[base + j + 2] as number);
    const y3 = w * (factors[base + j + 3] as number);
    let x = factors[base + i] as number;
    s00 += x * y0;
    s01 += x * y1;
    s02 += x * y2;
    s03 += x * y3;
    x = factors[base + i + 1] as number;
    s10 += x * y0;
    s11 += x * y1;
    s12 += x * y2;
    s13 += x * y3;
    x = factors[base + i + 2] as number;
    s20 += x * y0;
    s21 += x * y1;
    s22 += x * y2;
    s23 += x * y3;
    x = factors[base + i + 3] as number;
    s30 += x * y0;
    s31 += x * y1;
    s32 += x * y2;
    s33 += x * y3;
  }
  addRow(a, i * n + j, s00, s01, s02, s03);
  addRow(a, (i + 1) * n + j, s10, s11, s12, s13);
  addRow(a, (i + 2) * n + j, s20, s21, s22, s23);
  addRow(a, (i + 3) * n + j, s30, s31, s32, s33);
}

function addRow(a: Float64Array, at: number, s0: number, s1: number, s2: number, s3: number): void {
  a[at] = (a[at] as number) + s0;
  a[at + 1] = (a[at + 1] as number) + s1;
  a[at + 2] = (a[at + 2] as number) + s2;
  a[at + 3] = (a[at + 3] as number) + s3;
}
