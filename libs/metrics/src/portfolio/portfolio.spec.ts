import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { fromCounts, fromSummary } from '../moments.js';
import { heterogeneity } from '../segments/heterogeneity.js';
import { liftOf, pauleMandel, selectionBias, shrinkPortfolio, weightedMean } from './index.js';
import type { Portfolio, PortfolioEffect } from './index.js';

/** BCG vaccine trials (Colditz et al. 1994; dat.bcg of metafor): cases and others, vaccinated and not. */
const BCG = [
  [4, 119, 11, 128],
  [6, 300, 29, 274],
  [3, 228, 11, 209],
  [62, 13536, 248, 12619],
  [33, 5036, 47, 5761],
  [180, 1361, 372, 1079],
  [8, 2537, 10, 619],
  [505, 87886, 499, 87892],
  [29, 7470, 45, 7232],
  [17, 1699, 65, 1600],
  [186, 50448, 141, 27197],
  [5, 2493, 3, 2338],
  [27, 16886, 29, 17825],
] as const;
const bcg = BCG.map(([a, b, c, d]) => ({
  effect: Math.log(a / (a + b) / (c / (c + d))),
  standardError: Math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)),
}));
/** Coaching for the SAT in eight schools (Rubin 1981; Gelman et al., Bayesian Data Analysis, table 5.2). */
const schools = [28, 8, -3, 7, -1, 1, 18, 12].map((effect, i) => ({
  effect,
  standardError: [15, 10, 16, 11, 9, 11, 10, 18][i] as number,
  threshold: 1.96,
}));

