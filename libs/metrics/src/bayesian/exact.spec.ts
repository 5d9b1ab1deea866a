import { describe, expect, it } from '@jest/globals';
import { gammaQuantile } from '../distributions/index.js';
import { bestShare } from './beta-binomial.js';
import { exactReport } from './exact.js';
import type { ExactArm, ExactOptions, ExactReport } from './exact.js';

const options: ExactOptions = {
  model: 'beta-binomial',
  prior: [1, 1],
  baseline: 'a',
  alpha: 0.05,
  betterWhen: 'higher',
  equivalence: 0.2,
};

function report(arms: readonly ExactArm[], part: Partial<ExactOptions> = {}): ExactReport {
  const result = exactReport(arms, { ...options, ...part });
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

const arm = (key: string, n: number, events: number): ExactArm => ({ key, n, events });

describe('exactReport', () => {
  it('has the closed forms of two uniform shares', () => {
    const { arms, comparisons } = report([arm('a', 0, 0), arm('b', 0, 0)]);
    const [found] = comparisons;
    expect(arms.map(({ probabilityBest }) => probabilityBest)).toEqual([
      expect.closeTo(0.5, 10),
      expect.closeTo(0.5, 10),
    ]);
    expect(found?.chanceToWin).toBeCloseTo(0.5, 10);
    expect(found?.expectedLoss.treatment).toBeCloseTo(1 / 6, 9);
    // P(T < k C) of uniform T and C: k / 2 up to 1, then 1 - 1 / (2 k). The corner at C = 1 / k costs digits.
    expect(found?.equivalence.below).toBeCloseTo(0.4, 9);
    expect(found?.equivalence.above).toBeCloseTo(1 / 2.4, 4);
  });

  it('has the closed forms of exponential rates, whichever end is better', () => {
    // A prior of one event over 0 units: rates are exponential with the exposure as their parameter.
    const arms = [arm('a', 2, 0), arm('b', 3, 0), arm('c', 5, 0)];
    const low = report(arms, { model: 'gamma-poisson', prior: [1, 0], betterWhen: 'lower' });
    // The smallest of exponentials: probabilities proportional to their parameters.
    low.arms.forEach(({ n, probabilityBest }) => expect(probabilityBest).toBeCloseTo(n / 10, 10));
    expect(low.comparisons[0]?.chanceToWin).toBeCloseTo(3 / 5, 10);
    // E[max(0, B - A)] = P(B > A) E[B], without memory.
    expect(low.comparisons[0]?.expectedLoss.treatment).toBeCloseTo((2 / 5) * (1 / 3), 9);
    expect(low.comparisons[0]?.expectedLoss.baseline).toBeCloseTo((3 / 5) * (1 / 2), 9);
    // P(B < k A) = 3 k / (2 + 3 k).
    expect(low.comparisons[0]?.equivalence.below).toBeCloseTo(2.4 / 4.4, 10);
    expect(low.comparisons[0]?.equivalence.above).toBeCloseTo(1 - 3.6 / 5.6, 10);
    expect(low.arms[2]?.upper).toBeCloseTo(-Math.log(0.025) / 5, 12);
    const high = report(arms, { model: 'gamma-poisson', prior: [1, 0] });
    expect(high.comparisons[0]?.chanceToWin).toBeCloseTo(2 / 5, 10);
    expect(high.arms.reduce((sum, { probabilityBest }) => sum + probabilityBest, 0)).toBeCloseTo(1, 10);
    const large = report([arm('a', 1e6, 3e6), arm('b', 1e6, 3e6)], { model: 'gamma-poisson' });
    expect(large.arms[0]?.lower).toBeCloseTo(gammaQuantile(0.025, 3e6 + 1) / (1e6 + 1), 12);
    expect(large.comparisons[0]?.chanceToWin).toBeCloseTo(0.5, 9);
  });

  it('finds the best of ten arms of any sizes in well under 100 ms', () => {
    const close = Array.from({ length: 10 }, (_, i) => arm(String(i), 100_000, 30_000 + 30 * i));
    const odd = Array.from({ length: 10 }, (_, i) =>
      arm(String(i), 10 ** (i % 6), Math.round(10 ** (i % 6) * 0.1 * (i % 4))),
    );
    for (const arms of [close, odd]) {
      const found = report(arms, { baseline: '0' }).arms.map(({ probabilityBest }) => probabilityBest);
      expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 10);
      const exact = bestShare(
        { a: 1, b: 1 },
        arms.map(({ n, events }) => ({ n, successes: events })),
      );
      if (!exact.ok) throw new Error(exact.reason);
      found.forEach((value, i) => expect(value).toBeCloseTo(exact.value[i] as number, 9));
    }
    // Processor time: the clock on the wall measures how busy the machine is. The least of several runs.
    const times = Array.from({ length: 5 }, () => {
      const start = process.cpuUsage();
      report(close, { baseline: '0' });
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });

  it('says why there is no posterior', () => {
    const reason = (arms: readonly ExactArm[], part: Partial<ExactOptions> = {}): string | null => {
      const result = exactReport(arms, { ...options, ...part });
      return result.ok ? null : result.reason;
    };
    expect(reason([arm('b', 3, 1)])).toBe('insufficient_units');
    expect(reason([arm('a', 3, 4)])).toBe('invalid_input');
    expect(reason([arm('a', 0, 0)], { prior: [0, 0] })).toBe('insufficient_units');
    expect(reason([arm('a', 3, 1)], { equivalence: 1 })).toBe('invalid_input');
    expect(reason([arm('a', NaN, 1)], { model: 'gamma-poisson' })).toBe('not_finite');
  });
});
