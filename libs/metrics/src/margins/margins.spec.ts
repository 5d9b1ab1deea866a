import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { welch } from '../estimators/welch.js';
import { fromSummary } from '../moments.js';
import { pooledProportionTest, scoreInterval } from '../proportions/index.js';
import {
  fixedMarginNonInferiority,
  meanEquivalence,
  proportionEquivalence,
  proportionNonInferiority,
} from './index.js';

const arm = fc
  .tuple(
    fc.integer({ min: 2, max: 3000 }),
    fc.double({ min: 1, max: 20, noNaN: true }),
    fc.double({ min: 0.1, max: 50, noNaN: true }),
  )
  .map(([n, mean, variance]) => fromSummary(n, mean, variance));
const counts = fc
  .tuple(fc.integer({ min: 2, max: 800 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([n, p]) => ({ n, successes: Math.round(n * p) }));
const alpha = fc.double({ min: 0.001, max: 0.3, noNaN: true });

describe('fixedMarginNonInferiority', () => {
  it('holds exactly when the one-sided interval clears the margin, in both directions', () => {
    fc.assert(
      fc.property(arm, arm, alpha, fc.double({ min: 0, max: 0.5, noNaN: true }), (a, b, error, margin) => {
        const up = fixedMarginNonInferiority(a, b, { margin, direction: 'increase', alpha: error });
        const down = fixedMarginNonInferiority(a, b, { margin, direction: 'decrease', alpha: error });
        if (up.status !== 'ok' || down.status !== 'ok') throw new Error('undefined');
        if (Math.abs(up.lower + up.absoluteMargin) > 1e-9)
          expect(up.nonInferior).toBe(up.lower > -up.absoluteMargin);
        if (Math.abs(down.upper - down.absoluteMargin) > 1e-9)
          expect(down.nonInferior).toBe(down.upper < down.absoluteMargin);
        expect(up.upper).toBe(Infinity);
        expect(down.lower).toBe(-Infinity);
      }),
    );
  });

  it('a wider margin is easier to keep', () => {
    const p = [0, 0.01, 0.05, 0.2].map((margin) => {
      const got = fixedMarginNonInferiority(fromSummary(900, 50, 400), fromSummary(910, 49.6, 410), {
        margin,
        direction: 'increase',
        alpha: 0.05,
      });
      return got.status === 'ok' ? got.pValue : NaN;
    });
    expect(p).toEqual([...p].sort((x, y) => y - x));
    expect(p[0]).toBeGreaterThan(0.5);
  });

  it('is close to the contrast with control’s uncertainty where the margin is small', () => {
    const [a, b] = [fromSummary(90_000, 50, 400), fromSummary(91_000, 49.6, 410)];
    const options = { margin: 0.01, alpha: 0.05 };
    const fixed = fixedMarginNonInferiority(a, b, { ...options, direction: 'increase' });
    const exact = welch.nonInferiority(a, b, {
      ...options,
      kind: 'mean',
      adjust: false,
      betterWhen: 'higher',
    });
    if (fixed.status !== 'ok') throw new Error(fixed.reason);
    expect(fixed.statistic).toBeCloseTo((exact.contrast ?? NaN) / (exact.standardError ?? NaN), 1);
  });

  it('says why there is none', () => {
    const some = fromSummary(10, 2, 1);
    const test = (a = some, margin = 0.1) =>
      fixedMarginNonInferiority(a, some, { margin, direction: 'increase', alpha: 0.05 });
    expect(test(fromSummary(10, 0, 1))).toMatchObject({ reason: 'zero_baseline' });
    expect(test(fromSummary(1, 2, 0))).toMatchObject({ reason: 'insufficient_units' });
    expect(test(some, -0.1)).toMatchObject({ reason: 'invalid_margin' });
  });
});

describe('proportionNonInferiority', () => {
  it('is dual to the score interval without the small-sample factor', () => {
    fc.assert(
      fc.property(
        counts,
        counts,
        alpha,
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (a, b, error, margin) => {
          const got = proportionNonInferiority(a, b, { margin, direction: 'increase', alpha: error });
          const options = { alpha: error, alternative: 'greater' } as const;
          const interval = scoreInterval(a, b, options, 'farrington-manning');
          if (got.status !== 'ok' || interval.status !== 'ok') return;
          if (Math.abs(got.pValue - error) > 1e-6) expect(got.nonInferior).toBe(interval.lower > -margin);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('at margin 0 is the one-sided pooled test, and "decrease" mirrors "increase" of the failures', () => {
    const [a, b] = [
      { n: 600, successes: 480 },
      { n: 610, successes: 478 },
    ];
    const zero = proportionNonInferiority(a, b, { margin: 0, direction: 'increase', alpha: 0.05 });
    const pooled = pooledProportionTest(a, b, { alternative: 'greater' });
    if (zero.status !== 'ok' || pooled.status !== 'ok') throw new Error('undefined');
    expect(zero.pValue).toBeCloseTo(pooled.pValue, 10);
    const fail = ({ n, successes }: typeof a) => ({ n, successes: n - successes });
    const up = proportionNonInferiority(a, b, { margin: 0.06, direction: 'increase', alpha: 0.05 });
    const down = proportionNonInferiority(fail(a), fail(b), {
      margin: 0.06,
      direction: 'decrease',
      alpha: 0.05,
    });
    if (up.status !== 'ok' || down.status !== 'ok') throw new Error('undefined');
    expect(down.pValue).toBeCloseTo(up.pValue, 10);
  });

  it('answers where nobody and where everybody succeeded', () => {
    const test = (successes: number) =>
      proportionNonInferiority(
        { n: 200, successes },
        { n: 200, successes },
        { margin: 0.05, direction: 'increase', alpha: 0.05 },
      );
    expect(test(0)).toMatchObject({ status: 'ok', nonInferior: true });
    expect(test(200)).toMatchObject({ status: 'ok', nonInferior: true });
  });
});

describe('equivalence', () => {
  it('of means holds exactly when the 1 - 2 alpha interval is inside the margins', () => {
    fc.assert(
      fc.property(arm, arm, alpha, fc.double({ min: 0.1, max: 5, noNaN: true }), (a, b, error, width) => {
        const got = meanEquivalence(a, b, { lower: -width, upper: width, alpha: error });
        if (got.status !== 'ok') throw new Error(got.reason);
        if (Math.abs(got.pValue - error) < 1e-9) return;
        expect(got.equivalent).toBe(got.intervalLower > -width && got.intervalUpper < width);
        const two = welch.compare(a, b, { alpha: 2 * error, kind: 'mean', adjust: false });
        expect(got.intervalLower).toBeCloseTo(two.interval?.lower ?? NaN, 8);
      }),
    );
  });

  it('of shares holds exactly when the 1 - 2 alpha interval is inside the margins', () => {
    fc.assert(
      fc.property(
        counts,
        counts,
        alpha,
        fc.double({ min: 0.01, max: 0.6, noNaN: true }),
        (a, b, error, width) => {
          const got = proportionEquivalence(a, b, { lower: -width, upper: width, alpha: error });
          if (got.status !== 'ok') return;
          if (Math.abs(got.pValue - error) < 1e-9) return;
          expect(got.equivalent).toBe(got.intervalLower > -width && got.intervalUpper < width);
          expect(got.pValue).toBe(Math.max(got.pLower, got.pUpper));
        },
      ),
    );
  });

  it('says why there is none', () => {
    const region = { lower: -0.1, upper: 0.1, alpha: 0.05 };
    const zero = { n: 50, successes: 0 };
    expect(proportionEquivalence(zero, zero, region)).toMatchObject({ reason: 'zero_variance' });
    expect(proportionEquivalence({ n: 0, successes: 0 }, zero, region)).toMatchObject({
      reason: 'insufficient_units',
    });
    const [a, b] = [fromSummary(20, 1, 0), fromSummary(20, 1, 0)];
    expect(meanEquivalence(a, b, region)).toMatchObject({ reason: 'zero_variance' });
    expect(meanEquivalence(a, b, { ...region, upper: -0.1 })).toMatchObject({ reason: 'invalid_margin' });
    expect(meanEquivalence(a, b, { ...region, alpha: 0.5 })).toMatchObject({ reason: 'invalid_alpha' });
  });
});
