const { abs } = Math;

/** Sum of products of two vectors; `b` has at least the length of `a`. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Largest absolute value; 0 for an empty vector. */
export function maxAbs(a: Float64Array): number {
  let largest = 0;
  for (const value of a) largest = Math.max(largest, abs(value));
  return largest;
}

/** x' M x for a square matrix in row order. */
export function quadraticForm(m: Float64Array, x: ArrayLike<number>): number {
  const size = x.length;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) sum += (x[i] as number) * (m[i * size + j] as number) * (x[j] as number);
  }
  return sum;
}

/** Whether no element is NaN or infinite. */
export function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
