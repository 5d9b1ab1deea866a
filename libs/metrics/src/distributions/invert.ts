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

/** Steps after which interpolation is given up for bisection, which always ends. */
const MOST_STEPS = 60;

/**
 * Root of f in [low, high] where f(low) <= 0 <= f(high), up to where no double lies between: interpolation as Chandrupatla
 * (1997, Advances in Engineering Software 28) where f is smooth enough for it, else bisection. f may be infinite at the ends.
 */
export function bracketedRoot(f: (x: number) => number, low: number, high: number): number {
  // The newest point, the end of the bracket opposite to it, and the point before; `below`: f < 0 at the newest.
  let [x1, x2] = [low, high];
  let [f1, f2] = [f(low), f(high)];
  let below = true;
  let t = 0.5;
  for (let step = 0; step < MOST_STEPS; step++) {
    const x = x1 + t * (x2 - x1);
    const fx = f(x);
    let [x3, f3] = [x1, f1];
    if (fx < 0 !== below) {
      [x3, f3] = [x2, f2];
      [x2, f2] = [x1, f1];
      below = !below;
    }
    [x1, f1] = [x, fx];
    const width = Math.abs(x2 - x1);
    // Never nearer to an end than this share of the bracket, so that the last steps close it from both sides.
    const least = (2 * Number.EPSILON * Math.max(Math.abs(x1), Math.abs(x2))) / width;
    if (!(least < 0.25)) break;
    t = Math.min(Math.max(interpolated(x1, x2, x3, f1, f2, f3), least), 1 - least);
  }
  return bisected(f, Math.min(x1, x2), Math.max(x1, x2));
}

/** Where on the way from x1 to x2 the inverse parabola through three points crosses zero; the middle where it cannot be trusted. */
function interpolated(x1: number, x2: number, x3: number, f1: number, f2: number, f3: number): number {
  const xi = (x1 - x2) / (x3 - x2);
  const phi = (f1 - f2) / (f3 - f2);
  if (!(phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi)) return 0.5;
  return (f1 / (f2 - f1)) * (f3 / (f2 - f3)) + ((x3 - x1) / (x2 - x1)) * (f1 / (f3 - f1)) * (f2 / (f3 - f2));
}

function bisected(f: (x: number) => number, low: number, high: number): number {
  let a = low;
  let b = high;
  for (;;) {
    const middle = a + (b - a) / 2;
    if (!(middle > a && middle < b)) return b;
    if (f(middle) < 0) a = middle;
    else b = middle;
  }
}
