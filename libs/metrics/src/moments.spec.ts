import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRng } from '#experiments';
import type { Moments } from './contract.js';
import {
  EMPTY_MOMENTS,
  areUsable,
  fromCounts,
  fromSummary,
  fromSums,
  fromValues,
  merge,
  mergeAll,
  varianceOf,
} from './moments.js';

function expectSame(got: Moments, want: Moments, tolerance = 1e-9): void {
  expect(got.n).toBe(want.n);
  got.mean.forEach((value, i) =>
    expect(Math.abs(value - (want.mean[i] as number))).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(want.mean[i] as number)),
    ),
  );
  const scale = Math.max(1, ...want.comoment.map(Math.abs));
  got.comoment.forEach((value, i) =>
    expect(Math.abs(value - (want.comoment[i] as number))).toBeLessThanOrEqual(tolerance * scale),
  );
}

const values = fc.array(
  fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100),
  { minLength: 0, maxLength: 60 },
);

describe('fromValues', () => {
  it('keeps the variance of data with an offset of a thousand million', () => {
    const y = [4, 7, 13, 16].map((v) => v + 1e9);
    expect(fromValues(y).mean[0]).toBe(1e9 + 10);
    expect(varianceOf(fromValues(y))).toBe(30);
  });

  it('measures numerator, denominator and covariate together', () => {
    const m = fromValues([1, 2, 6], [1, 1, 4], [0, 3, 3]);
    expectSame(m, { n: 3, mean: [3, 2, 2], comoment: [14, 6, 6, 9, 6, 3] });
    expect(m.nonZero).toBe(3);
  });

  it('has no variance below two units, and refuses what is no number', () => {
    expect(varianceOf(fromValues([]))).toBeNull();
    expect(varianceOf(fromValues([5]))).toBeNull();
    expect(() => fromValues([1, NaN])).toThrow(/numerator: value 1 is not a finite number/);
    expect(() => fromValues([1, 2], undefined, [1, Infinity])).toThrow(/covariate/);
    expect(() => fromValues([1, 2], [1])).toThrow(/denominator has 1 values for 2 units/);
  });
});

describe('merge', () => {
  it('gives the moments of the whole, in whatever order the parts come', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 6 }), fc.integer(), (parts, seed) => {
        const whole = fromValues(
          parts.flat(),
          parts.flat().map((v) => v * 2 + 1),
          parts.flat().map((v) => -v),
        );
        const moments = parts.map((part) =>
          fromValues(
            part,
            part.map((v) => v * 2 + 1),
            part.map((v) => -v),
          ),
        );
        const rng = createRng(String(seed));
        const shuffled = moments
          .map((m) => ({ m, order: rng.uniform() }))
          .sort((a, b) => a.order - b.order)
          .map(({ m }) => m);
        expectSame(mergeAll(moments), whole);
        expectSame(mergeAll(shuffled), whole);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('keeps the digits of parts far from zero', () => {
    const rng = createRng('offset');
    const y = Array.from({ length: 3000 }, () => 1e9 + rng.normal());
    const parts = [y.slice(0, 7), y.slice(7, 1200), y.slice(1200)].map((part) => fromValues(part));
    expect((varianceOf(mergeAll(parts)) ?? 0) / (varianceOf(fromValues(y)) ?? 1)).toBeCloseTo(1, 6);
  });

  it('has the empty moments as neutral element and forgets the count of non-zero units only if a part lacks it', () => {
    const m = fromValues([0, 1, 2]);
    expect(merge(EMPTY_MOMENTS, m)).toEqual(m);
    expect(merge(m, EMPTY_MOMENTS)).toEqual(m);
    expect(merge(m, m).nonZero).toBe(4);
    expect(merge(m, fromSummary(3, 1, 1)).nonZero).toBeUndefined();
  });
});

describe('other sources', () => {
  it('agrees with the values they summarise', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 50 }),
            fc.integer({ min: 1, max: 9 }),
            fc.integer({ min: 0, max: 99 }),
          ),
          { minLength: 2, maxLength: 40 },
        ),
        (rows) => {
          const sum = (f: (row: [number, number, number]) => number) =>
            rows.reduce((total, row) => total + f(row), 0);
          const sums = fromSums({
            n: rows.length,
            sum: sum(([y]) => y),
            sumSquares: sum(([y]) => y * y),
            denominator: {
              sum: sum(([, d]) => d),
              sumSquares: sum(([, d]) => d * d),
              crossSum: sum(([y, d]) => y * d),
            },
            covariate: {
              sum: sum(([, , x]) => x),
              sumSquares: sum(([, , x]) => x * x),
              crossSum: sum(([y, , x]) => y * x),
              denominatorCrossSum: sum(([, d, x]) => d * x),
            },
          });
          expectSame(
            sums,
            fromValues(
              rows.map(([y]) => y),
              rows.map(([, d]) => d),
              rows.map(([, , x]) => x),
            ),
          );
        },
      ),
      { numRuns: 100, seed: 2 },
    );
    expectSame(fromCounts(10, 3), fromValues([1, 1, 1, 0, 0, 0, 0, 0, 0, 0]));
    expect(varianceOf(fromSummary(10, 2, 5))).toBe(5);
  });

  it('refuses impossible numbers', () => {
    expect(() => fromCounts(3, 4)).toThrow(/exceed/);
    expect(() => fromCounts(2.5, 1)).toThrow(/whole number/);
    expect(() => fromSummary(-1, 0, 0)).toThrow(/at least 0/);
    expect(() => fromSummary(5, NaN, 1)).toThrow(/mean/);
    expect(() => fromSummary(5, 1, -1)).toThrow(/variance/);
    expect(() => fromSums({ n: 2 ** 54, sum: 1, sumSquares: 1 })).toThrow(/whole number/);
    expect(areUsable({ ...fromCounts(3, 1), mean: [NaN, 1, 0] })).toBe(false);
  });

  it('gives constant data no variance, however their sums were rounded', () => {
    for (const value of [0.1, 1 / 3, 12.7, 1e9 + 0.3]) {
      let [sum, squares] = [0, 0];
      const n = 10_000;
      for (let i = 0; i < n; i++) [sum, squares] = [sum + value, squares + value * value];
      expect(fromSums({ n, sum, sumSquares: squares }).comoment).toEqual([0, 0, 0, 0, 0, 0]);
    }
    // A real spread of a ten-thousandth of the mean stays.
    expect(fromSums({ n: 2, sum: 2, sumSquares: 2 + 2e-8 }).comoment[0]).toBeCloseTo(2e-8, 12);
  });

  it('turns a variance that rounding made negative into zero', () => {
    const near = 1e9;
    expect(fromSums({ n: 3, sum: 3 * near, sumSquares: 3 * near * near - 512 }).comoment[0]).toBe(0);
  });
});