function shrunken(effects: readonly PortfolioEffect[]): Portfolio {
  const result = shrinkPortfolio(effects, 0.95);
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

describe('variance between experiments', () => {
  it('is that of the BCG trials as metafor documents it (DerSimonian-Laird 0.3088, Paule-Mandel 0.3181)', () => {
    const dl = heterogeneity(bcg);
    expect(dl.ok && dl.value.tau2).toBeCloseTo(0.3088, 4);
    expect(dl.ok && dl.value.q).toBeCloseTo(152.233, 3);
    expect(pauleMandel(bcg)).toBeCloseTo(0.3181, 4);
    // rma(yi, vi, data = dat, method = "DL"): -0.7141 (standard error 0.1787), z -3.9952.
    const pooled = weightedMean(bcg, dl.ok ? dl.value.tau2 : NaN);
    expect(pooled.mean / pooled.standardError).toBeCloseTo(-3.9952, 4);
    expect(pooled.mean).toBeCloseTo(-0.7141, 4);
    expect(pooled.standardError).toBeCloseTo(0.1787, 4);
  });

  it('is 0 for the eight schools, which then all have the pooled effect 7.7 with error 4.1', () => {
    expect(pauleMandel(schools)).toBe(0);
    const { mean, meanStandardError, effects } = shrunken(schools);
    expect(mean).toBeCloseTo(7.69, 2);
    expect(meanStandardError).toBeCloseTo(4.07, 2);
    for (const one of effects) expect(one.effect).toBe(mean);
  });

  it('solves its equation exactly where it can be solved by hand', () => {
    // Equal errors: 18 / (1 + tau2) = 2.
    expect(pauleMandel([0, 3, 6].map((effect) => ({ effect, standardError: 1 })))).toBeCloseTo(8, 10);
    // No scale is too small.
    const tiny = [0, 3e-9, 6e-9].map((effect) => ({ effect, standardError: 1e-9 }));
    expect(pauleMandel(tiny) / 1e-18).toBeCloseTo(8, 6);
  });
});

describe('shrunken effects', () => {
  it('are what a calculation by hand gives', () => {
    const { tau2, effects, wins } = shrunken(
      [0, 3, 6].map((effect) => ({ effect, standardError: 1, threshold: 2 })),
    );
    expect(tau2).toBeCloseTo(8, 10);
    // 3 + 8/9 (y - 3), variance 8/9 + (1/9)^2 * 9/3.
    expect(effects.map(({ effect }) => effect)).toEqual([1 / 3, 3, 17 / 3].map((v) => expect.closeTo(v, 10)));
    const half = 1.959963984540054 * Math.sqrt(8 / 9 + 3 / 81);
    expect(effects[2]?.upper).toBeCloseTo(17 / 3 + half, 9);
    expect(effects.map(({ win }) => win)).toEqual([false, true, true]);
    expect(wins).toMatchObject({ count: 2, naive: 9 });
    expect(wins.shrunken).toBeCloseTo(26 / 3, 10);
    // 9 - phi(2) - phi(-1) - phi(-4)
    expect(wins.corrected).toBeCloseTo(9 - 0.05399096651 - 0.24197072452 - 0.00013383023, 9);
  });

  it('say nothing below three experiments, nor for numbers that are none', () => {
    const one = { effect: 1, standardError: 1, threshold: 2 };
    expect(shrinkPortfolio([one, one], 0.95)).toEqual({ ok: false, reason: 'insufficient_units' });
    expect(shrinkPortfolio([one, one, { ...one, effect: NaN }], 0.95)).toEqual({
      ok: false,
      reason: 'not_finite',
    });
    expect(shrinkPortfolio([one, one, { ...one, standardError: 0 }], 0.95)).toEqual({
      ok: false,
      reason: 'zero_variance',
    });
    expect(shrinkPortfolio([one, one, one], 1)).toEqual({ ok: false, reason: 'invalid_alpha' });
  });

  it('undo the winner’s curse: sums of wins are unbiased where naive ones are twice too large', () => {
    const rng = createRng('portfolio');
    const sums = { truth: 0, naive: 0, shrunken: 0, corrected: 0, covered: 0, effects: 0, expected: 0 };
    const runs = 200;
    for (let run = 0; run < runs; run++) {
      const truths = Array.from({ length: 100 }, () => 0.002 + 0.01 * rng.normal());
      const result = shrunken(
        truths.map((truth) => ({
          effect: truth + 0.012 * rng.normal(),
          standardError: 0.012,
          threshold: 1.959964,
        })),
      );
      result.effects.forEach((one, i) => {
        const truth = truths[i] as number;
        sums.effects++;
        if (one.lower <= truth && truth <= one.upper) sums.covered++;
        if (one.win) sums.truth += truth;
      });
      sums.naive += result.wins.naive;
      sums.shrunken += result.wins.shrunken;
      sums.corrected += result.wins.corrected;
      sums.expected += (result.expectedExaggeration ?? NaN) / runs;
    }
    expect(sums.naive / sums.truth).toBeGreaterThan(1.8);
    expect(Math.abs(sums.shrunken / sums.truth - 1)).toBeLessThan(0.05);
    expect(Math.abs(sums.corrected / sums.truth - 1)).toBeLessThan(0.6);
    expect(sums.expected).toBeGreaterThan(sums.naive / sums.truth - 0.25);
    expect(sums.expected).toBeLessThan(sums.naive / sums.truth + 0.25);
    // 20 000 intervals; tau2 is estimated, which costs a little.
    expect(sums.covered / sums.effects).toBeGreaterThan(0.93);
    expect(sums.covered / sums.effects).toBeLessThan(0.96);
  });
});

describe('bias of a selection (Lee, Shen 2018)', () => {
  it('is s phi(b - x / s) for one experiment, and adds up', () => {
    const one = { effect: 0.02, standardError: 0.01, threshold: 2 };
    expect(selectionBias([one])).toBeCloseTo(0.01 * 0.3989422804014327, 12);
    expect(selectionBias([one, one])).toBeCloseTo(0.02 * 0.3989422804014327, 12);
  });
});

describe('lift of a comparison', () => {
  it('has the standard error of the delta method', () => {
    // 0.11 / 0.1: se^2 = (s_t^2 + (m_t/m_c)^2 s_c^2) / m_c^2
    const lift = liftOf(fromSummary(1000, 0.1, 0.09), fromSummary(1000, 0.11, 0.0979), 'mean');
    expect(lift?.effect).toBeCloseTo(0.1, 12);
    expect(lift?.standardError).toBeCloseTo(Math.sqrt(0.0979 / 1000 + 1.21 * (0.09 / 1000)) / 0.1, 12);
  });

  it('is null where there is none', () => {
    expect(liftOf(fromCounts(100, 0), fromCounts(100, 5), 'proportion')).toBeNull();
    expect(liftOf(fromCounts(0, 0), fromCounts(100, 5), 'proportion')).toBeNull();
  });
});
