// Functions of the rows of row-major float32 matrices.
import { exp4, loadPart, storePart, sum4 } from "./math";

/** y[r] += bias for every row. */
export function addBias(y: usize, bias: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    let b = bias;
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      v128.store(y, f32x4.add(v128.load(y), v128.load(b)));
      y += 16;
      b += 16;
    }
    for (; i < n; i++) {
      store<f32>(y, load<f32>(y) + load<f32>(b));
      y += 4;
      b += 4;
    }
  }
}

/** sums += the sum of the rows: the gradient of addBias. */
export function addColumnSums(x: usize, sums: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    let s = sums;
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      v128.store(s, f32x4.add(v128.load(s), v128.load(x)));
      x += 16;
      s += 16;
    }
    for (; i < n; i++) {
      store<f32>(s, load<f32>(s) + load<f32>(x));
      x += 4;
      s += 4;
    }
  }
}

/** out[r] = scale * table[index[r]]; a negative index gives zeros. */
export function gather(table: usize, index: usize, out: usize, rows: i32, n: i32, scale: f32): void {
  const bytes = <usize>n * 4;
  for (let r = 0; r < rows; r++) {
    const row = load<i32>(index + <usize>r * 4);
    if (row < 0) {
      memory.fill(out, 0, bytes);
      out += bytes;
      continue;
    }
    let from = table + <usize>row * bytes;
    for (let i = 0; i < n; i++) {
      store<f32>(out, scale * load<f32>(from));
      from += 4;
      out += 4;
    }
  }
}

/** table[index[r]] += scale * x[r]; negative indices are left out. The gradient of gather. */
export function scatterAdd(x: usize, index: usize, table: usize, rows: i32, n: i32, scale: f32): void {
  for (let r = 0; r < rows; r++) {
    const row = load<i32>(index + <usize>r * 4);
    if (row < 0) {
      x += <usize>n * 4;
      continue;
    }
    let into = table + <usize>row * <usize>n * 4;
    for (let i = 0; i < n; i++) {
      store<f32>(into, load<f32>(into) + scale * load<f32>(x));
      into += 4;
      x += 4;
    }
  }
}

/** The largest of n > 0 floats. */
function largest(x: usize, n: i32): f32 {
  let top = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    top = f32x4.max(top, v128.load(x));
    x += 16;
  }
  let most = max(
    max(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
    max(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
  );
  for (; i < n; i++) {
    most = max(most, load<f32>(x));
    x += 4;
  }
  return most;
}

/** x = exp(x - top) for n floats; returns their sum. */
function exponentials(x: usize, n: i32, top: f32): f32 {
  const t = f32x4.splat(top);
  let total = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const e = exp4(f32x4.sub(v128.load(x), t));
    v128.store(x, e);
    total = f32x4.add(total, e);
    x += 16;
  }
  let sum = sum4(total);
  if (i < n) {
    const left = n - i;
    const e = exp4(f32x4.sub(loadPart(x, left), t));
    storePart(x, e, left);
    sum += f32x4.extract_lane(e, 0);
    if (left > 1) sum += f32x4.extract_lane(e, 1);
    if (left > 2) sum += f32x4.extract_lane(e, 2);
  }
  return sum;
}

function scaleRow(x: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(x, f32x4.mul(v128.load(x), f));
    x += 16;
  }
  for (; i < n; i++) {
    store<f32>(x, load<f32>(x) * factor);
    x += 4;
  }
}

/**
 * x[r] = softmax(scale * x[r]) over the columns first .. end, where end is n, or r + 1 when causal; the
 * others become 0. A row without a column becomes 0.
 */
export function softmaxRows(x: usize, rows: i32, n: i32, scale: f32, causal: bool, first: i32): void {
  for (let r = 0; r < rows; r++) {
    const row = x + <usize>r * <usize>n * 4;
    const end = causal ? min(n, r + 1) : n;
    if (first >= end) {
      memory.fill(row, 0, <usize>n * 4);
      continue;
    }
    const at = row + <usize>first * 4;
    const width = end - first;
    scaleRow(at, width, scale);
    const sum = exponentials(at, width, largest(at, width));
    scaleRow(at, width, 1 / sum);
    memory.fill(row, 0, <usize>first * 4);
    memory.fill(row + <usize>end * 4, 0, <usize>(n - end) * 4);
  }
}

