import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '../inference/index.js';
import {
  agrestiCaffoInterval,
  clopperPearsonInterval,
  fisherExactTest,
  newcombeInterval,
  pooledProportionTest,
  restrictedShares,
  riskRatio,
  scoreInterval,
  scoreTest,
  unpooledProportionTest,
  wilsonInterval,
} from './index.js';
import type { Counts } from './index.js';

const of = (successes: number, n: number): Counts => ({ successes, n });
const counts = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([n, p]) => of(Math.round(p * n), n));
const failuresOf = ({ n, successes }: Counts): Counts => of(n - successes, n);
const options = { alpha: 0.05 };

function ok<T>(outcome: Outcome<T>): T {
  if (outcome.status === 'undefined') throw new Error(outcome.reason);
  return outcome;
}

const difference = { newcombeInterval, scoreInterval, agrestiCaffoInterval };

describe('one share', () => {
  it.each([
    // Newcombe (1998), Statistics in Medicine 17: 857-872, table I.
    [81, 263, 0.2553, 0.3662, 0.2527, 0.3676],
    [15, 148, 0.0624, 0.1605, 0.0578, 0.1617],
    [0, 20, 0, 0.1611, 0, 0.1684],
    [1, 29, 0.0061, 0.1718, 0.0009, 0.1776],
  ])('%d of %d has the published Wilson and Clopper-Pearson intervals', (s, n, wl, wu, cl, cu) => {
    const wilson = ok(wilsonInterval(of(s, n), 0.05));
    const exact = ok(clopperPearsonInterval(of(s, n), 0.05));
    expect([wilson.lower, wilson.upper].map((v) => Number(v.toFixed(4)))).toEqual([wl, wu]);
    expect([exact.lower, exact.upper].map((v) => Number(v.toFixed(4)))).toEqual([cl, cu]);
  });

  it('exact bounds without successes and without failures have a closed form', () => {
    const bound = 1 - 0.025 ** (1 / 12);
    expect(ok(clopperPearsonInterval(of(0, 12), 0.05))).toMatchObject({
      lower: 0,
      upper: expect.closeTo(bound, 14),
    });
    expect(ok(clopperPearsonInterval(of(12, 12), 0.05))).toMatchObject({
      lower: expect.closeTo(1 - bound, 14),
      upper: 1,
    });
  });

  it('intervals hold the estimate, mirror between successes and failures, and widen as alpha shrinks', () => {
    fc.assert(
      fc.property(counts, (arm) => {
        for (const interval of [wilsonInterval, clopperPearsonInterval]) {
          const { lower, upper, estimate } = ok(interval(arm, 0.05));
          const mirror = ok(interval(failuresOf(arm), 0.05));
          const wide = ok(interval(arm, 0.001));
          expect(lower).toBeLessThanOrEqual(estimate);
          expect(upper).toBeGreaterThanOrEqual(estimate);
          expect(lower).toBeCloseTo(1 - mirror.upper, 12);
          expect(wide.lower).toBeLessThanOrEqual(lower);
          expect(wide.upper).toBeGreaterThanOrEqual(upper);
          expect(lower >= 0 && upper <= 1).toBe(true);
        }
      }),
    );
  });

  it('Wilson bounds solve |share - p| = z sqrt(share (1 - share) / n), to many digits for rare events', () => {
    const { lower, upper, estimate } = ok(wilsonInterval(of(3, 2e9), 0.05));
    for (const bound of [lower, upper]) {
      const z = Math.abs(estimate - bound) / Math.sqrt((bound * (1 - bound)) / 2e9);
      expect(z).toBeCloseTo(1.959963984540054, 11);
    }
  });
});

