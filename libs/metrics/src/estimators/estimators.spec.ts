import { describe, expect, it } from '@jest/globals';
import { describeEstimatorCalibration } from '../testing/estimator.calibration.js';
import { describeEstimatorContract, withOptions } from '../testing/estimator.contract.js';
import { fromCounts, fromSummary, fromValues } from '../moments.js';
import { asymptoticCs, mixtureSize, sequentialRadius } from './asymptotic-cs.js';
import { DEFAULT_ESTIMATOR, estimatorRegistry } from './index.js';
import { welch } from './welch.js';

/** A plan that is over: one look, at the planned size, with the whole error. */
const lookPlan = { plannedUnits: 1, looks: [1], spending: 'pocock' } as const;

for (const registered of estimatorRegistry.list()) {
  const estimator = withOptions(registered, { lookPlan });
  describeEstimatorContract(estimator);
  describeEstimatorCalibration(estimator);
}

describe('registry', () => {
  it('has the confidence sequence as default', () => {
    expect(DEFAULT_ESTIMATOR).toBe('asymptotic-cs');
    expect(estimatorRegistry.list().map(({ key }) => key)).toEqual([
      'asymptotic-cs',
      'welch',
      'score',
      'msprt',
      'anytime-regression',
      'group-sequential',
      'bayesian',
    ]);
  });
});

describe('welch', () => {
  it('agrees with t.test of R 4.2.2 (Welch)', () => {
    // scipy.stats.ttest_ind_from_stats(10.7, sqrt(30), 1010, 10.2, 5, 1000, equal_var=False)
    const effect = welch.compare(fromSummary(1000, 10.2, 25), fromSummary(1010, 10.7, 30), {
      alpha: 0.05,
      kind: 'mean',
      adjust: false,
    });
    expect(effect.estimate).toBeCloseTo(0.5, 12);
    expect(effect.evidence?.value).toBeCloseTo(0.03265520885666324, 10);
    expect(effect.interval?.lower).toBeCloseTo(0.04131227292311629, 10);
    expect(effect.interval?.upper).toBeCloseTo(0.9586877270768837, 10);
  });

  it('keeps the digits of tiny p-values, as a logarithm below what a double holds', () => {
    const effect = welch.compare(fromSummary(1e6, 10, 1), fromSummary(1e6, 11, 1), {
      alpha: 0.05,
      kind: 'mean',
      adjust: false,
    });
    expect(effect.evidence?.value).toBe(0);
    expect(effect.evidence?.logValue).toBeLessThan(-200_000);
  });
});

describe('asymptotic confidence sequence', () => {
  const options = { alpha: 0.05, kind: 'mean', adjust: false } as const;

  it('is narrowest, relative to a fixed interval, near its tuning size', () => {
    const radius = (n: number) => sequentialRadius(n, mixtureSize(5000, 0.05), 0.05);
    expect(radius(5000)).toBeLessThan(radius(500));
    expect(radius(5000)).toBeLessThan(radius(500_000));
    // 1.55 times the fixed interval at the tuning size.
    expect(radius(5000) / 1.959964).toBeCloseTo(1.55, 1);
  });

  it('waits for 100 units an arm and 5 of them with something in them', () => {
    const full = (n: number) => fromValues(Float64Array.from({ length: n }, (_, i) => i % 7));
    expect(asymptoticCs.compare(full(99), full(500), options)).toMatchObject({
      status: 'undefined',
      reason: 'burn_in',
    });
    expect(asymptoticCs.compare(full(100), full(100), options).status).toBe('ok');
    const share = { ...options, kind: 'proportion' } as const;
    expect(asymptoticCs.compare(fromCounts(500, 1), fromCounts(500, 3), share)).toMatchObject({
      reason: 'burn_in',
      estimate: 0.004,
    });
    expect(asymptoticCs.compare(fromCounts(500, 1), fromCounts(500, 4), share).status).toBe('ok');
    expect(asymptoticCs.compare(fromCounts(500, 499), fromCounts(500, 497), share)).toMatchObject({
      reason: 'burn_in',
    });
  });

  it('counts units with something in them from the moments where nobody counted', () => {
    const rare = (hits: number) => ({ ...fromCounts(1000, hits), nonZero: undefined });
    const strip = (hits: number) => {
      const { nonZero: _, ...rest } = rare(hits);
      return rest;
    };
    expect(asymptoticCs.compare(strip(1), strip(2), options)).toMatchObject({ reason: 'burn_in' });
    expect(asymptoticCs.compare(strip(4), strip(3), options).status).toBe('ok');
  });

  it('has its boundary where its p-value equals alpha', () => {
    const n = 3000;
    const se = Math.sqrt(2 * (4 / n));
    const half = sequentialRadius(2 * n, mixtureSize(5000, 0.05), 0.05) * se;
    const at = (difference: number) =>
      asymptoticCs.compare(fromSummary(n, 10, 4), fromSummary(n, 10 + difference, 4), options).evidence
        ?.value ?? NaN;
    expect(at(half)).toBeCloseTo(0.05, 8);
    expect(at(half * 0.999)).toBeGreaterThan(0.05);
    expect(at(half * 1.001)).toBeLessThan(0.05);
  });
});
