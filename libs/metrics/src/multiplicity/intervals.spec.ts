import { describe, expect, it } from '@jest/globals';
import { normalQuantile, normalSf } from '../distributions/index.js';
import { fcrIntervals, intervalFromAdjustedP } from './intervals.js';

describe('interval from an adjusted p-value', () => {
  const none = [0, 0] as const;

  it('excludes 0 exactly when the adjusted p-value is below alpha', () => {
    for (const estimate of [0.3, -2]) {
      for (const p of [1e-300, 1e-9, 0.03, 0.0499, 0.0501, 0.4, 0.99]) {
        const result = intervalFromAdjustedP(estimate, p, 0.05, [estimate, estimate]);
        expect(result.status === 'ok' && result.lower <= 0 && result.upper >= 0).toBe(p > 0.05);
      }
    }
  });

  it('reproduces a normal interval from its own p-value', () => {
    const p = 2 * normalSf(3);
    const result = intervalFromAdjustedP(6, p, 0.1, [5.9, 6.1]);
    expect(result.status === 'ok' && result.lower).toBeCloseTo(6 - 2 * normalQuantile(0.95), 10);
  });

  it('is never narrower than the plain one, and the whole line at p = 1', () => {
    expect(intervalFromAdjustedP(1, 1e-30, 0.05, [0.2, 1.8])).toEqual({
      status: 'ok',
      lower: 0.2,
      upper: 1.8,
    });
    expect(intervalFromAdjustedP(0, 0.5, 0.05, [-1, 1])).toEqual({ status: 'ok', lower: -1, upper: 1 });
    expect(intervalFromAdjustedP(1, 0, 0.05, [0.2, 1.8])).toEqual({ status: 'ok', lower: 0.2, upper: 1.8 });
    expect(intervalFromAdjustedP(1, 1, 0.05, none)).toEqual({
      status: 'ok',
      lower: -Infinity,
      upper: Infinity,
    });
    expect(intervalFromAdjustedP(1, 1.1, 0.05, none)).toMatchObject({ reason: 'invalid_input' });
    expect(intervalFromAdjustedP(NaN, 0.1, 0.05, none)).toMatchObject({ reason: 'invalid_input' });
  });
});

describe('intervals with a false coverage rate', () => {
  it('exclude 0 for every selected effect, and are plain intervals when all are selected', () => {
    const estimates = [5, -4, 3.5, 0.2, 2.4, -1.9];
    const result = fcrIntervals(
      estimates,
      estimates.map(() => 1),
      0.05,
    );
    if (result.status !== 'ok') throw new Error(result.reason);
    expect(result.selected).toEqual([true, true, true, false, true, false]);
    expect(result.alphaFcr).toBeCloseTo((0.05 * 4) / 6, 14);
    result.selected.forEach((selected, i) => {
      if (!selected) expect([result.lower[i], result.upper[i]]).toEqual([null, null]);
      else expect((result.lower[i] as number) * (result.upper[i] as number)).toBeGreaterThan(0);
    });
    const all = fcrIntervals([5, -6], [1, 1], 0.05);
    expect(all.status === 'ok' && all.lower[0]).toBeCloseTo(5 - normalQuantile(0.975), 10);
  });

  it('select nothing from nothing, and skip effects without a p-value', () => {
    expect(fcrIntervals([], [], 0.05)).toMatchObject({ selected: [], alphaFcr: 0 });
    expect(fcrIntervals([0.1, 9, null], [1, 0, 1], 0.05)).toMatchObject({ selected: [false, false, false] });
    const skipped = fcrIntervals([4, null], [1, 1], 0.05);
    expect(skipped).toMatchObject({ alphaFcr: 0.05, selected: [true, false] });
    expect(fcrIntervals([1], [], 0.05)).toMatchObject({ reason: 'invalid_input' });
  });
});