describe('difference of two shares', () => {
  it('has the intervals published by Newcombe (1998), Statistics in Medicine 17: 873-890, table II', () => {
    const [a, b] = [of(48, 80), of(56, 70)];
    const round = (value: number): number => Number(value.toFixed(4));
    const shown = ({ lower, upper }: { lower: number; upper: number }) => [round(lower), round(upper)];
    expect(shown(ok(unpooledProportionTest(a, b, options)))).toEqual([0.0575, 0.3425]);
    expect(shown(ok(newcombeInterval(a, b, options)))).toEqual([0.0524, 0.3339]);
    expect(shown(ok(scoreInterval(a, b, options)))).toEqual([0.0528, 0.3382]);
    expect(shown(ok(scoreInterval(a, b, options, 'farrington-manning')))).toEqual([0.0533, 0.3377]);
    const [c, d] = [of(3, 10), of(9, 10)];
    expect(shown(ok(newcombeInterval(c, d, options)))).toEqual([0.1705, 0.809]);
    expect(shown(ok(scoreInterval(c, d, options)))).toEqual([0.17, 0.8406]);
  });

  it.each(Object.entries(difference))('%s: swapping the arms mirrors it', (_name, interval) => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const forward = ok(interval(a, b, options));
        const backward = ok(interval(b, a, options));
        const failures = ok(interval(failuresOf(a), failuresOf(b), options));
        for (const mirror of [backward, failures]) {
          expect(forward.lower).toBeCloseTo(-mirror.upper, 9);
          expect(forward.upper).toBeCloseTo(-mirror.lower, 9);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(Object.entries(difference))('%s: approaches Wald in large arms', (_name, interval) => {
    const [a, b] = [of(30_000, 100_000), of(31_000, 100_000)];
    const wald = ok(unpooledProportionTest(a, b, options));
    const got = ok(interval(a, b, options));
    expect(got.lower / wald.lower).toBeCloseTo(1, 3);
    expect(got.upper / wald.upper).toBeCloseTo(1, 3);
  });

  it.each(Object.entries(difference))('%s: one-sided bounds are those of twice the alpha', (_n, interval) => {
    const [a, b] = [of(3, 40), of(9, 42)];
    const both = ok(interval(a, b, { alpha: 0.1 }));
    const lower = ok(interval(a, b, { alpha: 0.05, alternative: 'greater' }));
    const upper = ok(interval(a, b, { alpha: 0.05, alternative: 'less' }));
    expect(lower).toEqual({ ...both, status: 'ok', upper: Infinity });
    expect(upper).toEqual({ ...both, status: 'ok', lower: -Infinity });
  });

  it('score and Newcombe intervals exist where no unit and where every unit succeeded', () => {
    for (const [a, b] of [
      [of(0, 150), of(0, 160)],
      [of(150, 150), of(160, 160)],
      [of(0, 1), of(1, 1)],
      [of(1, 1), of(0, 1)],
    ] as const) {
      for (const interval of [newcombeInterval, scoreInterval]) {
        const { lower, upper, estimate } = ok(interval(a, b, options));
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
        expect(lower >= -1 && upper <= 1 && lower < upper).toBe(true);
      }
    }
  });
});

describe('score test', () => {
  it('restricted shares maximise the likelihood among those with the given difference', () => {
    const logLikelihood = (a: Counts, b: Counts, pa: number, pb: number): number =>
      [
        [a.successes, pa],
        [a.n - a.successes, 1 - pa],
        [b.successes, pb],
        [b.n - b.successes, 1 - pb],
      ].reduce((sum, [k, p]) => sum + ((k as number) > 0 ? (k as number) * Math.log(p as number) : 0), 0);
    fc.assert(
      fc.property(counts, counts, fc.double({ min: -0.99, max: 0.99, noNaN: true }), (a, b, delta) => {
        const best = restrictedShares(a, b, delta);
        expect(best.treatment - best.control).toBeCloseTo(delta, 12);
        const top = logLikelihood(a, b, best.control, best.treatment);
        const low = Math.max(0, -delta);
        const range = 1 - Math.abs(delta);
        for (let i = 1; i < 20; i++) {
          const pa = low + (range * i) / 20;
          expect(logLikelihood(a, b, pa, pa + delta)).toBeLessThanOrEqual(top + 1e-9);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is the pooled z test at a difference of zero', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const pooled = pooledProportionTest(a, b);
        const score = scoreTest(a, b, 0);
        expect(score.status).toBe(pooled.status);
        if (score.status === 'ok' && pooled.status === 'ok')
          expect(score.statistic).toBeCloseTo(pooled.statistic, 8);
      }),
    );
  });

  it('is dual to the interval: at its ends p is alpha', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const { lower, upper, estimate } = ok(scoreInterval(a, b, options));
        for (const end of [lower, upper]) {
          if (Math.abs(end) > 0.999999 || Math.abs(end - estimate) < 1e-9) continue;
          expect(ok(scoreTest(a, b, end, 'two-sided', 'miettinen-nurminen')).pValue).toBeCloseTo(0.05, 6);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('tests of equality', () => {
  it('pooled z squared is Pearson’s chi-square', () => {
    const [a, b] = [of(12, 50), of(25, 60)];
    const expected = [37 / 110, 73 / 110].flatMap((p) => [50 * p, 60 * p]);
    const chi2 = [12, 25, 38, 35].reduce(
      (sum, o, i) => sum + (o - (expected[i] as number)) ** 2 / (expected[i] as number),
      0,
    );
    expect(ok(pooledProportionTest(a, b)).statistic ** 2).toBeCloseTo(chi2, 10);
  });

  it('Fisher: the lady tasting tea, three of four cups', () => {
    expect(ok(fisherExactTest(of(1, 4), of(3, 4), 'greater')).pValue).toBeCloseTo(17 / 70, 13);
    expect(ok(fisherExactTest(of(1, 4), of(3, 4))).pValue).toBeCloseTo(34 / 70, 13);
    expect(ok(fisherExactTest(of(0, 4), of(4, 4), 'greater')).pValue).toBeCloseTo(1 / 70, 13);
  });

  it('Fisher does not depend on which arm or outcome comes first, and approaches the pooled test', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const { pValue } = ok(fisherExactTest(a, b));
        expect(ok(fisherExactTest(b, a)).pValue / pValue).toBeCloseTo(1, 8);
        expect(ok(fisherExactTest(failuresOf(a), failuresOf(b))).pValue / pValue).toBeCloseTo(1, 8);
        expect(ok(fisherExactTest(a, b, 'greater')).pValue).toBeCloseTo(
          ok(fisherExactTest(b, a, 'less')).pValue,
          10,
        );
      }),
    );
    const [a, b] = [of(300_000, 1_000_000), of(301_500, 1_000_000)];
    expect(ok(fisherExactTest(a, b)).pValue).toBeCloseTo(ok(pooledProportionTest(a, b)).pValue, 3);
  });

  it('keeps tails that a complement would lose', () => {
    expect(ok(fisherExactTest(of(0, 500), of(500, 500))).logPValue).toBeLessThan(-680);
    expect(ok(pooledProportionTest(of(0, 5000), of(5000, 5000))).logPValue).toBeLessThan(-4900);
  });
});

describe('riskRatio', () => {
  it('is symmetric on the log scale and dual to its p-value', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const forward = riskRatio(a, b, options);
        const backward = riskRatio(b, a, options);
        if (forward.status === 'undefined' || backward.status === 'undefined') return;
        expect((1 + forward.lower) * (1 + backward.upper)).toBeCloseTo(1, 8);
        if (Math.abs(forward.pValue - 0.05) > 1e-9)
          expect(forward.lower > 0 || forward.upper < 0).toBe(forward.pValue < 0.05);
      }),
    );
  });

  it('says why there is none', () => {
    expect(riskRatio(of(0, 5), of(1, 5), options)).toMatchObject({ reason: 'zero_baseline' });
    expect(riskRatio(of(1, 5), of(0, 5), options)).toMatchObject({ reason: 'no_events' });
    expect(riskRatio(of(5, 5), of(5, 5), options)).toMatchObject({ reason: 'zero_variance' });
  });

  it('opens one side at a ratio of 0 or of infinity', () => {
    const [a, b] = [of(4, 50), of(9, 50)];
    expect(riskRatio(a, b, { alpha: 0.05, alternative: 'greater' })).toMatchObject({ upper: Infinity });
    expect(riskRatio(a, b, { alpha: 0.05, alternative: 'less' })).toMatchObject({ lower: -1 });
  });
});

