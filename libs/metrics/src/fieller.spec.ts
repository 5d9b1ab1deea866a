import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contrast } from './contrast.js';
import type { Contrast } from './contrast.js';
import { deltaLift, fiellerLift } from './fieller.js';
import { fromSummary } from './moments.js';

function of(a: [number, number, number], b: [number, number, number]): Contrast {
  const result = contrast(fromSummary(...a), fromSummary(...b), { kind: 'mean', adjust: false });
  if (!result.ok) throw new Error(result.reason);
  return result.contrast;
}

describe('fiellerLift', () => {
  it('agrees with the z test of treatment - r control inverted numerically (scipy 1.17.1 optimize.brentq)', () => {
    const lift = fiellerLift(of([1000, 10.2, 25], [1010, 10.7, 30]), 1.959963984540054);
    expect(lift).toMatchObject({
      status: 'ok',
      estimate: expect.closeTo(0.04901960784313726, 12),
      lower: expect.closeTo(0.003995356542695561, 10),
      upper: expect.closeTo(0.09598229091431243, 10),
    });
  });

  it('bounds solve (d - r b)^2 = q^2 Var(d - r b)', () => {
    const arm = fc.tuple(
      fc.integer({ min: 50, max: 5000 }),
      fc.integer({ min: -500, max: 500 }).map((v) => v / 10),
      fc.integer({ min: 1, max: 900 }),
    );
    fc.assert(
      fc.property(arm, arm, fc.constantFrom(1.5, 1.96, 3), (a, b, q) => {
        const c = of(a, b);
        const lift = fiellerLift(c, q);
        if (lift.status !== 'ok') return;
        for (const bound of [lift.lower, lift.upper]) {
          const r = bound * Math.sign(c.baseline);
          const left = (c.estimate - r * c.baseline) ** 2;
          const right = q * q * (c.standardError ** 2 - 2 * r * c.covariance + r * r * c.baselineVariance);
          expect(Math.abs(left - right)).toBeLessThan(1e-8 * Math.max(left, right, 1e-9));
        }
        expect(lift.lower).toBeLessThanOrEqual(lift.estimate);
        expect(lift.upper).toBeGreaterThanOrEqual(lift.estimate);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('is near the delta method for a clear baseline, keeps the sign for a negative one, and is unbounded for none', () => {
    const c = of([100_000, 10, 25], [100_000, 10.1, 25]);
    const delta = deltaLift(c);
    const lift = fiellerLift(c, 1.96);
    expect(lift.status === 'ok' ? lift.upper : NaN).toBeCloseTo(
      (delta?.estimate ?? 0) + 1.96 * (delta?.standardError ?? 0),
      4,
    );
    expect(fiellerLift(of([5000, -4, 9], [5000, -3.4, 9]), 1.96)).toMatchObject({
      status: 'ok',
      estimate: expect.closeTo(0.15, 12),
      lower: expect.any(Number),
    });
    expect(fiellerLift(of([10, 0.1, 9], [10, 1, 9]), 1.96).status).toBe('unbounded');
    expect(fiellerLift(of([10, 0, 9], [10, 1, 9]), 1.96)).toEqual({
      status: 'undefined',
      reason: 'zero_baseline',
    });
    expect(deltaLift(of([10, 0, 9], [10, 1, 9]))).toBeNull();
  });
});
