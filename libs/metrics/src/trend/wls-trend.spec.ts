import { describe, expect, it } from '@jest/globals';
import { centred, leastSquares } from '../linear/least-squares.js';
import { effectTrend } from './wls-trend.js';
import type { EffectPoint } from './wls-trend.js';

const points = (effects: readonly number[], errors: readonly number[]): EffectPoint[] =>
  effects.map((effect, i) => ({ day: i + 1, effect, standardError: errors[i] ?? 1 }));

describe('effectTrend', () => {
  it('is the difference of two points, with its error', () => {
    const result = effectTrend(points([0.3, 0.1], [0.05, 0.12]));
    expect(result).toEqual({
      ok: true,
      value: {
        slope: expect.closeTo(-0.2, 12),
        slopeStandardError: expect.closeTo(0.13, 12),
        intercept: expect.closeTo(0.5, 12),
        // Twice the first point minus the second.
        interceptStandardError: expect.closeTo(Math.hypot(2 * 0.05, 0.12), 12),
      },
    });
  });

  it('is least squares for equal errors, with the given error instead of the residual one', () => {
    const effects = [0.31, 0.24, 0.28, 0.11, 0.16, 0.05];
    const day = Float64Array.from(effects, (_, i) => i + 1);
    const fit = leastSquares([new Float64Array(6).fill(1), day], centred(effects));
    const result = effectTrend(
      points(
        effects,
        effects.map(() => 0.2),
      ),
    );
    if (!result.ok) throw new Error(result.reason);
    expect(result.value.slope).toBeCloseTo(fit.coefficients[1] as number, 12);
    expect(result.value.slopeStandardError).toBeCloseTo(0.2 / Math.sqrt(17.5), 12);
  });

  it('finds an exact line whatever the weights and the offset of the days', () => {
    const line = [1, 2, 5, 9].map((d, i) => ({
      day: 20_000 + d,
      effect: 3 - 0.5 * d,
      standardError: 10 ** (i - 150),
    }));
    const result = effectTrend(line);
    if (!result.ok) throw new Error(result.reason);
    expect(result.value.slope).toBeCloseTo(-0.5, 9);
  });

  it('says why there is no result', () => {
    expect(effectTrend(points([1], [1]))).toMatchObject({ reason: 'insufficient_units' });
    expect(effectTrend(points([1, 2], [1, 0]))).toMatchObject({ reason: 'zero_variance' });
    expect(effectTrend(points([1, 2], [1, -1]))).toMatchObject({ reason: 'invalid_input' });
    expect(effectTrend(points([1, NaN], [1, 1]))).toMatchObject({ reason: 'not_finite' });
    const sameDay = points([1, 2, 3], [1, 1, 1]).map((point) => ({ ...point, day: 0.1 }));
    expect(effectTrend(sameDay)).toMatchObject({ reason: 'zero_variance' });
  });
});
