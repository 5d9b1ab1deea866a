// Elementwise functions of float32 vectors, four at a time; the tail goes through the same code on a padded vector, so
// that a value does not depend on its place.

/** exp, to about 2 units in the last place (Cephes' expf): 2^n times a polynomial of the remainder. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clipped = f32x4.max(f32x4.min(x, f32x4.splat(88.3)), f32x4.splat(-87.3));
  const n = f32x4.nearest(f32x4.mul(clipped, f32x4.splat(1.44269504)));
  let r = f32x4.sub(clipped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let y = f32x4.splat(1.9875691500e-4);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** tanh: a polynomial near 0, where 1 - 2 / (e^2x + 1) would lose its digits. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(x);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp4(f32x4.add(size, size)), one)));
  const z = f32x4.mul(x, x);
  let y = f32x4.splat(-5.70498872745e-3);
  y = f32x4.add(f32x4.mul(y, z), f32x4.splat(2.06390887954e-2));
  y = f32x4.add(f32x4.mul(y, z), f32x4.splat(-5.37397155531e-2));
  y = f32x4.add(f32x4.mul(y, z), f32x4.splat(1.33314422036e-1));
  y = f32x4.add(f32x4.mul(y, z), f32x4.splat(-3.33332819422e-1));
  const near = f32x4.add(f32x4.mul(f32x4.mul(y, z), x), x);
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.bitselect(near, v128.or(far, sign), f32x4.lt(size, f32x4.splat(0.625)));
}

/** GELU by tanh(sqrt(2 / pi) (x + 0.044715 x^3)). */
// @ts-ignore: decorator
@inline
function geluInner(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), f32x4.mul(x, f32x4.splat(0.044715)));
  return tanh4(f32x4.mul(f32x4.splat(0.7978845608), f32x4.add(x, cube)));
}

// @ts-ignore: decorator
@inline
function gelu4(x: v128): v128 {
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(f32x4.splat(1), geluInner(x)));
}

// @ts-ignore: decorator
@inline
function geluSlope4(x: v128): v128 {
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const t = geluInner(x);
  const inner = f32x4.mul(
    f32x4.splat(0.7978845608),
    f32x4.add(one, f32x4.mul(f32x4.splat(0.134145), f32x4.mul(x, x))),
  );
  const bend = f32x4.mul(f32x4.mul(half, x), f32x4.mul(f32x4.sub(one, f32x4.mul(t, t)), inner));
  return f32x4.add(f32x4.mul(half, f32x4.add(one, t)), bend);
}

type Unary = i32;
const EXP: Unary = 0;
const SIGMOID: Unary = 1;
const TANH: Unary = 2;
const RELU: Unary = 3;
const GELU: Unary = 4;

// @ts-ignore: decorator
@inline
function apply(kind: Unary, x: v128): v128 {
  if (kind === EXP) return exp4(x);
  if (kind === SIGMOID) return sigmoid4(x);
  if (kind === TANH) return tanh4(x);
  if (kind === RELU) return f32x4.max(x, f32x4.splat(0));
  return gelu4(x);
}

/** dx from dy: EXP, SIGMOID and TANH know their slope from the value y, RELU and GELU from the argument x. */
// @ts-ignore: decorator
@inline
function slope(kind: Unary, v: v128): v128 {
  const one = f32x4.splat(1);
  if (kind === EXP) return v;
  if (kind === SIGMOID) return f32x4.mul(v, f32x4.sub(one, v));
  if (kind === TANH) return f32x4.sub(one, f32x4.mul(v, v));
  if (kind === RELU) return v128.and(one, f32x4.gt(v, f32x4.splat(0)));
  return geluSlope4(v);
}

