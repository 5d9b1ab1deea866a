import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { liftOfShowing } from './lift-of-showing.js';
import type { LotSums } from './lift-of-showing.js';

/** @param clusters [decisions, outcome] of each. */
const lots = (clusters: readonly (readonly [number, number])[]): LotSums => {
  const total = (of: (n: number, y: number) => number): number =>
    clusters.reduce((sum, [n, y]) => sum + of(n, y), 0);
  return {
    clusters: clusters.length,
    decisions: total((n) => n),
    sum: total((_, y) => y),
    sumSquares: total((_, y) => y * y),
    sumProducts: total((n, y) => n * y),
    sizeSquares: total((n) => n * n),
  };
};
const single = (successes: number, n: number): LotSums =>
  lots(Array.from({ length: n }, (_, i) => [1, i < successes ? 1 : 0] as const));
const BINARY = { alpha: 0.05, binary: true };

describe('liftOfShowing', () => {
  it("is Newcombe's interval where every decision has a lot of its own", () => {
    // Newcombe (1998), table II, contrast (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    const result = liftOfShowing(single(56, 70), single(48, 80), BINARY);
    expect(result).toMatchObject({ status: 'ok', method: 'newcombe' });
    if (result.status !== 'ok') throw new Error(result.status);
    expect(result.lift).toBeCloseTo(0.2, 12);
    // The variance of clusters is divided by m - 1, so the effective sizes are 69 and 79.
    expect(Math.abs(result.lower - 0.0524)).toBeLessThan(0.002);
    expect(Math.abs(result.upper - 0.3339)).toBeLessThan(0.002);
  });

  it('does not take ten withheld decisions without a success for certainty', () => {
    const result = liftOfShowing(single(50, 500), single(0, 10), BINARY);
    // Wilson's upper end for 0 of 10 is z^2 / (10 + z^2) = 0.2775.
    expect(result).toMatchObject({ status: 'ok' });
    if (result.status === 'ok') expect(result.lower).toBeCloseTo(0.1 - Math.hypot(0.0234, 0.2775), 3);
  });

  it('is wider where decisions share lots', () => {
    const apart = liftOfShowing(single(40, 100), single(20, 100), BINARY);
    const together = liftOfShowing(
      lots(Array.from({ length: 25 }, (_, i) => [4, i < 10 ? 4 : 0] as const)),
      lots(Array.from({ length: 25 }, (_, i) => [4, i < 5 ? 4 : 0] as const)),
      BINARY,
    );
    if (apart.status !== 'ok' || together.status !== 'ok') throw new Error('undefined');
    expect(together.lift).toBeCloseTo(apart.lift, 12);
    expect((together.upper - together.lower) / (apart.upper - apart.lower)).toBeCloseTo(2, 1);
  });

  it("is Welch's interval for minutes, and undefined without two lots on each side", () => {
    const minutes = (values: readonly number[]): LotSums => lots(values.map((y) => [1, y] as const));
    // Means 30 and 22, sums of squares 350 and 8: variances of the means 350 / 4 / 5 = 17.5 and 8 / 2 / 3 = 1.3333, standard
    // error 4.3397, df 18.8333^2 / (17.5^2 / 4 + 1.3333^2 / 2) = 4.5801.
    const result = liftOfShowing(minutes([20, 25, 25, 40, 40]), minutes([20, 22, 24]), {
      alpha: 0.05,
      binary: false,
    });
    if (result.status !== 'ok') throw new Error(result.status);
    expect(result.lift).toBeCloseTo(8, 6);
    expect(result.method).toBe('welch');
    expect(result.standardError).toBeCloseTo(4.33974, 5);
    // t at 4 and at 5 degrees of freedom: 2.7764 and 2.5706.
    const half = result.upper - 8;
    expect(half / result.standardError).toBeGreaterThan(2.5706);
    expect(half / result.standardError).toBeLessThan(2.7764);
    expect(liftOfShowing(minutes([1, 2]), minutes([3]), { alpha: 0.05, binary: false }).status).not.toBe(
      'ok',
    );
    expect(liftOfShowing(single(1, 3), single(0, 0), BINARY).status).not.toBe('ok');
  });

  it('covers the lift in 93 % and more of simulated logs with 3 % withheld and shared lots', () => {
    const rng = createRng('lift');
    const draw = (units: number, p: number): LotSums =>
      lots(
        Array.from({ length: units }, () => {
          // Units differ in how much they watch, so decisions of one lot are alike.
          const own = Math.min(1, p * (0.5 + rng.uniform()));
          const n = 1 + rng.below(4);
          let y = 0;
          for (let i = 0; i < n; i++) if (rng.uniform() < own) y += 1;
          return [n, y] as const;
        }),
      );
    let covered = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const result = liftOfShowing(draw(970, 0.3), draw(30, 0.2), BINARY);
      if (result.status === 'ok' && result.lower <= 0.1 && result.upper >= 0.1) covered += 1;
    }
    expect(covered / runs).toBeGreaterThanOrEqual(0.93);
  });
});
