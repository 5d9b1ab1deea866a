/**
 * Root of an increasing function: widens [low, high] until it brackets the root, then bisects with secant
 * steps (Illinois) to full precision. Returns NaN where no bracket is found.
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

/** Root of f in [a, b] where f(a) <= 0 <= f(b). */
export function bracketedRoot(f: (x: number) => number, a: number, b: number): number {
  let fa = f(a);
  let fb = f(b);
  let side = 0;
  for (let i = 0; i < 300; i++) {
    if (fa === 0) return a;
    if (fb === 0) return b;
    const width = b - a;
    if (Math.abs(width) <= 2e-16 * Math.max(Math.abs(a), Math.abs(b), 1e-300)) break;
    const secant = Number.isFinite(fa) && Number.isFinite(fb) && i % 3 !== 2;
    let middle = secant ? b - (fb * width) / (fb - fa) : a + width / 2;
    if (!(middle > a && middle < b)) middle = a + width / 2;
    if (middle === a || middle === b) break;
    const value = f(middle);
    if (value < 0) {
      a = middle;
      fa = value;
      if (side === -1 && secant) fb /= 2;
      side = -1;
    } else {
      b = middle;
      fb = value;
      if (side === 1 && secant) fa /= 2;
      side = 1;
    }
  }
  return Math.abs(fa) < Math.abs(fb) ? a : b;
}