/** The first `left` (1 to 3) floats at p, then zeros. */
// @ts-ignore: decorator
@inline
export function loadPart(p: usize, left: i32): v128 {
  let v = f32x4.splat(0);
  v = f32x4.replace_lane(v, 0, load<f32>(p));
  if (left > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (left > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

// @ts-ignore: decorator
@inline
export function storePart(p: usize, v: v128, left: i32): void {
  store<f32>(p, f32x4.extract_lane(v, 0));
  if (left > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (left > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

// @ts-ignore: decorator
@inline
export function sum4(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** y = f(x) over n floats; y may be x. */
export function activate(kind: i32, x: usize, y: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, apply(kind, v128.load(x)));
    x += 16;
    y += 16;
  }
  if (i < n) storePart(y, apply(kind, loadPart(x, n - i)), n - i);
}

/** dx = dy * f'; `v` is y for exp, sigmoid and tanh, x for relu and gelu. dx may be dy. */
export function activateBackward(kind: i32, v: usize, dy: usize, dx: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(dx, f32x4.mul(v128.load(dy), slope(kind, v128.load(v))));
    v += 16;
    dy += 16;
    dx += 16;
  }
  if (i < n) storePart(dx, f32x4.mul(loadPart(dy, n - i), slope(kind, loadPart(v, n - i))), n - i);
}

/** y += alpha * x. */
export function axpy(alpha: f32, x: usize, y: usize, n: i32): void {
  const a = f32x4.splat(alpha);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(a, v128.load(x))));
    x += 16;
    y += 16;
  }
  if (i < n) storePart(y, f32x4.add(loadPart(y, n - i), f32x4.mul(a, loadPart(x, n - i))), n - i);
}

/** y = alpha * a * b, element by element; y may be a or b. */
export function multiply(alpha: f32, a: usize, b: usize, y: usize, n: i32): void {
  const s = f32x4.splat(alpha);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, f32x4.mul(s, f32x4.mul(v128.load(a), v128.load(b))));
    a += 16;
    b += 16;
    y += 16;
  }
  if (i < n) storePart(y, f32x4.mul(s, f32x4.mul(loadPart(a, n - i), loadPart(b, n - i))), n - i);
}

/** Sum of squares, in double precision from chunk to chunk. */
export function sumSquares(x: usize, n: i32): f64 {
  let total: f64 = 0;
  for (let i = 0; i < n; ) {
    const end = min(n, i + 256);
    let part = f32x4.splat(0);
    for (; i + 4 <= end; i += 4) {
      const v = v128.load(x);
      part = f32x4.add(part, f32x4.mul(v, v));
      x += 16;
    }
    total += <f64>sum4(part);
    for (; i < end; i++) {
      const v = <f64>load<f32>(x);
      total += v * v;
      x += 4;
    }
  }
  return total;
}

/** One step of Adam (Kingma and Ba 2015) with both bias corrections folded into `rate` and `epsilon` by the caller. */
export function adam(
  weights: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  n: i32,
  scale: f32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
): void {
  const g0 = f32x4.splat(scale);
  const lr = f32x4.splat(rate);
  const m0 = f32x4.splat(beta1);
  const m1 = f32x4.splat(1 - beta1);
  const s0 = f32x4.splat(beta2);
  const s1 = f32x4.splat(1 - beta2);
  const e = f32x4.splat(epsilon);
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const whole = left >= 4;
    const g = f32x4.mul(g0, whole ? v128.load(gradient) : loadPart(gradient, left));
    const m = f32x4.add(f32x4.mul(m0, whole ? v128.load(mean) : loadPart(mean, left)), f32x4.mul(m1, g));
    const s = f32x4.add(
      f32x4.mul(s0, whole ? v128.load(square) : loadPart(square, left)),
      f32x4.mul(s1, f32x4.mul(g, g)),
    );
    const w = f32x4.sub(
      whole ? v128.load(weights) : loadPart(weights, left),
      f32x4.div(f32x4.mul(lr, m), f32x4.add(f32x4.sqrt(s), e)),
    );
    if (whole) {
      v128.store(mean, m);
      v128.store(square, s);
      v128.store(weights, w);
    } else {
      storePart(mean, m, left);
      storePart(square, s, left);
      storePart(weights, w, left);
    }
    weights += 16;
    gradient += 16;
    mean += 16;
    square += 16;
  }
}
