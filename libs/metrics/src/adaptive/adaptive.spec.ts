import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import type { Computed } from '../computed.js';
import { normalCdf } from '../distributions/index.js';
import { EMPTY_MOMENTS, fromValues } from '../moments.js';
import { adaptiveEstimates } from './aipw.js';
import type { AdaptiveLog } from './aipw.js';
import { periodWeightedMeans } from './period-weighted.js';
import { thompsonAllocation } from './thompson.js';

function valueOf<T>(result: Computed<T>): T {
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

describe('thompsonAllocation', () => {
  const best = { maximize: true, floor: 0 };

  it('is the normal comparison for two arms, either way round and however far apart', () => {
    for (const gap of [0, 0.3, 4, 25]) {
      const arms = [
        { mean: 1 + gap, variance: 0.5 },
        { mean: 1, variance: 0.3 },
      ];
      const z = gap / Math.sqrt(0.8);
      const { probabilityBest } = valueOf(thompsonAllocation(arms, best));
      expect(probabilityBest[0]).toBeCloseTo(normalCdf(z), 10);
      expect(Math.abs((probabilityBest[1] as number) / normalCdf(-z) - 1)).toBeLessThan(1e-9);
      const smallest = valueOf(thompsonAllocation(arms, { maximize: false, floor: 0 }));
      expect(smallest.probabilityBest[0]).toBeCloseTo(probabilityBest[1] as number, 10);
    }
  });

  it('shares equally among equal arms, adds up to 1 and keeps the floor', () => {
    const arms = Array.from({ length: 5 }, () => ({ mean: 2, variance: 1 }));
    valueOf(thompsonAllocation(arms, best)).weights.forEach((w) => expect(w).toBeCloseTo(0.2, 10));
    const uneven = valueOf(
      thompsonAllocation([...arms, { mean: 30, variance: 1e-6 }], { maximize: true, floor: 0.02 }),
    );
    expect(uneven.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(uneven.weights[0]).toBeCloseTo(0.02, 12);
    expect(valueOf(thompsonAllocation(arms, { maximize: true, floor: 0.3 })).weights).toEqual(
      arms.map(() => 0.2),
    );
  });

  it('handles very different widths, and takes known values as limits of narrow laws', () => {
    const wide = { mean: 0, variance: 1e6 };
    for (const variance of [1e-12, 0]) {
      const narrow = { mean: 100, variance };
      const { probabilityBest } = valueOf(thompsonAllocation([wide, narrow, { mean: 99, variance }], best));
      expect(probabilityBest[0]).toBeCloseTo(normalCdf(-0.1), 8);
      expect(probabilityBest[1]).toBeCloseTo(normalCdf(0.1), 8);
      expect(probabilityBest[2]).toBeCloseTo(0, 12);
    }
  });

  it('says why there is no result', () => {
    expect(thompsonAllocation([], best)).toMatchObject({ reason: 'insufficient_units' });
    expect(thompsonAllocation([{ mean: 1, variance: 0 }], best)).toMatchObject({ reason: 'zero_variance' });
    expect(thompsonAllocation([{ mean: 1, variance: -1 }], best)).toMatchObject({ reason: 'invalid_input' });
    expect(thompsonAllocation([{ mean: NaN, variance: 1 }], best)).toMatchObject({ reason: 'not_finite' });
  });
});

/** A greedy bandit with a floor over arms of equal value: plain means are biased downwards. */
function greedy(rng: Rng, horizon: number): AdaptiveLog {
  const sums = [0, 0];
  const counts = [0, 0];
  const log = { rewards: [] as number[], arms: [] as number[], probabilities: [] as number[][] };
  for (let t = 0; t < horizon; t++) {
    const [first, second] = sums.map((sum, a) => (counts[a] ? sum / (counts[a] as number) : 0));
    const p = t < 10 ? 0.5 : (first as number) > (second as number) ? 0.9 : 0.1;
    const arm = rng.uniform() < p ? 0 : 1;
    const reward = 1 + rng.normal();
    sums[arm] = (sums[arm] as number) + reward;
    counts[arm] = (counts[arm] as number) + 1;
    log.rewards.push(reward);
    log.arms.push(arm);
    log.probabilities.push([p, 1 - p]);
  }
  return log;
}

describe('adaptiveEstimates', () => {
  it('is the mean and its plain error for a single arm with inverse propensities', () => {
    const rewards = [1, 4, 2, 7, 3];
    const { ipwUniform } = valueOf(
      adaptiveEstimates({ rewards, arms: [0, 0, 0, 0, 0], probabilities: rewards.map(() => [1]) }),
    );
    const own = fromValues(rewards);
    expect(ipwUniform.estimates[0]).toBeCloseTo(own.mean[0], 12);
    expect(ipwUniform.standardErrors[0]).toBeCloseTo(Math.sqrt(own.comoment[0]) / 5, 12);
  });

  it('uses earlier rewards only as plug-in', () => {
    const log = {
      rewards: [2, 5, 4],
      arms: [0, 1, 0],
      probabilities: [
        [0.5, 0.5],
        [0.5, 0.5],
        [0.25, 0.75],
      ],
    };
    const { aipwUniform, naiveMeans } = valueOf(adaptiveEstimates(log));
    // Scores of arm 0: 0 + 2 / 0.5 = 4; 2; 2 + (4 - 2) / 0.25 = 10. Of arm 1: 0; 0 + 5 / 0.5 = 10; 5.
    expect(aipwUniform.estimates).toEqual([expect.closeTo(16 / 3, 12), expect.closeTo(5, 12)]);
    expect(naiveMeans).toEqual([3, 5]);
  });

  it('has contrasts that are differences, with the error of independent arms as an order of magnitude', () => {
    const result = valueOf(adaptiveEstimates(greedy(createRng('contrast'), 500)));
    const { estimates, standardErrors } = result.aipwConstantAllocation;
    expect(result.contrasts.estimates[0]).toBeCloseTo((estimates[1] ?? 0) - (estimates[0] ?? 0), 12);
    const apart = Math.hypot(standardErrors[0] ?? 0, standardErrors[1] ?? 0);
    expect((result.contrasts.standardErrors[0] ?? 0) / apart).toBeCloseTo(1, 1);
  });

  it('is not biased where plain means are, and its errors are honest', () => {
    const runs = 1500;
    const sums = { naive: 0, uniform: 0, misses: 0 };
    for (let i = 0; i < runs; i++) {
      const result = valueOf(adaptiveEstimates(greedy(createRng(`greedy ${i}`), 120)));
      sums.naive += (result.naiveMeans[0] ?? 1) - 1;
      sums.uniform += (result.aipwUniform.estimates[0] ?? 1) - 1;
      const { estimates, standardErrors } = result.aipwConstantAllocation;
      if (Math.abs((estimates[0] ?? 1) - 1) > 1.96 * (standardErrors[0] ?? 0)) sums.misses++;
    }
    expect(sums.naive / runs).toBeLessThan(-0.03);
    expect(Math.abs(sums.uniform / runs)).toBeLessThan(0.025);
    expect(sums.misses / runs).toBeLessThan(0.08);
  });

  it('has null, not 0, for arms that were never possible', () => {
    const log = {
      rewards: [1, 2],
      arms: [0, 0],
      probabilities: [
        [1, 0],
        [1, 0],
      ],
    };
    const result = valueOf(adaptiveEstimates(log));
    expect(result.naiveMeans).toEqual([1.5, null]);
    expect(result.aipwConstantAllocation.estimates[1]).toBeNull();
    expect(result.contrasts).toEqual({ estimates: [null], standardErrors: [null] });
  });

  it('says why there is no result', () => {
    const log = { rewards: [1], arms: [0], probabilities: [[1, 0]] };
    const reason = (change: Partial<AdaptiveLog>) => adaptiveEstimates({ ...log, ...change });
    expect(reason({ arms: [1] })).toMatchObject({ reason: 'denominator_zero' });
    expect(reason({ arms: [2] })).toMatchObject({ reason: 'invalid_input' });
    expect(reason({ arms: [0.5] })).toMatchObject({ reason: 'invalid_input' });
    expect(reason({ probabilities: [[1.2, -0.2]] })).toMatchObject({ reason: 'invalid_input' });
    expect(reason({ rewards: [1, 2] })).toMatchObject({ reason: 'invalid_input' });
    expect(reason({ rewards: [Infinity] })).toMatchObject({ reason: 'not_finite' });
    expect(adaptiveEstimates({ rewards: [], arms: [], probabilities: [] })).toMatchObject({
      reason: 'insufficient_units',
    });
  });
});

describe('periodWeightedMeans', () => {
  const values = (seed: string, n: number, level: number) => {
    const rng = createRng(seed);
    return fromValues(Array.from({ length: n }, () => level + rng.normal()));
  };

  it('is the plain mean with its error in a single period', () => {
    const arms = [values('a', 40, 1), values('b', 60, 2)];
    const result = valueOf(periodWeightedMeans([arms]));
    expect(result.periodWeights).toEqual([1]);
    arms.forEach((arm, a) => {
      expect(result.means[a]).toBe(arm.mean[0]);
      expect(result.standardErrors[a]).toBeCloseTo(Math.sqrt(arm.comoment[0] / (arm.n - 1) / arm.n), 12);
    });
  });

  it('does not take a trend over time for an effect of the arm that got the traffic late', () => {
    const flat = (n: number, level: number) =>
      fromValues(Array.from({ length: n }, (_, i) => level + (i % 2)));
    const { means } = valueOf(
      periodWeightedMeans([
        [flat(900, 1), flat(100, 1)],
        [flat(100, 5), flat(900, 5)],
      ]),
    );
    expect(means[0]).toBeCloseTo(means[1] as number, 12);
    expect(means[0]).toBeCloseTo(3.5, 12);
  });

  it('weights an arm without units in a period over its other periods, and flags it', () => {
    const [a, b, c] = [values('a', 40, 1), values('b', 60, 2), values('c', 50, 3)];
    const result = valueOf(
      periodWeightedMeans([
        [a, b],
        [EMPTY_MOMENTS, c],
        [EMPTY_MOMENTS, EMPTY_MOMENTS],
      ]),
    );
    expect(result.means[0]).toBeCloseTo(a.mean[0], 12);
    expect(result.renormalised).toEqual([true, false]);
    expect(result.means[1]).toBeCloseTo((100 * b.mean[0] + 50 * c.mean[0]) / 150, 12);
  });

  it('says why there is no result', () => {
    const arm = values('a', 5, 1);
    expect(periodWeightedMeans([])).toMatchObject({ reason: 'insufficient_units' });
    expect(periodWeightedMeans([[arm, EMPTY_MOMENTS]])).toMatchObject({ reason: 'insufficient_units' });
    expect(periodWeightedMeans([[arm, fromValues([1])]])).toMatchObject({ reason: 'insufficient_units' });
    expect(periodWeightedMeans([[arm, arm], [arm]])).toMatchObject({ reason: 'invalid_input' });
    expect(periodWeightedMeans([[fromValues([1, 1])]])).toMatchObject({ reason: 'zero_variance' });
  });
});
