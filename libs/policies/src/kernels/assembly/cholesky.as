// Symmetric positive definite systems of doubles, A = U' U. Everything runs along the rows of U, four at a time, so that
// what is updated is loaded and stored once for four products. `ld` is the elements from one row to the next.

// @ts-ignore: decorator
@inline
function at(row: usize, i: i32): usize {
  return row + ((<usize>i) << 3);
}

/** x[from .. n) -= f0 r0 + f1 r1 + f2 r2 + f3 r3, where the rows begin `step` bytes from each other; term after term. */
// @ts-ignore: decorator
@inline
function subtractFour(
  x: usize,
  row: usize,
  step: usize,
  from: i32,
  n: i32,
  f0: f64,
  f1: f64,
  f2: f64,
  f3: f64,
): void {
  const v0 = f64x2.splat(f0);
  const v1 = f64x2.splat(f1);
  const v2 = f64x2.splat(f2);
  const v3 = f64x2.splat(f3);
  let to = at(x, from);
  let r0 = at(row, from);
  let r1 = r0 + step;
  let r2 = r1 + step;
  let r3 = r2 + step;
  const end = at(x, n);
  for (; to + 16 <= end; to += 16) {
    let sum = v128.load(to);
    sum = f64x2.sub(sum, f64x2.mul(v0, v128.load(r0)));
    sum = f64x2.sub(sum, f64x2.mul(v1, v128.load(r1)));
    sum = f64x2.sub(sum, f64x2.mul(v2, v128.load(r2)));
    sum = f64x2.sub(sum, f64x2.mul(v3, v128.load(r3)));
    v128.store(to, sum);
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
  }
  if (to < end) {
    let sum = load<f64>(to) - f0 * load<f64>(r0);
    sum -= f1 * load<f64>(r1);
    sum -= f2 * load<f64>(r2);
    sum -= f3 * load<f64>(r3);
    store<f64>(to, sum);
  }
}

/** x[from .. n) -= f r. */
// @ts-ignore: decorator
@inline
function subtractOne(x: usize, row: usize, from: i32, n: i32, f: f64): void {
  const v = f64x2.splat(f);
  let to = at(x, from);
  let r = at(row, from);
  const end = at(x, n);
  for (; to + 16 <= end; to += 16) {
    v128.store(to, f64x2.sub(v128.load(to), f64x2.mul(v, v128.load(r))));
    r += 16;
  }
  if (to < end) store<f64>(to, load<f64>(to) - f * load<f64>(r));
}

/** Writes factor * A + ridge I, A as a packed lower triangle, into the upper triangle of u. */
export function unpackUpper(packed: usize, n: i32, factor: f64, ridge: f64, u: usize, ld: i32): void {
  const step = <usize>ld << 3;
  for (let i = 0; i < n; i++) {
    let to = at(u, i);
    for (let j = 0; j < i; j++) {
      store<f64>(to, factor * load<f64>(packed));
      packed += 8;
      to += step;
    }
    store<f64>(to, factor * load<f64>(packed) + ridge);
    packed += 8;
  }
}

/**
 * The upper triangle of u, which holds A, becomes U; 1 / u_ii into `inverse`. Returns the first pivot that is not
 * positive, or n.
 */
export function factorUpper(u: usize, n: i32, ld: i32, inverse: usize): i32 {
  const step = <usize>ld << 3;
  for (let k = 0; k < n; k += 4) {
    const last = min(k + 4, n);
    const top = u + <usize>k * step;
    for (let r = k; r < last; r++) {
      const row = u + <usize>r * step;
      for (let s = k; s < r; s++) {
        const above = u + <usize>s * step;
        subtractOne(row, above, r, n, load<f64>(at(above, r)));
      }
      const pivot = load<f64>(at(row, r));
      if (!(pivot > 0)) return r;
      const root = Math.sqrt(pivot);
      const scale = 1 / root;
      store<f64>(at(row, r), root);
      store<f64>(at(inverse, r), scale);
      const v = f64x2.splat(scale);
      let to = at(row, r + 1);
      const end = at(row, n);
      for (; to + 16 <= end; to += 16) v128.store(to, f64x2.mul(v, v128.load(to)));
      if (to < end) store<f64>(to, scale * load<f64>(to));
    }
    for (let i = last; i < n; i++) {
      const column = at(top, i);
      subtractFour(
        u + <usize>i * step,
        top,
        step,
        i,
        n,
        load<f64>(column),
        load<f64>(column + step),
        load<f64>(column + 2 * step),
        load<f64>(column + 3 * step),
      );
    }
  }
  return n;
}

