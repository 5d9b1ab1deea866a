import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ascending } from './sample-quantile.js';
import { exactQuantileInterval, quantileSummaryTest, quantileTest, sampleQuantile } from './index.js';
import type { QuantileSummary } from './index.js';

const options = { alpha: 0.05 };
const oneTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('sampleQuantile', () => {
  it('is type 7: R quantile(1:10) and its neighbours', () => {
    const sorted = ascending(oneTo(10));
    expect([0, 0.25, 0.5, 0.75, 1].map((p) => sampleQuantile(sorted, p))).toEqual([1, 3.25, 5.5, 7.75, 10]);
    expect(sampleQuantile(ascending([10, 1, 3, 2, 4]), 0.9)).toBeCloseTo(7.6, 12);
    expect(sampleQuantile(ascending([3]), 0.4)).toBe(3);
  });
});

const sample = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 60, maxLength: 200 });

describe('quantileTest', () => {
  it('is equivariant: shifted and scaled data shift and scale the quantile and its standard error', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const plain = quantileTest(x, y, 0.75, options);
        const moved = quantileTest(
          x.map((v) => 3 * v + 7),
          y.map((v) => 3 * v + 7),
          0.75,
          options,
        );
        fc.pre(plain.status === 'ok' && moved.status === 'ok');
        if (plain.status !== 'ok' || moved.status !== 'ok') return;
        expect(moved.pValue).toBeCloseTo(plain.pValue, 8);
        expect(moved.estimate).toBeCloseTo(3 * plain.estimate, 8);
        expect(moved.control.quantile).toBeCloseTo(3 * plain.control.quantile + 7, 8);
        expect(moved.standardError).toBeCloseTo(3 * plain.standardError, 8);
      }),
    );
  });

  it('mirrors: the 0.3 quantile of x is minus the 0.7 quantile of -x', () => {
    const x = oneTo(90).map((v) => v ** 1.5);
    const y = oneTo(80).map((v) => v ** 1.4);
    const negate = (v: number[]) => v.map((value) => -value);
    const low = quantileTest(x, y, 0.3, options);
    const high = quantileTest(negate(y), negate(x), 0.7, options);
    if (low.status !== 'ok' || high.status !== 'ok') throw new Error('undefined');
    expect(high.estimate).toBeCloseTo(low.estimate, 9);
    expect(high.pValue).toBeCloseTo(low.pValue, 9);
  });

  it('approaches the asymptotic standard error of a uniform median, 1 / (2 sqrt n)', () => {
    const x = oneTo(10_000).map((v) => v / 10_000);
    const got = quantileTest(x, x, 0.5, options);
    expect(got).toMatchObject({ estimate: 0, control: { standardError: expect.closeTo(0.005, 5) } });
  });

  it('keeps its standard error when alpha changes', () => {
    const [x, y] = [oneTo(70), oneTo(80)];
    const se = (alpha: number) => quantileTest(x, y, 0.5, { alpha });
    expect(se(0.01)).toMatchObject({ standardError: (se(0.2) as { standardError: number }).standardError });
  });

  it('says why there is none', () => {
    const x = oneTo(40);
    const flat = new Array<number>(40).fill(3);
    expect(quantileTest(x, x, 0.99, options)).toMatchObject({ reason: 'insufficient_units' });
    expect(quantileTest([], x, 0.5, options)).toMatchObject({ reason: 'insufficient_units' });
    expect(quantileTest(flat, flat, 0.5, options)).toMatchObject({ reason: 'zero_variance' });
    expect(quantileTest(flat, x, 0.5, options).status).toBe('ok');
    const centred = x.map((v) => v - 20.5);
    expect(quantileTest(centred, x, 0.5, { ...options, scale: 'relative' })).toMatchObject({
      reason: 'zero_baseline',
    });
    expect(quantileTest(x, x, 1, options)).toMatchObject({ reason: 'invalid_quantile' });
    expect(quantileTest([NaN, ...x], x, 0.5, options)).toMatchObject({ reason: 'not_finite' });
  });
});

describe('exactQuantileInterval', () => {
  it('has the ranks of the tables for a median', () => {
    // 95 %: n = 6 (1, 6), n = 10 (2, 9), n = 20 (6, 15), n = 100 (40, 61).
    const ranks = (n: number) => exactQuantileInterval(oneTo(n), 0.5, 0.05);
    expect(ranks(6)).toEqual({ status: 'ok', lower: 1, upper: 6 });
    expect(ranks(10)).toEqual({ status: 'ok', lower: 2, upper: 9 });
    expect(ranks(20)).toEqual({ status: 'ok', lower: 6, upper: 15 });
    expect(ranks(100)).toEqual({ status: 'ok', lower: 40, upper: 61 });
  });

  it('is open where no value is extreme enough, undefined where that is so on both sides', () => {
    expect(exactQuantileInterval(oneTo(5), 0.5, 0.05)).toMatchObject({ reason: 'insufficient_units' });
    expect(exactQuantileInterval(oneTo(30), 0.95, 0.05)).toEqual({ status: 'ok', lower: 26, upper: null });
    expect(exactQuantileInterval(oneTo(30), 0.05, 0.05)).toEqual({ status: 'ok', lower: null, upper: 5 });
    expect(exactQuantileInterval([], 0.5, 0.05)).toMatchObject({ reason: 'insufficient_units' });
  });

  it('mirrors, and widens as alpha shrinks', () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0.2, max: 0.8, noNaN: true }), (x, level) => {
        const of = (v: number[], p: number, alpha: number) => {
          const got = exactQuantileInterval(v, p, alpha);
          if (got.status !== 'ok' || got.lower === null || got.upper === null) throw new Error('open');
          return { lower: got.lower, upper: got.upper };
        };
        const got = of(x, level, 0.05);
        const wide = of(x, level, 0.01);
        expect(wide.lower <= got.lower && wide.upper >= got.upper).toBe(true);
        const quantile = sampleQuantile(ascending(x), level);
        expect(got.lower <= quantile && got.upper >= quantile).toBe(true);
      }),
    );
  });
});