/** dx[r] = scale * p[r] * (dp[r] - p[r] . dp[r]): the gradient of softmaxRows. dx may be dp. */
export function softmaxBackward(p: usize, dp: usize, dx: usize, rows: i32, n: i32, scale: f32): void {
  for (let r = 0; r < rows; r++) {
    let dot: f32 = 0;
    for (let i = 0; i < n; i++) dot += load<f32>(p + <usize>i * 4) * load<f32>(dp + <usize>i * 4);
    for (let i = 0; i < n; i++) {
      const at = <usize>i * 4;
      store<f32>(dx + at, scale * load<f32>(p + at) * (load<f32>(dp + at) - dot));
    }
    p += <usize>n * 4;
    dp += <usize>n * 4;
    dx += <usize>n * 4;
  }
}

/**
 * Sum over the rows of -weight * log softmax(logits[r])[target[r]], and in place of the logits its gradient. Rows with a
 * negative target count nothing and get a gradient of 0.
 */
export function crossEntropy(logits: usize, target: usize, rows: i32, n: i32, weight: f32): f64 {
  let loss: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const row = logits + <usize>r * <usize>n * 4;
    const wanted = load<i32>(target + <usize>r * 4);
    if (wanted < 0) {
      memory.fill(row, 0, <usize>n * 4);
      continue;
    }
    const at = row + <usize>wanted * 4;
    const top = largest(row, n);
    const own = load<f32>(at) - top;
    const sum = exponentials(row, n, top);
    loss += <f64>weight * (Math.log(<f64>sum) - <f64>own);
    scaleRow(row, n, weight / sum);
    store<f32>(at, load<f32>(at) - weight);
  }
  return loss;
}

/** y[r] = gamma * (x[r] - mean) / sd + beta; keeps the standardised rows and 1 / sd for the gradient. */
export function layerNorm(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  standard: usize,
  inverse: usize,
  rows: i32,
  n: i32,
  epsilon: f32,
): void {
  for (let r = 0; r < rows; r++) {
    let sum: f32 = 0;
    for (let i = 0; i < n; i++) sum += load<f32>(x + <usize>i * 4);
    const mean = sum / <f32>n;
    let squares: f32 = 0;
    for (let i = 0; i < n; i++) {
      const d = load<f32>(x + <usize>i * 4) - mean;
      squares += d * d;
    }
    const inv = <f32>(1 / sqrt<f32>(squares / <f32>n + epsilon));
    store<f32>(inverse + <usize>r * 4, inv);
    for (let i = 0; i < n; i++) {
      const at = <usize>i * 4;
      const s = (load<f32>(x + at) - mean) * inv;
      store<f32>(standard + at, s);
      store<f32>(y + at, load<f32>(gamma + at) * s + load<f32>(beta + at));
    }
    x += <usize>n * 4;
    y += <usize>n * 4;
    standard += <usize>n * 4;
  }
}

/** dx = the gradient of layerNorm with respect to x; dgamma and dbeta are added to. dx may be dy. */
export function layerNormBackward(
  dy: usize,
  gamma: usize,
  standard: usize,
  inverse: usize,
  dx: usize,
  dgamma: usize,
  dbeta: usize,
  rows: i32,
  n: i32,
): void {
  for (let r = 0; r < rows; r++) {
    let mean: f32 = 0;
    let along: f32 = 0;
    for (let i = 0; i < n; i++) {
      const at = <usize>i * 4;
      const d = load<f32>(dy + at);
      const s = load<f32>(standard + at);
      store<f32>(dgamma + at, load<f32>(dgamma + at) + d * s);
      store<f32>(dbeta + at, load<f32>(dbeta + at) + d);
      const g = d * load<f32>(gamma + at);
      mean += g;
      along += g * s;
    }
    mean /= <f32>n;
    along /= <f32>n;
    const inv = load<f32>(inverse + <usize>r * 4);
    for (let i = 0; i < n; i++) {
      const at = <usize>i * 4;
      const g = load<f32>(dy + at) * load<f32>(gamma + at);
      store<f32>(dx + at, inv * (g - mean - load<f32>(standard + at) * along));
    }
    dy += <usize>n * 4;
    dx += <usize>n * 4;
    standard += <usize>n * 4;
  }
}
