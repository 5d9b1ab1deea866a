import { describe, expect, it } from '@jest/globals';
import { bracketedRoot, invertMonotone } from './invert.js';

/** A double just below. */
const before = (x: number): number => x - 2 * Number.EPSILON * Math.abs(x);

describe('the root in a bracket', () => {
  it.each<[string, (x: number) => number, number, number, number, number]>([
    ['a parabola', (x) => x * x - 2, 0, 2, Math.SQRT2, 20],
    ['an exponential', (x) => Math.exp(x) - 5, -30, 30, Math.log(5), 25],
    ['a root near an end', (x) => x - 1e-20, 0, 1, 1e-20, 20],
    ['infinite ends', (t) => 120 / (1 - t) - 1880 / t, 0, 1, 0.94, 25],
    ['a steep middle in a wide bracket', (x) => Math.atan(x - 1e-3), -1e6, 1e6, 1e-3, 30],
    ['zero at the lower end, and the root beyond', (x) => x * x - 0.1 * x, 0, 1, 0.1, 25],
    ['the root at the upper end', (x) => x - 0.75, 0, 0.75, 0.75, 20],
    ['a step', (x) => (x < 0.7123 ? -1 : 1), 0, 1, 0.7123, 130],
    ['a flat root', (x) => (x - 0.3) ** 9, 0, 1, 0.3, 130],
    ['zero', (x) => x, -1, 1, 0, 1200],
  ])('is found to the last digit and in few steps: %s', (_name, f, low, high, root, most) => {
    let calls = 0;
    const found = bracketedRoot((x) => (calls++, f(x)), low, high);
    expect(f(found)).toBeGreaterThanOrEqual(0);
    if (found !== 0) expect(f(before(found))).toBeLessThan(0);
    expect(Math.abs(found - root)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(root));
    expect(calls).toBeLessThan(most);
  });

  it('ends where there is none, at the end that is nearest to one', () => {
    expect(bracketedRoot(() => -1, 0, 1)).toBe(1);
    expect(bracketedRoot(() => 1, 0.5, 1)).toBeCloseTo(0.5, 15);
    expect(bracketedRoot(() => Number.NaN, 0.5, 1)).toBeCloseTo(0.5, 15);
  });

  it('is looked for ever further away, and NaN where it is nowhere', () => {
    expect(invertMonotone((x) => x - 1000, 0, 1)).toBeCloseTo(1000, 10);
    expect(invertMonotone((x) => x + 1000, 0, 1)).toBeCloseTo(-1000, 10);
    expect(invertMonotone(() => -1, 0, 1)).toBeNaN();
  });
});
