import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { contrastPosterior } from '../bayesian/normal-effect.js';
import type { EstimateOptions, LookPlan } from '../contract.js';
import { contrast } from '../contrast.js';
import { normalQuantile, normalSf } from '../distributions/index.js';
import { fromCounts, fromSummary } from '../moments.js';
import { mixtureSprt } from '../sequential/mixture-sprt.js';
import { BAND_5_PERCENT, RUNS, frequency, growArms, normalBatch } from '../testing/draws.js';
import { anytimeRegression } from './anytime-regression.js';
import { asymptoticCs } from './asymptotic-cs.js';
import { bayesian } from './bayesian.js';
import { groupSequential } from './group-sequential.js';
import { DEFAULT_MIXTURE, msprt } from './msprt.js';
import { score } from './score.js';
import { welch } from './welch.js';

const MEAN: EstimateOptions = { alpha: 0.05, kind: 'mean', adjust: false };
const SHARE: EstimateOptions = { ...MEAN, kind: 'proportion' };
const arm = (n: number, mean: number, variance = 4) => ({ ...fromSummary(n, mean, variance), nonZero: n });

describe('score test', () => {
  it('gives the interval of Miettinen and Nurminen for 56/70 against 48/80', () => {
    // Newcombe (1998), Statistics in Medicine 17, table II, example a, method 5: 0.0528 to 0.3382.
    const { interval, estimate } = score.compare(fromCounts(80, 48), fromCounts(70, 56), SHARE);
    expect(estimate).toBeCloseTo(0.2, 12);
    expect(interval?.lower).toBeCloseTo(0.0528, 4);
    expect(interval?.upper).toBeCloseTo(0.3382, 4);
  });

  it('tests the ratio at a margin as it tests a difference: at no margin it is the same test', () => {
    const [a, b] = [fromCounts(400, 80), fromCounts(500, 130)];
    const plain = score.compare(a, b, SHARE);
    const margin = score.nonInferiority(a, b, { ...SHARE, margin: 0, betterWhen: 'higher' });
    expect((margin.pValue ?? NaN) * 2).toBeCloseTo(plain.evidence?.value ?? NaN, 12);
    // Pearson's chi-square without correction, with the factor (N - 1) / N.
    const pooled = 210 / 900;
    const z = 0.06 / Math.sqrt((900 / 899) * pooled * (1 - pooled) * (1 / 400 + 1 / 500));
    expect(plain.evidence?.value).toBeCloseTo(2 * normalSf(z), 10);
  });

  it('ends its lift interval where the ratio is rejected at exactly alpha', () => {
    const [a, b] = [fromCounts(300, 9), fromCounts(310, 25)];
    const { relative } = score.compare(a, b, SHARE);
    for (const [end, betterWhen] of [
      [relative.interval?.lower, 'higher'],
      [relative.interval?.upper, 'lower'],
    ] as const) {
      const margin = betterWhen === 'higher' ? -(end ?? NaN) : (end ?? NaN);
      const test = score.nonInferiority(a, b, { ...SHARE, margin, betterWhen });
      expect(test.pValue).toBeCloseTo(0.025, 8);
    }
  });

  it("is Welch's t for means and for shares with a covariate", () => {
    const [a, b] = [arm(300, 5), arm(300, 5.3)];
    expect(score.compare(a, b, MEAN)).toEqual({ ...welch.compare(a, b, MEAN), estimator: 'score' });
    const covariate = { ...fromCounts(300, 50), comoment: [41.6, 0, 30, 0, 10, 0] } as const;
    const adjusted = score.compare(covariate, covariate, { ...SHARE, adjust: true });
    expect(adjusted).toMatchObject({ adjusted: true, status: 'ok' });
  });

  it('holds its error for rare outcomes, read from the law of the counts itself', () => {
    // All outcomes of two arms of 200 with 1.5 % each: exact size by enumeration.
    const n = 200;
    const weight = (k: number): number => {
      let log = k * Math.log(0.015) + (n - k) * Math.log(0.985);
      for (let i = 0; i < k; i++) log += Math.log((n - i) / (i + 1));
      return Math.exp(log);
    };
    let size = 0;
    for (let i = 0; i <= 14; i++)
      for (let j = 0; j <= 14; j++)
        if ((score.compare(fromCounts(n, i), fromCounts(n, j), SHARE).evidence?.value ?? 1) < 0.05)
          size += weight(i) * weight(j);
    expect(size).toBeGreaterThan(0.02);
    expect(size).toBeLessThan(0.055);
  });
});

