import { describe, expect, it } from '@jest/globals';
import { bandOf, isInside, lowerLimit, upperLimit } from './bands.js';

describe('bands', () => {
  // scipy.stats.binom.ppf at 0.0005 and 0.9995, divided by n.
  it.each([
    [2000, 0.05, 0.0345, 0.0665],
    [10_000, 0.05, 0.043, 0.0573],
    [20_000, 0.05, 0.045, 0.05515],
    [100_000, 0.05, 0.04775, 0.05228],
    [100_000, 0.001, 0.00069, 0.00134],
    [1_000_000, 0.001, 0.000898, 0.001106],
    [10_000, 0.8, 0.7867, 0.8131],
  ])('hold 99.9 %% of the shares of %d runs with probability %d', (n, p, lower, upper) => {
    const band = bandOf(n, p);
    expect(band.lower).toBeCloseTo(lower, 9);
    expect(band.upper).toBeCloseTo(upper, 9);
  });

  // scipy.stats.binom.ppf at 0.999 and 0.001, divided by n.
  it('have one-sided limits', () => {
    expect([2000, 10_000, 20_000, 100_000].map((n) => upperLimit(n, 0.05))).toEqual([
      0.0655, 0.0569, 0.05485, 0.05214,
    ]);
    expect(upperLimit(50_000, 0.001)).toBeCloseTo(0.00146, 9);
    expect(lowerLimit(2000, 0.95)).toBeCloseTo(1 - 0.0655, 9);
  });

  it('hold nothing that is not a number', () => {
    expect(isInside({ lower: null, upper: 1 }, NaN)).toBe(false);
    expect(isInside({ lower: 0, upper: null }, 0)).toBe(true);
    expect(isInside({ lower: 0, upper: 1 }, 1.01)).toBe(false);
  });
});
