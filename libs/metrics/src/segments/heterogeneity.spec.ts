import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalSf } from '../distributions/index.js';
import { heterogeneity } from './heterogeneity.js';
import type { Heterogeneity, SegmentEffect } from './heterogeneity.js';

function valueOf(segments: readonly SegmentEffect[]): Heterogeneity {
  const result = heterogeneity(segments);
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

const of = (...pairs: [effect: number, standardError: number][]): SegmentEffect[] =>
  pairs.map(([effect, standardError]) => ({ effect, standardError }));

describe('heterogeneity', () => {
  it('is the z test of the difference for two segments', () => {
    const result = valueOf(of([0.5, 0.1], [0.1, 0.15]));
    const z = 0.4 / Math.hypot(0.1, 0.15);
    expect(result.q).toBeCloseTo(z * z, 12);
    expect(result.pValue).toBeCloseTo(2 * normalSf(z), 12);
    // The method of moments for two: d^2 / 2 minus the mean variance.
    expect(result.tau2).toBeCloseTo(0.4 ** 2 / 2 - (0.1 ** 2 + 0.15 ** 2) / 2, 12);
    expect(result.i2).toBeCloseTo(100 * (1 - 1 / (z * z)), 10);
  });

  it('is the variance of the effects for equal errors', () => {
    const result = valueOf(of([1, 0.2], [2, 0.2], [4, 0.2]));
    expect(result.randomEffectsMean).toBeCloseTo(7 / 3, 12);
    expect(result.pooled).toBeCloseTo(7 / 3, 12);
    expect(result.tau2).toBeCloseTo(7 / 3 - 0.04, 12);
    expect(result.randomEffectsStandardError).toBeCloseTo(Math.sqrt(7 / 9), 12);
  });

  it('finds nothing where there is nothing', () => {
    for (const segments of [of([0.1, 0.02]), of([0.1, 0.02], [0.1, 0.3], [0.1, 1e-9])]) {
      expect(valueOf(segments)).toMatchObject({
        pooled: 0.1,
        q: 0,
        pValue: 1,
        i2: 0,
        tau2: 0,
        randomEffectsMean: 0.1,
      });
    }
  });

  it('scales with the unit of the effects, and does not depend on the order', () => {
    const segment = fc.tuple(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: 0.01, max: 3, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 2, maxLength: 8 }), (pairs) => {
        const result = valueOf(of(...pairs));
        const scaled = valueOf(of(...pairs.map(([e, s]): [number, number] => [1e6 * e, 1e6 * s]).reverse()));
        expect(scaled.q).toBeCloseTo(result.q, 6);
        expect(Math.abs(scaled.tau2 / 1e12 - result.tau2)).toBeLessThan(1e-9 * (1 + result.tau2));
        expect(result.randomEffectsStandardError).toBeGreaterThanOrEqual(
          result.pooledStandardError * (1 - 1e-12),
        );
      }),
      { seed: 5 },
    );
  });

  it('says why there is no result', () => {
    expect(heterogeneity([])).toMatchObject({ reason: 'insufficient_units' });
    expect(heterogeneity(of([1, 0]))).toMatchObject({ reason: 'zero_variance' });
    expect(heterogeneity(of([1, -1]))).toMatchObject({ reason: 'invalid_input' });
    expect(heterogeneity(of([NaN, 1]))).toMatchObject({ reason: 'not_finite' });
  });
});
