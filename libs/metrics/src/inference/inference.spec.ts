import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { effectOf, normalLaw, studentLaw, waldTest } from './index.js';
import type { Alternative } from './index.js';

const alternatives: Alternative[] = ['two-sided', 'greater', 'less'];
const number = fc.double({ min: -50, max: 50, noNaN: true });

describe('waldTest', () => {
  it('interval and p-value are dual: zero is outside exactly when p is below alpha', () => {
    fc.assert(
      fc.property(
        number,
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        fc.constantFrom(...alternatives),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        fc.constantFrom(normalLaw, studentLaw(3.3), studentLaw(400)),
        (estimate, se, alternative, alpha, law) => {
          const { lower, upper, pValue } = waldTest(estimate, se, law, { alpha, alternative });
          if (Math.abs(pValue / alpha - 1) < 1e-9) return;
          expect(lower > 0 || upper < 0).toBe(pValue < alpha);
        },
      ),
    );
  });

  it('keeps p-values that a complement would lose, and their logarithm below the smallest double', () => {
    expect(waldTest(15.8, 1, normalLaw, { alpha: 0.05 }).pValue / 3.1e-56).toBeCloseTo(1, 1);
    const far = waldTest(60, 1, normalLaw, { alpha: 0.05 });
    expect(far.pValue).toBe(0);
    expect(far.logPValue).toBeCloseTo(-1804.32, 1);
  });

  it('keeps a tiny alpha', () => {
    const { upper } = waldTest(0, 1, normalLaw, { alpha: 2e-30 });
    expect(upper).toBeCloseTo(11.464, 3);
  });

  it('shifts the test but not the interval with the null value', () => {
    const plain = waldTest(2, 1, normalLaw, { alpha: 0.1 });
    const shifted = waldTest(2, 1, normalLaw, { alpha: 0.1, nullValue: 2 });
    expect(shifted).toMatchObject({ lower: plain.lower, upper: plain.upper, statistic: 0, pValue: 1 });
  });
});

describe('effectOf', () => {
  it('names what is missing', () => {
    const arm = (value: number, variance: number) => ({ value, variance, df: 10 });
    expect(effectOf(arm(0, 0), arm(1, 0), 'relative')).toMatchObject({ reason: 'zero_variance' });
    expect(effectOf(arm(0, 1), arm(1, 0), 'relative')).toMatchObject({ reason: 'zero_baseline' });
    expect(effectOf(arm(NaN, 1), arm(1, 0))).toMatchObject({ reason: 'not_finite' });
    expect(effectOf(arm(0, 1), arm(1, 0))).toMatchObject({ status: 'ok', estimate: 1, df: 10 });
  });

  it('lift follows the sign of the difference, also for a negative baseline', () => {
    const lift = effectOf({ value: -4, variance: 1, df: 9 }, { value: -3, variance: 1, df: 9 }, 'relative');
    expect(lift).toMatchObject({ estimate: 0.25, df: expect.closeTo(18, 10) });
  });
});
