import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { poissonExactTest } from './index.js';
import type { EventRate, RateRatio } from './index.js';

const options = { alpha: 0.05 };

function compare(control: EventRate, treatment: EventRate, given = {}): RateRatio {
  const result = poissonExactTest(control, treatment, { ...options, ...given });
  if (result.status === 'undefined') throw new Error(result.reason);
  return result;
}

const rate = fc.record({ events: fc.nat(300), exposure: fc.integer({ min: 1, max: 1000 }) });

describe('poissonExactTest', () => {
  it('with equal exposures is the sign test', () => {
    // 1 of 8: (1 + 8) / 256 on one side.
    const got = compare({ events: 7, exposure: 3 }, { events: 1, exposure: 3 }, { alternative: 'less' });
    expect(got.pValue).toBeCloseTo(9 / 256, 13);
    expect(compare({ events: 7, exposure: 3 }, { events: 1, exposure: 3 }).pValue).toBeCloseTo(18 / 256, 13);
  });

  it('without an event in control is bounded on one side only', () => {
    // Share bound (alpha/2)^(1/4), as odds.
    const share = 0.025 ** 0.25;
    const got = compare({ events: 0, exposure: 10 }, { events: 4, exposure: 10 });
    expect(got.ratio).toBe(Infinity);
    expect(got.upper).toBe(Infinity);
    expect(got.lower).toBeCloseTo(share / (1 - share), 11);
    expect(compare({ events: 4, exposure: 10 }, { events: 0, exposure: 10 })).toMatchObject({
      ratio: 0,
      lower: 0,
      upper: expect.closeTo((1 - share) / share, 11),
    });
  });

  it('swapping the arms inverts the interval; the unit of exposure does not matter', () => {
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        fc.pre(a.events > 0 && b.events > 0);
        const forward = compare(a, b);
        const backward = compare(b, a);
        expect(forward.lower * backward.upper).toBeCloseTo(1, 9);
        expect(backward.logPValue - forward.logPValue).toBeCloseTo(0, 7);
        const scaled = (r: EventRate): EventRate => ({ events: r.events, exposure: r.exposure * 1024 });
        expect(compare(scaled(a), scaled(b))).toEqual(forward);
        expect(forward.lower).toBeLessThan(forward.ratio);
        expect(forward.upper).toBeGreaterThan(forward.ratio);
      }),
    );
  });

  it('one-sided: interval and p-value are dual', () => {
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        fc.pre(a.events + b.events > 0);
        const { lower, pValue } = compare(a, b, { alternative: 'greater' });
        if (Math.abs(pValue - 0.05) > 1e-9) expect(lower > 1).toBe(pValue < 0.05);
      }),
    );
  });

  it('approaches the log-normal interval in large samples', () => {
    const got = compare({ events: 400_000, exposure: 2 }, { events: 402_000, exposure: 2 });
    const half = 1.959964 * Math.sqrt(1 / 400_000 + 1 / 402_000);
    expect(Math.log(got.lower)).toBeCloseTo(Math.log(1.005) - half, 5);
    expect(Math.log(got.upper)).toBeCloseTo(Math.log(1.005) + half, 5);
  });

  it('says why there is no result', () => {
    const some = { events: 3, exposure: 10 };
    const reason = (a: EventRate, b: EventRate) => poissonExactTest(a, b, options);
    expect(reason({ events: 0, exposure: 0 }, some)).toMatchObject({ reason: 'denominator_zero' });
    expect(reason({ events: 0, exposure: 1 }, { events: 0, exposure: 2 })).toMatchObject({
      reason: 'no_events',
    });
    expect(reason({ events: -1, exposure: 1 }, some)).toMatchObject({ reason: 'invalid_counts' });
    expect(reason({ events: 1, exposure: NaN }, some)).toMatchObject({ reason: 'not_finite' });
    expect(poissonExactTest(some, some, { alpha: 1 })).toMatchObject({ reason: 'invalid_alpha' });
  });
});