describe('mixture SPRT', () => {
  it('is the likelihood ratio of Johari and others with the variance of a unit plugged in', () => {
    const [a, b] = [arm(3000, 10), arm(3000, 10.17)];
    const reference = mixtureSprt([{ unitsPerArm: 3000, difference: 0.17 }], 4, DEFAULT_MIXTURE * 4, 0.05);
    const effect = msprt.compare(a, b, MEAN);
    expect(effect.evidence?.value).toBeCloseTo(
      reference.status === 'ok' ? (reference.pValues[0] as number) : NaN,
      9,
    );
  });

  it('is the confidence sequence when tuned to the same size with equal arms', () => {
    const [a, b] = [arm(3000, 10), arm(3000, 10.2)];
    const options = { ...MEAN, sequentialTuning: 8000 };
    const [one, other] = [msprt.compare(a, b, options), asymptoticCs.compare(a, b, options)];
    expect(one.interval?.lower).toBeCloseTo(other.interval?.lower ?? NaN, 10);
    expect(one.evidence?.logValue).toBeCloseTo(other.evidence?.logValue ?? NaN, 10);
  });
});

describe('anytime-valid regression', () => {
  it('is a little wider than the confidence sequence at small sizes and equal at large ones', () => {
    const ratio = (n: number) => {
      const sizes = { control: n, treatment: n };
      return (
        (anytimeRegression.halfWidth(sizes, { alpha: 0.05 }) ?? NaN) /
        (asymptoticCs.halfWidth(sizes, { alpha: 0.05 }) ?? NaN)
      );
    };
    expect(ratio(150)).toBeGreaterThan(1.005);
    expect(ratio(1e6)).toBeCloseTo(1, 4);
  });
});

describe('group sequential', () => {
  const plan = (looks: readonly number[], spending: LookPlan['spending']): LookPlan => ({
    plannedUnits: 2000,
    looks,
    spending,
  });
  const fifths = [0.2, 0.4, 0.6, 0.8, 1];

  it('says what it needs', () => {
    const [a, b] = [arm(500, 5), arm(500, 5.3)];
    expect(groupSequential.compare(a, b, MEAN)).toMatchObject({ reason: 'no_planned_looks' });
    const bad = { ...MEAN, lookPlan: plan([0.5, 0.4, 1], 'pocock') };
    expect(groupSequential.compare(a, b, bad)).toMatchObject({ reason: 'invalid_look_plan' });
    expect(groupSequential.halfWidth({ control: 500, treatment: 500 }, MEAN)).toBeNull();
  });

  it('has the boundaries of R rpact for five looks with O’Brien-Fleming-like spending', () => {
    // getDesignGroupSequential(typeOfDesign = "asOF", kMax = 5, alpha = 0.025)$criticalValues
    const expected = [4.8769, 3.3569, 2.6803, 2.2898, 2.031];
    const got = fifths.map((look) => {
      const n = look * 1000;
      return groupSequential.halfWidth(
        { control: n, treatment: n },
        { alpha: 0.05, lookPlan: plan(fifths, 'obrien_fleming') },
      );
    });
    got.forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 3));
  });

  it('has repeated p-values and intervals that agree, on both sides and one', () => {
    const lookPlan = plan(fifths, 'pocock');
    for (const n of [210, 600, 1000, 1300])
      for (const z of [0.5, 2.2, 2.41, 2.6, 4]) {
        const options = { ...MEAN, lookPlan };
        const b = arm(n, 5 + z * Math.sqrt(8 / n));
        const effect = groupSequential.compare(arm(n, 5), b, options);
        const excludes = (effect.interval?.lower ?? -1) > 0;
        expect((effect.evidence?.value ?? NaN) < 0.05).toBe(excludes);
        const p = effect.evidence?.value ?? NaN;
        if (p < 1) {
          const at = groupSequential.compare(arm(n, 5), b, { ...options, alpha: p });
          expect(at.interval?.lower).toBeCloseTo(0, 6);
        }
        const guard = { ...options, margin: 0, betterWhen: 'higher' } as const;
        expect(groupSequential.nonInferiority(arm(n, 5), b, { ...guard, alpha: 0.025 }).holds).toBe(excludes);
      }
  });

  it('keeps its error over all planned looks, where a fixed test does not', () => {
    const lookPlan = plan(fifths, 'pocock');
    const error = (estimator: typeof welch) =>
      frequency(createRng('five looks'), RUNS, (rng) => {
        let stopped = false;
        const batch = normalBatch(200, 10, 4);
        growArms(rng, 5, batch, batch, (a, b) => {
          const z = Math.abs(b.mean[0] - a.mean[0]) / Math.sqrt((a.comoment[0] + b.comoment[0]) / a.n ** 2);
          const sizes = { control: a.n, treatment: b.n };
          return (stopped = z > (estimator.halfWidth(sizes, { alpha: 0.05, lookPlan }) ?? NaN));
        });
        return stopped;
      });
    const found = error(groupSequential);
    expect(found).toBeGreaterThanOrEqual(BAND_5_PERCENT.lower);
    expect(found).toBeLessThanOrEqual(BAND_5_PERCENT.upper);
    expect(error(welch)).toBeGreaterThan(0.1);
  });
});

