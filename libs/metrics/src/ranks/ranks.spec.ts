import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RankTest } from './index.js';
import { mannWhitneyTest } from './index.js';

type Args = Parameters<typeof mannWhitneyTest>;

function test(...args: Args): RankTest {
  const got = mannWhitneyTest(...args);
  if (got.status === 'undefined') throw new Error(got.reason);
  return got;
}

const sample = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40 });
const varied = fc.tuple(sample, sample).filter(([x, y]) => new Set([...x, ...y]).size > 1);

describe('mannWhitneyTest', () => {
  it('counts pairs, ties as half', () => {
    fc.assert(
      fc.property(varied, ([x, y]) => {
        let pairs = 0;
        for (const b of y) for (const a of x) pairs += b > a ? 1 : b === a ? 0.5 : 0;
        const got = test(x, y);
        expect(got.u).toBe(pairs);
        expect(got.probabilityOfSuperiority).toBeCloseTo(pairs / x.length / y.length, 12);
      }),
    );
  });

  it('without ties has variance n m (n + m + 1) / 12 and half a pair of continuity correction', () => {
    const got = test([1, 2, 3, 4], [5, 6, 7, 8, 9]);
    expect(got.u).toBe(20);
    expect(got.statistic).toBeCloseTo(9.5 / Math.sqrt((20 * 10) / 12), 12);
  });

  it('swapping arms mirrors it; sides do not overlap by more than the correction', () => {
    fc.assert(
      fc.property(varied, ([x, y]) => {
        expect(test(x, y).u + test(y, x).u).toBe(x.length * y.length);
        expect(test(y, x).pValue).toBeCloseTo(test(x, y).pValue, 12);
        expect(test(y, x, 'less').pValue).toBeCloseTo(test(x, y, 'greater').pValue, 12);
        const [greater, less] = [test(x, y, 'greater').pValue, test(x, y, 'less').pValue];
        expect(greater + less).toBeGreaterThan(1);
        expect(test(x, y).pValue).toBeCloseTo(Math.min(1, 2 * Math.min(greater, less)), 9);
      }),
    );
  });

  it('depends on the order of the values only', () => {
    fc.assert(
      fc.property(varied, ([x, y]) => {
        const f = (v: number): number => Math.exp(v / 3);
        expect(test(x.map(f), y.map(f))).toEqual(test(x, y));
        expect(test([...x].reverse(), y)).toEqual(test(x, y));
      }),
    );
  });

  it('keeps the tail of complete separation', () => {
    const n = Array.from({ length: 2000 }, (_, i) => i);
    const got = test(
      n,
      n.map((v) => v + 5000),
    );
    expect(got.logPValue).toBeLessThan(-1400);
    expect(got.pValue).toBe(0);
  });

  it('says why there is none', () => {
    expect(mannWhitneyTest([], [1])).toMatchObject({ reason: 'insufficient_units' });
    expect(mannWhitneyTest([2, 2], [2, 2, 2])).toMatchObject({ reason: 'zero_variance' });
    expect(mannWhitneyTest([0], [-0])).toMatchObject({ reason: 'zero_variance' });
    expect(mannWhitneyTest([1, NaN], [2])).toMatchObject({ reason: 'not_finite' });
  });
});
