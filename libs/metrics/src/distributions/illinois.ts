/**
 * Root of a continuous f between a and b, where f(a) and f(b) have opposite signs (or one is 0), by the Illinois
 * variant of regula falsi (Dowell and Jarratt 1971): for functions too expensive to bisect to the last digit.
 * Stops when the bracket is `tolerance` wide, relative to the larger end. NaN when the signs agree.
 */
export function illinoisRoot(f: (x: number) => number, a: number, b: number, tolerance = 1e-14): number {
  let [x0, x1] = [a, b];
  let [f0, f1] = [f(a), f(b)];
  if (f0 === 0) return a;
  if (!(f0 * f1 <= 0)) return NaN;
  for (let i = 0; i < 200 && f1 !== 0; i++) {
    const next = x1 - (f1 * (x1 - x0)) / (f1 - f0);
    const value = f(next);
    const moved = Math.abs(next - x1);
    if (value * f1 < 0) [x0, f0] = [x1, f1];
    else f0 /= 2;
    [x1, f1] = [next, value];
    const scale = tolerance * Math.max(Math.abs(x0), Math.abs(x1));
    if (Math.abs(x1 - x0) <= scale || moved <= scale / 4) break;
  }
  return x1;
}
