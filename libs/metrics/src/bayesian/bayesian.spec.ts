import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Computed } from '../computed.js';
import { contrast } from '../contrast.js';
import { gammaQuantile, logBeta, normalCdf, normalSf } from '../distributions/index.js';
import { logGammaLower } from '../distributions/gamma.js';
import { fromSummary } from '../moments.js';
import { bestShare, compareShares } from './beta-binomial.js';
import { compareRates } from './gamma-poisson.js';
import { logIntegral } from './log-concave.js';
import { contrastPosterior, normalPosterior, normalTailLoss } from './normal-effect.js';

function valueOf<T>(result: Computed<T>): T {
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

function expectRelative(got: number, want: number, tolerance = 1e-9): void {
  expect(Math.abs(got - want)).toBeLessThanOrEqual(tolerance * Math.abs(want));
}

describe('logIntegral', () => {
  it('integrates log-concave functions whatever their size, place and shape', () => {
    const gauss = (u: number): number => -0.5 * ((u - 3e5) / 0.01) ** 2 - 1e4;
    expectRelative(logIntegral(gauss, 0, 1), Math.log(0.01 * Math.sqrt(2 * Math.PI)) - 1e4, 1e-12);
    const exponential = (u: number): number => (u < 2 ? -Infinity : -3 * u);
    expectRelative(logIntegral(exponential, 2, 1), -6 - Math.log(3), 1e-11);
    const logistic = (u: number): number => -Math.abs(u) - 2 * Math.log1p(Math.exp(-Math.abs(u)));
    expect(logIntegral(logistic, 5, 2)).toBeCloseTo(0, 11);
    // A steep wall beside a gentle slope: Gumbel with very different rates on its two sides.
    const steep = (u: number): number => u - Math.exp(u * 1000) / 1000;
    const total = logIntegral(steep, -4, 1);
    // Substituting v = e^{1000 u} / 1000 turns it into a gamma function: 1000^{1/1000 - 1} Gamma(1/1000).
    expectRelative(Math.exp(total), 1000 ** (0.001 - 1) * 999.4237724845955, 1e-9);
  });
});

describe('compareShares', () => {
  const flat = { a: 1, b: 1 };

  /** P(B > A) as a finite sum for whole shapes. */
  function closedForm(a1: number, b1: number, a2: number, b2: number): number {
    let sum = 0;
    for (let i = 0; i < a2; i++) {
      sum += Math.exp(logBeta(a1 + i, b1 + b2) - Math.log(b2 + i) - logBeta(1 + i, b2) - logBeta(a1, b1));
    }
    return sum;
  }

  it('has the closed form of whole shapes, also far in the tail', () => {
    for (const [c, t] of [
      [30, 40],
      [100, 130],
      [300, 90],
    ] as const) {
      const { chanceToWin } = valueOf(
        compareShares(flat, { n: 1000, successes: c }, { n: 900, successes: t }, 0.05),
      );
      expectRelative(chanceToWin, closedForm(1 + c, 1001 - c, 1 + t, 901 - t));
    }
  });

  it('is one half and 1/6 for two flat posteriors', () => {
    const result = valueOf(compareShares(flat, { n: 0, successes: 0 }, { n: 0, successes: 0 }, 0.05));
    expect(result.chanceToWin).toBeCloseTo(0.5, 12);
    expectRelative(result.lossOfControl, 1 / 6);
    expectRelative(result.lossOfTreatment, 1 / 6);
    expect(result.control).toEqual({
      mean: 0.5,
      lower: expect.closeTo(0.025, 12),
      upper: expect.closeTo(0.975, 12),
    });
  });

  it('swaps with the arms, and its losses differ by the difference of the means', () => {
    const arm = fc
      .tuple(fc.integer({ min: 0, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([n, share]) => ({ n, successes: Math.round(n * share) }));
    const prior = fc.record({
      a: fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
      b: fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
    });
    fc.assert(
      fc.property(prior, arm, arm, (p, c, t) => {
        const result = valueOf(compareShares(p, c, t, 0.1));
        const swapped = valueOf(compareShares(p, t, c, 0.1));
        expect(Math.abs(result.chanceToWin + swapped.chanceToWin - 1)).toBeLessThan(1e-8);
        expectRelative(result.lossOfControl, swapped.lossOfTreatment, 1e-7);
        const gap = result.lossOfControl - result.lossOfTreatment - result.meanDifference;
        expect(Math.abs(gap)).toBeLessThan(1e-9 + 1e-8 * result.lossOfControl);
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('approaches the normal law for large counts, and stays right for huge ones', () => {
    const arms = [
      { n: 1e9, successes: 1e8 },
      { n: 1e9, successes: 100_010_000 },
    ] as const;
    const result = valueOf(compareShares(flat, ...arms, 0.05));
    const z = result.meanDifference / result.sdDifference;
    expectRelative(result.chanceToWin, normalCdf(z), 1e-4);
    expectRelative(result.lossOfTreatment, result.sdDifference * normalTailLoss(z), 1e-4);
  });

  it('keeps the digits of intervals of very rare events, which are those of a gamma law', () => {
    const arm = { n: 1e9, successes: 4 };
    const { treatment } = valueOf(compareShares(flat, { n: 1e9, successes: 1 }, arm, 0.05));
    expectRelative(treatment.lower * 1e9, gammaQuantile(0.025, 5), 1e-6);
    expectRelative(treatment.upper * 1e9, gammaQuantile(0.975, 5), 1e-6);
  });

  it('says why there is no result', () => {
    const none = { n: 0, successes: 0 };
    const reason = (...args: Parameters<typeof compareShares>) => compareShares(...args);
    expect(reason({ a: 0, b: 1 }, none, none, 0.05)).toEqual({ ok: false, reason: 'insufficient_units' });
    expect(reason(flat, { n: 1, successes: 2 }, none, 0.05)).toEqual({ ok: false, reason: 'invalid_input' });
    expect(reason(flat, none, none, 1)).toEqual({ ok: false, reason: 'invalid_input' });
    expect(reason(flat, { n: NaN, successes: 0 }, none, 0.05)).toEqual({ ok: false, reason: 'not_finite' });
  });
});

describe('bestShare', () => {
  it('adds up to 1, is equal for equal arms, and is the chance to win for two', () => {
    const arms = [10, 14, 9, 14].map((successes) => ({ n: 100, successes }));
    const best = valueOf(bestShare({ a: 0.5, b: 0.5 }, arms));
    expect(best.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
    expectRelative(best[1] as number, best[3] as number);
    const [control, treatment] = arms as [(typeof arms)[0], (typeof arms)[0]];
    const two = valueOf(bestShare({ a: 1, b: 1 }, [control, treatment]));
    const pair = valueOf(compareShares({ a: 1, b: 1 }, control, treatment, 0.05));
    expectRelative(two[1] as number, pair.chanceToWin);
    expect(valueOf(bestShare({ a: 1, b: 1 }, [control]))).toEqual([expect.closeTo(1, 10)]);
    expect(bestShare({ a: 1, b: 1 }, [])).toEqual({ ok: false, reason: 'insufficient_units' });
  });

  it('sees what no simulation would: an arm that is hopeless has a tiny probability, not 0', () => {
    const best = valueOf(
      bestShare(
        { a: 1, b: 1 },
        [100, 300, 310].map((successes) => ({ n: 1000, successes })),
      ),
    );
    expect(best[0]).toBeGreaterThan(0);
    expect(best[0]).toBeLessThan(1e-25);
  });
});

describe('compareRates', () => {
  it('compares exponential posteriors by their rates, and equal ones by one half', () => {
    const result = valueOf(
      compareRates({ shape: 1, rate: 0 }, { events: 0, exposure: 5 }, { events: 0, exposure: 3 }, 0.1),
    );
    expectRelative(result.chanceToWin, 5 / 8, 1e-12);
    expectRelative(result.control.mean, 0.2, 1e-15);
    expectRelative(result.control.upper, -Math.log(0.05) / 5, 1e-12);
    const same = { events: 1234, exposure: 7.5 };
    expectRelative(valueOf(compareRates({ shape: 0, rate: 0 }, same, same, 0.05)).chanceToWin, 0.5, 1e-10);
  });

  it('agrees with the negative binomial sum for whole shapes', () => {
    // P(T > C) = P(fewer than shape(T) events of T come before the shape(C)-th event of C).
    const result = valueOf(
      compareRates({ shape: 0, rate: 0 }, { events: 4, exposure: 2 }, { events: 6, exposure: 3 }, 0.05),
    );
    const p = 2 / 5;
    let sum = 0;
    for (let k = 0; k < 6; k++) {
      const ways = Math.exp(-logBeta(k + 1, 4) - Math.log(k + 4));
      sum += ways * p ** 4 * (1 - p) ** k;
    }
    expectRelative(result.chanceToWin, sum, 1e-12);
  });

  it('says why there is no result', () => {
    const none = { events: 0, exposure: 0 };
    expect(compareRates({ shape: 0, rate: 1 }, none, none, 0.05)).toMatchObject({
      reason: 'insufficient_units',
    });
    expect(compareRates({ shape: 1, rate: 1 }, { events: -1, exposure: 1 }, none, 0.05)).toMatchObject({
      reason: 'invalid_input',
    });
  });

  it('has quantiles that invert the distribution function, for tiny and large shapes', () => {
    for (const shape of [0.003, 0.5, 1, 40, 1e7]) {
      for (const p of [1e-6, 0.025, 0.5, 0.975]) {
        const x = gammaQuantile(p, shape);
        if (x > 1e-300) expectRelative(Math.exp(logGammaLower(shape, x)), p, 1e-6);
      }
    }
    expectRelative(gammaQuantile(0.975, 1), -Math.log(0.025), 1e-13);
    expect(gammaQuantile(1, 2)).toBe(Infinity);
    expect(gammaQuantile(0, 2)).toBe(0);
    expect(gammaQuantile(2, 2)).toBeNaN();
  });
});

describe('normalPosterior', () => {
  it('without a prior is the likelihood: dual to the z test', () => {
    const at = (estimate: number) => valueOf(normalPosterior(estimate, 2, null, { alpha: 0.05 }));
    const posterior = at(3);
    expectRelative(posterior.probabilityNegative, normalSf(1.5), 1e-12);
    expect(at(3.9).lower).toBeLessThan(0);
    expect(at(3.95).lower).toBeGreaterThan(0);
    expect(posterior.expectedGain - posterior.expectedLoss).toBeCloseTo(3, 12);
  });

  it('averages data and prior by precision, with the limits of a flat and of a certain prior', () => {
    const posterior = (variance: number) =>
      valueOf(normalPosterior(1, 0.5, { mean: -1, variance }, { alpha: 0.1 }));
    expect(posterior(0.25).mean).toBeCloseTo(0, 12);
    expect(posterior(0.25).sd).toBeCloseTo(Math.sqrt(0.125), 12);
    expect(posterior(Infinity)).toEqual(valueOf(normalPosterior(1, 0.5, null, { alpha: 0.1 })));
    expect(posterior(1e300).mean).toBeCloseTo(1, 12);
    expect(posterior(0)).toMatchObject({ mean: -1, sd: 0, probabilityPositive: 0, expectedLoss: 1 });
    expect(posterior(1e-300).mean).toBeCloseTo(-1, 12);
  });

  it('splits the probability at the region of practical equivalence', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: 1e-3, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (estimate, se, rope) => {
          const { above, within, below } = valueOf(
            normalPosterior(estimate, se, null, { alpha: 0.05, rope }),
          ).rope;
          expect(above + within + below).toBeCloseTo(1, 10);
        },
      ),
      { seed: 4 },
    );
    const far = valueOf(normalPosterior(40, 1, null, { alpha: 0.05, rope: 1 })).rope;
    expectRelative(far.within, normalSf(39) - normalSf(41));
    const narrow = valueOf(normalPosterior(0, 1, null, { alpha: 0.05, rope: 1e-12 })).rope;
    expectRelative(narrow.within, 2e-12 / Math.sqrt(2 * Math.PI));
  });

  it('has tail losses that are the integral of the tail, far out too', () => {
    for (const z of [-6, 0, 2.5, 3, 3.5, 9, 30]) {
      const tail = logIntegral((u) => (u < z ? -Infinity : Math.log(normalSf(u))), z, 1 / (1 + Math.abs(z)));
      if (z > 0) expectRelative(normalTailLoss(z), Math.exp(tail), 1e-9);
      expect(normalTailLoss(z) - normalTailLoss(-z)).toBeCloseTo(-z, 12);
    }
  });

  it('says why there is no result', () => {
    const options = { alpha: 0.05 };
    expect(normalPosterior(1, 0, null, options)).toEqual({ ok: false, reason: 'zero_variance' });
    expect(normalPosterior(NaN, 1, null, options)).toEqual({ ok: false, reason: 'not_finite' });
    expect(normalPosterior(1, 1, { mean: 0, variance: -1 }, options)).toEqual({
      ok: false,
      reason: 'invalid_input',
    });
  });
});

describe('contrastPosterior', () => {
  const of = (a: number, b: number) => {
    const result = contrast(fromSummary(400, a, 9), fromSummary(420, b, 9), { kind: 'mean', adjust: false });
    if (!result.ok) throw new Error(result.reason);
    return result.contrast;
  };

  it('carries the prior of the lift over to the absolute scale', () => {
    // A baseline known almost exactly: both scales must tell the same story.
    const exact = contrast(fromSummary(4_000_000, -20, 1e-9), fromSummary(400, -19, 9), {
      kind: 'mean',
      adjust: false,
    });
    if (!exact.ok) throw new Error(exact.reason);
    const prior = { mean: 0.02, variance: 0.01 };
    const lift = valueOf(contrastPosterior(exact.contrast, 'relative', prior, 0.05));
    const absolute = valueOf(contrastPosterior(exact.contrast, 'absolute', prior, 0.05));
    expect(absolute.mean / 20).toBeCloseTo(lift.mean, 9);
    expect(absolute.upper / 20).toBeCloseTo(lift.upper, 9);
    expect(absolute.probabilityPositive).toBeCloseTo(lift.probabilityPositive, 9);
  });

  it('has no lift, and no prior of one, for a baseline of 0', () => {
    const prior = { mean: 0, variance: 1 };
    expect(contrastPosterior(of(0, 1), 'relative', null, 0.05)).toMatchObject({ reason: 'zero_baseline' });
    expect(contrastPosterior(of(0, 1), 'absolute', prior, 0.05)).toMatchObject({ reason: 'zero_baseline' });
    expect(contrastPosterior(of(0, 1), 'absolute', null, 0.05).ok).toBe(true);
  });
});
