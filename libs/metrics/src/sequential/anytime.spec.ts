import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { logGamma } from '../distributions/index.js';
import { sequentialLogP, sequentialRadius } from '../estimators/asymptotic-cs.js';
import {
  anytimeT,
  logDirichletBayesFactor,
  mixtureSprt,
  normalMixture,
  sequentialPoissonRates,
  sequentialSampleRatio,
} from './index.js';
import type { Outcome } from '../inference/outcome.js';

function okay<T>(outcome: Outcome<T>): T {
  if (outcome.status !== 'ok') throw new Error(outcome.reason);
  return outcome;
}

describe('mixture SPRT', () => {
  it('is the confidence sequence with g = V n / tau2, at any size', () => {
    for (const n of [10, 1000, 1e7]) {
      const variance = 3;
      const tau2 = 0.02;
      const se = Math.sqrt((2 * variance) / n);
      const result = okay(mixtureSprt([{ unitsPerArm: n, difference: 2.2 * se }], variance, tau2, 0.05));
      expect(Math.log(result.pValues[0] as number)).toBeCloseTo(
        sequentialLogP(2.2, n, (2 * variance) / tau2),
        10,
      );
    }
  });

  it('never takes evidence back, and reports the first look at which it rejects', () => {
    const looks = [0, 0.5, 0.9, 0.1].map((difference, i) => ({ unitsPerArm: 100 * (i + 1), difference }));
    const result = okay(mixtureSprt(looks, 1, 0.1, 0.05));
    expect(result.pValues[0]).toBe(1);
    expect(result.pValues[3]).toBe(result.pValues[2]);
    expect(result.rejectAt).toBe(1);
    expect(okay(mixtureSprt(looks.slice(0, 1), 1, 0.1, 0.05)).rejectAt).toBeNull();
    expect(okay(mixtureSprt(looks, 1, 0, 0.05)).logLikelihoodRatios.map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  it('says why it has no answer', () => {
    expect(mixtureSprt([{ unitsPerArm: 0, difference: 0 }], 1, 1, 0.05)).toMatchObject({
      reason: 'insufficient_units',
    });
    expect(mixtureSprt([{ unitsPerArm: 5, difference: 1 }], 0, 1, 0.05)).toMatchObject({
      reason: 'zero_variance',
    });
    expect(mixtureSprt([{ unitsPerArm: 5, difference: NaN }], 1, 1, 0.05)).toMatchObject({
      reason: 'invalid_input',
    });
    expect(mixtureSprt([], 1, 1, 1)).toMatchObject({ reason: 'invalid_input' });
  });
});

describe('anytime-valid t', () => {
  const base = { standardError: 0.3, n: 60, coefficients: 4, g: 20, alpha: 0.05 };

  it('has an interval dual to its p-value', () => {
    const { radius } = okay(anytimeT({ ...base, estimate: 1 }));
    expect(okay(anytimeT({ ...base, estimate: radius * 0.3 })).logE).toBeCloseTo(-Math.log(0.05), 10);
    expect(okay(anytimeT({ ...base, estimate: -radius * 0.3 * 1.001 })).upper).toBeLessThan(0);
    expect(okay(anytimeT({ ...base, estimate: radius * 0.3 * 0.999 })).pValue).toBeGreaterThan(0.05);
  });

  it('tends to the normal confidence sequence, which is narrower', () => {
    const small = okay(anytimeT({ ...base, estimate: 1 }));
    expect(small.radius).toBeGreaterThan(small.normalRadius);
    const large = okay(anytimeT({ ...base, n: 1e9, g: 1e8, estimate: 1 }));
    expect(large.radius / large.normalRadius).toBeCloseTo(1, 7);
    expect(large.normalRadius).toBe(sequentialRadius(1e9, 1e8, 0.05));
  });

  it('has no finite interval while so few units cannot exclude anything, nor a p-value below alpha', () => {
    const result = okay(
      anytimeT({ ...base, n: 5, coefficients: 2, g: 3, estimate: 1e200, standardError: 1e-200 }),
    );
    expect(result.radius).toBe(Infinity);
    expect([result.lower, result.upper]).toEqual([-Infinity, Infinity]);
    expect(result.pValue).toBeGreaterThan(0.05);
    expect(anytimeT({ ...base, n: 4, estimate: 1 })).toMatchObject({ reason: 'insufficient_units' });
    expect(anytimeT({ ...base, standardError: 0, estimate: 1 })).toMatchObject({ reason: 'zero_variance' });
    expect(anytimeT({ ...base, g: -1, estimate: 1 })).toMatchObject({ reason: 'invalid_input' });
  });

  it('keeps its error when peeked at after every unit', () => {
    const rng = createRng('anytime t');
    const runs = 1500;
    let rejected = 0;
    for (let run = 0; run < runs; run++) {
      let [n, mean, squares] = [0, 0, 0];
      for (; n < 150;) {
        const value = rng.normal();
        n++;
        const gap = value - mean;
        mean += gap / n;
        squares += gap * (value - mean);
        if (n < 3) continue;
        const standardError = Math.sqrt(squares / (n - 1) / n);
        const look = okay(
          anytimeT({ estimate: mean, standardError, n, coefficients: 1, g: 10, alpha: 0.05 }),
        );
        if (look.pValue > 0.05) continue;
        rejected++;
        break;
      }
    }
    // One-sided 99.9 % limit of 5 % in 1,500 runs; not zero either, or it would test nothing.
    expect(rejected / runs).toBeLessThan(0.068);
    expect(rejected).toBeGreaterThan(5);
  });
});

describe('normal-mixture boundary', () => {
  const tuning = { optimalTime: 400, optimalAlpha: 0.05 };

  it('lies where the mixture reaches 1 / alpha, on one side and on both', () => {
    for (const oneSided of [false, true]) {
      const { bound, logMixture } = okay(normalMixture({ ...tuning, oneSided }));
      for (const v of [0, 1e-6, 3, 400, 1e9]) {
        for (const alpha of [0.4, 0.05, 1e-8]) {
          expect(logMixture(bound(v, alpha), v)).toBeCloseTo(-Math.log(alpha), 9);
        }
      }
    }
  });

  it('mixes exp(l s - l^2 v / 2) over a (half-)normal law of l (brute force)', () => {
    for (const oneSided of [false, true]) {
      const { rho, logMixture } = okay(normalMixture({ ...tuning, oneSided }));
      const [s, v] = [9, 30];
      const reach = 12 / Math.sqrt(rho);
      const low = oneSided ? 0 : -reach;
      const steps = 20_000;
      const h = (reach - low) / steps;
      let sum = 0;
      for (let i = 0; i <= steps; i++) {
        const l = low + i * h;
        const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
        const density = (oneSided ? 2 : 1) * Math.sqrt(rho / (2 * Math.PI)) * Math.exp(-0.5 * rho * l * l);
        sum += weight * density * Math.exp(l * s - (l * l * v) / 2);
      }
      expect(logMixture(s, v)).toBeCloseTo(Math.log((sum * h) / 3), 9);
    }
  });

  it('is tightest about the time it was tuned for, and tighter on one side', () => {
    const at = (optimalTime: number, oneSided = false): number =>
      okay(normalMixture({ ...tuning, optimalTime, oneSided })).bound(400, 0.05);
    expect(at(400)).toBeLessThan(at(40));
    expect(at(400)).toBeLessThan(at(4000));
    expect(at(400, true)).toBeLessThan(at(400));
    expect(normalMixture({ optimalTime: 1, optimalAlpha: 0.5, oneSided: true })).toMatchObject({
      reason: 'invalid_input',
    });
    expect(normalMixture({ optimalTime: 0, optimalAlpha: 0.05, oneSided: false })).toMatchObject({
      reason: 'invalid_input',
    });
  });
});

describe('sequential multinomial test', () => {
  const shares = [0.5, 0.3, 0.2];

  it('is a product of predictive probabilities over planned ones (brute force)', () => {
    for (const concentration of [0.01, 1, 30, 1e6]) {
      const counts = [0, 0, 0];
      let log = 0;
      [0, 2, 1, 1, 0, 2, 2, 2, 0, 1, 0, 0, 2].forEach((arm, n) => {
        const share = shares[arm] as number;
        log += Math.log((concentration * share + (counts[arm] as number)) / (concentration + n) / share);
        counts[arm] = (counts[arm] as number) + 1;
        expect(logDirichletBayesFactor(counts, shares, concentration)).toBeCloseTo(log, 10);
      });
    }
  });

  it('loses no digits at counts of thousand millions', () => {
    const counts = [1.5e9 + 4000, 0.9e9 - 7000, 0.6e9 + 3000];
    const before = logDirichletBayesFactor(counts, shares, 10_000);
    for (const arm of [0, 1, 2]) {
      const more = counts.map((x, i) => x + (i === arm ? 1e6 : 0));
      let log = 0;
      const [share, n] = [shares[arm] as number, 3e9];
      for (let k = 0; k < 1e6; k++) {
        log += Math.log1p((10_000 * share + (counts[arm] as number) + k) / (10_000 + n + k) / share - 1);
      }
      expect(logDirichletBayesFactor(more, shares, 10_000) - before).toBeCloseTo(log, 6);
    }
  });

  it('has mean 1 under the plan: summed over all outcomes of 12 units', () => {
    let mean = 0;
    for (let x = 0; x <= 12; x++) {
      const logPmf =
        logGamma(13) - logGamma(x + 1) - logGamma(13 - x) + x * Math.log(0.3) + (12 - x) * Math.log(0.7);
      mean += Math.exp(logPmf + logDirichletBayesFactor([x, 12 - x], [0.3, 0.7], 5));
    }
    expect(mean).toBeCloseTo(1, 11);
  });

  it('takes weights of any scale, leaves out arms without one, and only ever lowers p', () => {
    const rows = [
      [40, 70, 0, 3],
      [300, 120, 5, 3],
      [100, 100, 0, 0],
    ];
    const all = okay(sequentialSampleRatio(rows, [2, 2, 1, 0], 50));
    const scaled = okay(
      sequentialSampleRatio(
        rows.map((row) => row.slice(0, 3)),
        [0.4, 0.4, 0.2],
        50,
      ),
    );
    all.logBayesFactors.forEach((log, i) => expect(log).toBeCloseTo(scaled.logBayesFactors[i] as number, 10));
    expect(all.pValues[1]).toBeLessThan(all.pValues[0] as number);
    expect(okay(sequentialSampleRatio([], [1, 1], 50)).pValues).toEqual([]);
    expect(sequentialSampleRatio([[1]], [0], 50)).toMatchObject({ reason: 'insufficient_units' });
    expect(sequentialSampleRatio([[1, 2]], [1], 50)).toMatchObject({ reason: 'invalid_input' });
    expect(sequentialSampleRatio([[1, -2]], [1, 1], 50)).toMatchObject({ reason: 'invalid_input' });
  });
});

describe('sequential comparison of rates', () => {
  it('has an interval of the shares that it does not reject, with the prior where it was', () => {
    for (const [events, exposure] of [
      [
        [230, 290],
        [0.5, 0.5],
      ],
      [
        [3, 1],
        [0.2, 0.8],
      ],
      [
        [0, 6],
        [0.5, 0.5],
      ],
      [
        [1e6, 1.01e6],
        [0.5, 0.5],
      ],
    ] as const) {
      const result = okay(sequentialPoissonRates(events, exposure, 40, 0.1));
      const [a, b] = exposure.map((e) => 40 * e) as [number, number];
      const [x, y] = events;
      const logBeta = (p: number, q: number): number => logGamma(p) + logGamma(q) - logGamma(p + q);
      const marginal = logBeta(a + x, b + y) - logBeta(a, b);
      for (const share of result.shareInterval ?? []) {
        if (share === 0 || share === 1) continue;
        expect(marginal - x * Math.log1p(-share) - y * Math.log(share)).toBeCloseTo(Math.log(10), 6);
      }
      const [low, high] = result.shareInterval ?? [NaN, NaN];
      expect(result.pValue < 0.1).toBe(low > exposure[1] || high < exposure[1]);
    }
  });

  it('mirrors when the arms are swapped, and is open where an arm has no events', () => {
    const one = okay(sequentialPoissonRates([40, 70], [1, 3], 100, 0.05));
    const other = okay(sequentialPoissonRates([70, 40], [3, 1], 100, 0.05));
    expect(one.rateRatio).toBeCloseTo(70 / 3 / 40, 12);
    expect(one.rateRatioInterval?.[0]).toBeCloseTo(1 / (other.rateRatioInterval?.[1] ?? NaN), 10);
    const open = okay(sequentialPoissonRates([0, 5], [1, 1], 100, 0.05));
    expect(open.rateRatio).toBe(Infinity);
    expect(open.rateRatioInterval?.[1]).toBe(Infinity);
    expect(okay(sequentialPoissonRates([5, 0], [1, 1], 100, 0.05)).rateRatioInterval?.[0]).toBe(0);
  });

  it('says why it has no answer', () => {
    expect(sequentialPoissonRates([0, 0], [1, 1], 100, 0.05)).toMatchObject({ reason: 'no_events' });
    expect(sequentialPoissonRates([1, 1], [1, 0], 100, 0.05)).toMatchObject({ reason: 'denominator_zero' });
    expect(sequentialPoissonRates([1, 1], [1, NaN], 100, 0.05)).toMatchObject({ reason: 'invalid_input' });
    expect(okay(sequentialPoissonRates([1, 1, 9], [1, 1, 1], 100, 0.05)).shareInterval).toBeUndefined();
  });
});