/** x = (U' U)^-1 x. */
export function solveUpper(u: usize, n: i32, ld: i32, inverse: usize, x: usize): void {
  const step = <usize>ld << 3;
  for (let k = 0; k < n; k += 4) {
    const last = min(k + 4, n);
    for (let r = k; r < last; r++) {
      const row = u + <usize>r * step;
      const value = load<f64>(at(x, r)) * load<f64>(at(inverse, r));
      store<f64>(at(x, r), value);
      for (let i = r + 1; i < last; i++) {
        store<f64>(at(x, i), load<f64>(at(x, i)) - value * load<f64>(at(row, i)));
      }
    }
    if (last === n) break;
    const f = at(x, k);
    const top = u + <usize>k * step;
    subtractFour(x, top, step, last, n, load<f64>(f), load<f64>(f, 8), load<f64>(f, 16), load<f64>(f, 24));
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = u + <usize>i * step;
    let sums = f64x2.splat(0);
    let r = at(row, i + 1);
    let to = at(x, i + 1);
    const end = at(x, n);
    for (; to + 16 <= end; to += 16) {
      sums = f64x2.add(sums, f64x2.mul(v128.load(r), v128.load(to)));
      r += 16;
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    if (to < end) sum += load<f64>(r) * load<f64>(to);
    store<f64>(at(x, i), (load<f64>(at(x, i)) - sum) * load<f64>(at(inverse, i)));
  }
}

/**
 * W = U^-1, upper triangular, so that A^-1 = W W'; row j from its entry j on, rows without gaps. Four rows at a time,
 * which stand side by side in `panel`, n * 4 doubles.
 */
export function invertUpper(u: usize, n: i32, ld: i32, inverse: usize, w: usize, panel: usize): void {
  const step = <usize>ld << 3;
  for (let j = 0; j < n; j += 4) {
    const top = u + <usize>j * step;
    let i = j;
    for (; i + 4 <= n; i += 4) fourColumns(top, step, j, i, inverse, panel);
    for (; i < n; i++) oneColumn(top, step, j, i, inverse, panel);
    for (let r = j; r < min(j + 4, n); r++) {
      let from = panel + ((<usize>(r - j)) << 5) + ((<usize>(r - j)) << 3);
      for (let c = r; c < n; c++) {
        store<f64>(w, load<f64>(from));
        w += 8;
        from += 32;
      }
    }
  }
}

/** Columns i .. i + 3 of rows j .. j + 3 of W; `top` is row j of U. */
function fourColumns(top: usize, step: usize, j: i32, i: i32, inverse: usize, panel: usize): void {
  let l0 = f64x2(0, 0);
  let h0 = l0;
  let l1 = l0;
  let h1 = l0;
  let l2 = l0;
  let h2 = l0;
  let l3 = l0;
  let h3 = l0;
  if (i === j) {
    l0 = f64x2.replace_lane(l0, 0, 1);
    l1 = f64x2.replace_lane(l1, 1, 1);
    h2 = f64x2.replace_lane(h2, 0, 1);
    h3 = f64x2.replace_lane(h3, 1, 1);
  }
  let p = panel;
  let r = at(top, i);
  for (let k = j; k < i; k++) {
    const low = v128.load(p);
    const high = v128.load(p, 16);
    const u0 = v128.load64_splat(r);
    l0 = f64x2.sub(l0, f64x2.mul(low, u0));
    h0 = f64x2.sub(h0, f64x2.mul(high, u0));
    const u1 = v128.load64_splat(r, 8);
    l1 = f64x2.sub(l1, f64x2.mul(low, u1));
    h1 = f64x2.sub(h1, f64x2.mul(high, u1));
    const u2 = v128.load64_splat(r, 16);
    l2 = f64x2.sub(l2, f64x2.mul(low, u2));
    h2 = f64x2.sub(h2, f64x2.mul(high, u2));
    const u3 = v128.load64_splat(r, 24);
    l3 = f64x2.sub(l3, f64x2.mul(low, u3));
    h3 = f64x2.sub(h3, f64x2.mul(high, u3));
    p += 32;
    r += step;
  }
  // The block on the diagonal: r is at (i, i).
  const scale = at(inverse, i);
  let s = v128.load64_splat(scale);
  l0 = f64x2.mul(l0, s);
  h0 = f64x2.mul(h0, s);
  let v = v128.load64_splat(r, 8);
  s = v128.load64_splat(scale, 8);
  l1 = f64x2.mul(f64x2.sub(l1, f64x2.mul(l0, v)), s);
  h1 = f64x2.mul(f64x2.sub(h1, f64x2.mul(h0, v)), s);
  v = v128.load64_splat(r, 16);
  l2 = f64x2.sub(l2, f64x2.mul(l0, v));
  h2 = f64x2.sub(h2, f64x2.mul(h0, v));
  v = v128.load64_splat(r, 24);
  l3 = f64x2.sub(l3, f64x2.mul(l0, v));
  h3 = f64x2.sub(h3, f64x2.mul(h0, v));
  r += step;
  v = v128.load64_splat(r, 16);
  s = v128.load64_splat(scale, 16);
  l2 = f64x2.mul(f64x2.sub(l2, f64x2.mul(l1, v)), s);
  h2 = f64x2.mul(f64x2.sub(h2, f64x2.mul(h1, v)), s);
  v = v128.load64_splat(r, 24);
  l3 = f64x2.sub(l3, f64x2.mul(l1, v));
  h3 = f64x2.sub(h3, f64x2.mul(h1, v));
  r += step;
  v = v128.load64_splat(r, 24);
  s = v128.load64_splat(scale, 24);
  l3 = f64x2.mul(f64x2.sub(l3, f64x2.mul(l2, v)), s);
  h3 = f64x2.mul(f64x2.sub(h3, f64x2.mul(h2, v)), s);
  v128.store(p, l0);
  v128.store(p, h0, 16);
  v128.store(p, l1, 32);
  v128.store(p, h1, 48);
  v128.store(p, l2, 64);
  v128.store(p, h2, 80);
  v128.store(p, l3, 96);
  v128.store(p, h3, 112);
}

/** As fourColumns, for one. */
function oneColumn(top: usize, step: usize, j: i32, i: i32, inverse: usize, panel: usize): void {
  const into = panel + ((<usize>(i - j)) << 5);
  v128.store(into, f64x2.splat(0));
  v128.store(into, f64x2.splat(0), 16);
  if (i < j + 4) store<f64>(at(into, i - j), 1);
  let low = v128.load(into);
  let high = v128.load(into, 16);
  let p = panel;
  let r = at(top, i);
  for (let k = j; k < i; k++) {
    const v = v128.load64_splat(r);
    low = f64x2.sub(low, f64x2.mul(v128.load(p), v));
    high = f64x2.sub(high, f64x2.mul(v128.load(p, 16), v));
    p += 32;
    r += step;
  }
  const s = v128.load64_splat(at(inverse, i));
  v128.store(into, f64x2.mul(low, s));
  v128.store(into, f64x2.mul(high, s), 16);
}

/**
 * Adds sum_p weight_p v_p v_p' to the upper triangle of u and sum_p weight_p v_p to x, where v_p is row p of `rows`, n
 * doubles; n is a multiple of 4. In tiles of four by four whose sums stay in registers.
 */
export function addRows(u: usize, n: i32, rows: usize, weight: usize, count: i32, x: usize): void {
  const step = <usize>n << 3;
  for (let j: usize = 0; j < step; j += 16) {
    let sum = v128.load(x + j);
    let v = rows + j;
    for (let p = 0; p < count; p++) {
      sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(at(weight, p)), v128.load(v)));
      v += step;
    }
    v128.store(x + j, sum);
  }
  for (let i = 0; i < n; i += 4) {
    for (let j = i; j < n; j += 4) addTile(at(u + <usize>i * step, j), step, at(rows, i), at(rows, j), weight, count);
  }
}

