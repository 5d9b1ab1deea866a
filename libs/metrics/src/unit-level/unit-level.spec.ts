import { describe, expect, it } from '@jest/globals';
import { estimatorRegistry } from '../estimators/index.js';
import type { Moments } from '../contract.js';
import { quantileLevels, quantileMoments } from './quantile-moments.js';
import { restrictedMeanMoments } from './restricted-mean-moments.js';
import { withoutSpread } from './estimate-moments.js';

const welch = estimatorRegistry.get('welch');
const options = { alpha: 0.05, adjust: true } as const;

/** Variance of the mean that moments stand for. */
const varianceOfMean = (m: Moments): number => m.comoment[0] / (m.n - 1) / m.n;

describe('quantiles as moments', () => {
  it('asks for both ends of the 95 % grid', () => {
    // 1.959964 sqrt(0.9 * 0.1 / 400) = 0.0293995
    const [at, lower, upper] = quantileLevels(0.9, 400);
    expect(at).toBe(0.9);
    expect(lower).toBeCloseTo(0.8706005, 6);
    expect(upper).toBeCloseTo(0.9293995, 6);
    expect(quantileLevels(0.99, 10)[2]).toBe(1);
  });

  it('takes the standard error from the distance of the ends', () => {
    const moments = quantileMoments({ n: 400, quantile: 30, lower: 28, upper: 32 }, 0.9) as Moments;
    expect(moments.mean[0]).toBe(30);
    expect(Math.sqrt(varianceOfMean(moments))).toBeCloseTo(4 / (2 * 1.959963984540054), 12);
  });

  it('says nothing below the least number of units', () => {
    // 3.8415 * 9 = 34.57
    expect(quantileMoments({ n: 34, quantile: 1, lower: 0, upper: 2 }, 0.9)).toBeNull();
    expect(quantileMoments({ n: 35, quantile: 1, lower: 0, upper: 2 }, 0.9)).not.toBeNull();
  });

  it('lets every estimator compare them, with the interval that the errors give', () => {
    const control = quantileMoments({ n: 400, quantile: 30, lower: 28, upper: 32 }, 0.9) as Moments;
    const treatment = quantileMoments({ n: 400, quantile: 36, lower: 33, upper: 39 }, 0.9) as Moments;
    const effect = welch.compare(control, treatment, { ...options, kind: 'quantile' });
    expect(effect).toMatchObject({ status: 'ok', estimate: 6, adjusted: false });
    expect(effect.standardError).toBeCloseTo(Math.hypot(4, 6) / (2 * 1.959963984540054), 12);
    const sequential = estimatorRegistry.get('asymptotic-cs').compare(control, treatment, {
      ...options,
      kind: 'quantile',
    });
    expect((sequential.interval?.upper ?? 0) - 6).toBeGreaterThan((effect.interval?.upper ?? 0) - 6);
    const tied = [control, treatment].map(withoutSpread) as [Moments, Moments];
    expect(welch.compare(...tied, { ...options, kind: 'quantile' })).toMatchObject({
      status: 'undefined',
      reason: 'zero_variance',
    });
  });
});

describe('restricted mean times as moments', () => {
  /** Six units: events at 1, 2 and 4 days, censored at 3, 5 and 5. */
  const table = {
    units: 6,
    lastTime: 5,
    time: Float64Array.of(1, 2, 4),
    atRisk: Float64Array.of(6, 5, 3),
    events: Float64Array.of(1, 1, 1),
  };

  it('is the area under the curve with its variance, worked out by hand', () => {
    const moments = restrictedMeanMoments(table, 5) as Moments;
    // S = 5/6, 2/3, 4/9: area 1 + 5/6 + 2 * 2/3 + 4/9 = 65/18.
    expect(moments.mean[0]).toBeCloseTo(65 / 18, 12);
    // Areas after 1, 2, 4: 47/18, 16/9, 4/9; times d / (n (n - d)) = 1/30, 1/20, 1/6.
    const expected = (47 / 18) ** 2 / 30 + (16 / 9) ** 2 / 20 + (4 / 9) ** 2 / 6;
    expect(varianceOfMean(moments)).toBeCloseTo(expected, 12);
    expect(moments).toMatchObject({ n: 6, nonZero: 3 });
  });

  it('says nothing where nobody was watched to the end', () => {
    expect(restrictedMeanMoments(table, 6)).toBeNull();
    expect(restrictedMeanMoments({ ...table, units: 1 }, 5)).toBeNull();
  });

  it('has no spread without an event', () => {
    const none = {
      units: 6,
      lastTime: 5,
      time: new Float64Array(),
      atRisk: new Float64Array(),
      events: new Float64Array(),
    };
    const moments = restrictedMeanMoments(none, 5) as Moments;
    expect(moments.mean[0]).toBe(5);
    expect(varianceOfMean(moments)).toBe(0);
  });
});
