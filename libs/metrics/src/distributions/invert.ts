/**
 * Root of an increasing function: widens [low, high] until it brackets the root, then bisects to full precision. Returns NaN where no bracket is found.
 */
export function invertMonotone(f: (x: number) => number, low: number, high: number): number {
  let a = low;
  let b = high;
  for (let step = 1; f(a) > 0; step *= 2) {
    a -= step;
    if (step > 1e6) return NaN;
  }
  for (let step = 1; f(b) < 0; step *= 2) {
    b += step;
    if (step > 1e6) return NaN;
  }
  return bracketedRoot(f, a, b);
}

/** Root of f in [low, high] where f(low) <= 0 <= f(high): bisection until no double lies between. */
export function bracketedRoot(f: (x: number) => number, low: number, high: number): number {
  let a = low;
  let b = high;
  for (;;) {
    const middle = a + (b - a) / 2;
    if (!(middle > a && middle < b)) return b;
    if (f(middle) < 0) a = middle;
    else b = middle;
  }
}