describe('quantileSummaryTest', () => {
  const arm = (change: Partial<QuantileSummary> = {}): QuantileSummary => ({
    n: 5000,
    nStar: 5000,
    quantile: 10,
    lower: 9.5,
    upper: 10.6,
    ...change,
  });

  it('agrees with the raw values it summarises', () => {
    const x = oneTo(4000).map((v) => Math.sqrt(v));
    const y = oneTo(5000).map((v) => Math.sqrt(v) + 1);
    const raw = quantileTest(x, y, 0.6, options);
    if (raw.status !== 'ok') throw new Error(raw.reason);
    const of = (side: 'control' | 'treatment', n: number) => arm({ ...raw[side], n, nStar: n });
    const got = quantileSummaryTest(of('control', 4000), of('treatment', 5000), 0.6, options);
    expect(got).toMatchObject({
      estimate: expect.closeTo(raw.estimate, 12),
      standardError: expect.closeTo(raw.standardError, 3),
    });
  });

  it('clusters of one event each are independent values', () => {
    const below = 4500;
    const clusters = {
      n: 5000,
      sum: below,
      sumSquares: below,
      denominatorSum: 5000,
      denominatorSumSquares: 5000,
      crossSum: below,
    };
    const plain = quantileSummaryTest(arm(), arm({ quantile: 11 }), 0.9, options);
    const clustered = quantileSummaryTest(arm({ clusters }), arm({ quantile: 11, clusters }), 0.9, options);
    if (plain.status !== 'ok' || clustered.status !== 'ok') throw new Error('undefined');
    expect(clustered.controlVariance / plain.controlVariance).toBeCloseTo(5000 / 4999, 12);
  });

  it('users whose events move together multiply the variance by the size of the cluster', () => {
    // 500 users of 10 events, all of a user's events on the same side of the quantile.
    const clusters = {
      n: 500,
      sum: 4500,
      sumSquares: 45_000,
      denominatorSum: 5000,
      denominatorSumSquares: 50_000,
      crossSum: 45_000,
    };
    const plain = quantileSummaryTest(arm(), arm(), 0.9, options);
    const clustered = quantileSummaryTest(arm({ clusters }), arm({ clusters }), 0.9, options);
    if (plain.status !== 'ok' || clustered.status !== 'ok') throw new Error('undefined');
    expect(clustered.controlVariance / plain.controlVariance).toBeCloseTo((10 * 500) / 499, 10);
  });

  it('says why there is none', () => {
    const test = (change: Partial<QuantileSummary>, level = 0.5, scale?: 'relative') =>
      quantileSummaryTest(arm(change), arm(), level, { ...options, ...(scale ? { scale } : {}) });
    expect(test({ n: 0, nStar: 0 })).toMatchObject({ reason: 'insufficient_units' });
    expect(test({ n: 380 }, 0.99)).toMatchObject({ reason: 'insufficient_units' });
    expect(test({ n: 381 }, 0.99).status).toBe('ok');
    expect(test({ lower: 10, upper: 10 })).toMatchObject({ reason: 'zero_variance' });
    expect(test({ quantile: 0 }, 0.5, 'relative')).toMatchObject({ reason: 'zero_baseline' });
    expect(test({}, 0)).toMatchObject({ reason: 'invalid_quantile' });
    expect(test({ upper: NaN })).toMatchObject({ reason: 'not_finite' });
    const clusters = {
      n: 1,
      sum: 1,
      sumSquares: 1,
      denominatorSum: 2,
      denominatorSumSquares: 4,
      crossSum: 2,
    };
    expect(test({ clusters })).toMatchObject({ reason: 'insufficient_units' });
    expect(test({ clusters: { ...clusters, n: 9, denominatorSum: 0 } })).toMatchObject({
      reason: 'denominator_zero',
    });
  });

  it('does not let a variance of many values vanish', () => {
    const tiny = arm({ lower: 10, upper: 10 + 1e-9 });
    expect(quantileSummaryTest(tiny, tiny, 0.5, options)).toMatchObject({ controlVariance: 1e-5 });
    const few = { ...tiny, n: 50, nStar: 50 };
    const got = quantileSummaryTest(few, few, 0.5, options);
    expect(got.status === 'ok' && got.controlVariance < 1e-15).toBe(true);
  });
});