function addTile(to: usize, step: usize, x: usize, y: usize, weight: usize, count: i32): void {
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let p = 0; p < count; p++) {
    const w = v128.load64_splat(weight);
    const y0 = f64x2.mul(w, v128.load(y));
    const y1 = f64x2.mul(w, v128.load(y, 16));
    const x0 = v128.load64_splat(x);
    c00 = f64x2.add(c00, f64x2.mul(x0, y0));
    c01 = f64x2.add(c01, f64x2.mul(x0, y1));
    const x1 = v128.load64_splat(x, 8);
    c10 = f64x2.add(c10, f64x2.mul(x1, y0));
    c11 = f64x2.add(c11, f64x2.mul(x1, y1));
    const x2 = v128.load64_splat(x, 16);
    c20 = f64x2.add(c20, f64x2.mul(x2, y0));
    c21 = f64x2.add(c21, f64x2.mul(x2, y1));
    const x3 = v128.load64_splat(x, 24);
    c30 = f64x2.add(c30, f64x2.mul(x3, y0));
    c31 = f64x2.add(c31, f64x2.mul(x3, y1));
    weight += 8;
    x += step;
    y += step;
  }
  addTwo(to, c00, c01);
  to += step;
  addTwo(to, c10, c11);
  to += step;
  addTwo(to, c20, c21);
  to += step;
  addTwo(to, c30, c31);
}

// @ts-ignore: decorator
@inline
function addTwo(to: usize, low: v128, high: v128): void {
  v128.store(to, f64x2.add(v128.load(to), low));
  v128.store(to, f64x2.add(v128.load(to, 16), high), 16);
}