describe('impossible and empty arms', () => {
  const arm = of(3, 10);
  const all = (bad: Counts, alpha = 0.05): string[] => {
    const given = { alpha };
    const outcomes: Outcome<unknown>[] = [
      newcombeInterval(bad, arm, given),
      scoreInterval(arm, bad, given),
      agrestiCaffoInterval(bad, arm, given),
      riskRatio(arm, bad, given),
      unpooledProportionTest(bad, arm, given),
      wilsonInterval(bad, alpha),
      clopperPearsonInterval(bad, alpha),
    ];
    return [...new Set(outcomes.map((o) => (o.status === 'undefined' ? o.reason : 'ok')))];
  };

  it('are declined with the reason', () => {
    expect(all(of(0, 0))).toEqual(['insufficient_units']);
    for (const bad of [of(11, 10), of(-1, 10), of(1.5, 10), of(NaN, 10), of(1, 2 ** 60)])
      expect(all(bad)).toEqual(['invalid_counts']);
    for (const alpha of [0, 1, -1, NaN]) expect(all(arm, alpha)).toEqual(['invalid_alpha']);
    expect(fisherExactTest(of(0, 0), arm)).toMatchObject({ reason: 'insufficient_units' });
    expect(pooledProportionTest(of(0, 0), arm)).toMatchObject({ reason: 'insufficient_units' });
    expect(scoreTest(arm, arm, 1)).toMatchObject({ reason: 'invalid_margin' });
  });
});
