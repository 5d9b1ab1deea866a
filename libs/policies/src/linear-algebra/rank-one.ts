/** a += weight * x x' on the lower triangle (j <= i) of an n * n matrix. Zeros of x cost nothing. */
export function addOuterLower(a: Float64Array, n: number, x: Float64Array, weight: number): void {
  for (let i = 0; i < n; i++) {
    const scaled = weight * (x[i] as number);
    if (scaled === 0) continue;
    const row = i * n;
    for (let j = 0; j <= i; j++) a[row + j] = (a[row + j] as number) + scaled * (x[j] as number);
  }
}

/** target += weight * x. */
export function addScaled(target: Float64Array, x: Float64Array, weight: number): void {
  for (let i = 0; i < x.length; i++) target[i] = (target[i] as number) + weight * (x[i] as number);
}

export function dot(a: Float64Array, b: Float64Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** x' M x for a full symmetric n * n matrix; zeros of x cost nothing. */
export function quadraticForm(m: Float64Array, n: number, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const xi = x[i] as number;
    if (xi === 0) continue;
    const row = i * n;
    let inner = 0.5 * xi * (m[row + i] as number);
    for (let j = 0; j < i; j++) inner += (m[row + j] as number) * (x[j] as number);
    sum += xi * inner;
  }
  return 2 * sum;
}