describe('Bayesian', () => {
  const [a, b] = [arm(2000, 10), arm(2000, 10.1)];

  it('without a prior has the interval of the normal law and one minus its one-sided p as chance to be better', () => {
    const effect = bayesian.compare(a, b, MEAN);
    const se = Math.sqrt(8 / 2000);
    expect(effect.interval).toMatchObject({ kind: 'credible' });
    expect(effect.interval?.upper).toBeCloseTo(0.1 + normalQuantile(0.975) * se, 10);
    expect(effect.bayes?.probabilityBetter).toBeCloseTo(normalSf(-0.1 / se), 12);
    // E max(0, -X) of a normal X = se (phi(z) - z Phi(-z)).
    const z = 0.1 / se;
    const loss = se * (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) - z * normalSf(z));
    expect(effect.bayes?.expectedLoss).toBeCloseTo(loss, 12);
    // A hundredth of the baseline on either side: -0.1 to 0.1.
    expect(effect.bayes?.probabilityEquivalent).toBeCloseTo(0.5 - normalSf(0.2 / se), 10);
  });

  it('turns with the direction that is good', () => {
    const higher = bayesian.compare(a, b, MEAN).bayes;
    const lower = bayesian.compare(a, b, { ...MEAN, betterWhen: 'lower' }).bayes;
    expect((higher?.probabilityBetter ?? NaN) + (lower?.probabilityBetter ?? NaN)).toBeCloseTo(1, 12);
    expect((lower?.expectedLoss ?? NaN) - (higher?.expectedLoss ?? NaN)).toBeCloseTo(0.1, 10);
  });

  it('with a prior of lifts is the conjugate posterior, and its lift interval stays dual to it', () => {
    const plain = contrast(a, b, MEAN);
    if (!plain.ok) throw new Error(plain.reason);
    const want = contrastPosterior(plain.contrast, 'absolute', { mean: 0, variance: 0.02 ** 2 }, 0.05);
    if (!want.ok) throw new Error(want.reason);
    const effect = bayesian.compare(a, b, { ...MEAN, priorLiftSd: 0.02 });
    expect(effect.estimate).toBeCloseTo(want.value.mean, 12);
    expect(effect.interval?.lower).toBeCloseTo(want.value.lower, 12);
    expect(effect.bayes?.probabilityBetter).toBeCloseTo(want.value.probabilityPositive, 12);
    for (const mean of [10.05, 10.11, 10.13, 10.16, 10.2]) {
      const at = bayesian.compare(a, arm(2000, mean), { ...MEAN, priorLiftSd: 0.01 });
      expect((at.relative.interval?.lower ?? -1) > 0).toBe((at.interval?.lower ?? -1) > 0);
    }
    expect(bayesian.compare(a, b, { ...MEAN, priorLiftSd: 0 })).toMatchObject({ reason: 'invalid_prior' });
  });

  it('is calibrated when effects come from the prior: of 95 % intervals 5 % miss', () => {
    const rng = createRng('bayes');
    const prior = 0.05;
    let misses = 0;
    for (let i = 0; i < 20_000; i++) {
      const lift = prior * rng.normal();
      const observed = 1 + lift + Math.sqrt(0.0016) * rng.normal();
      // Standard error 0.04, all of it treatment's; control known.
      const effect = bayesian.compare(arm(1e9, 1, 1e-9), arm(1000, observed, 1.6), {
        ...MEAN,
        priorLiftSd: prior,
      });
      if ((effect.interval?.lower ?? NaN) > lift || (effect.interval?.upper ?? NaN) < lift) misses++;
    }
    expect(misses / 20_000).toBeGreaterThan(0.045);
    expect(misses / 20_000).toBeLessThan(0.0552);
  });
});
