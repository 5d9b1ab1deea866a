import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '../inference/index.js';
import { waldTest, studentLaw } from '../inference/index.js';
import { contrast } from '../contrast.js';
import type { Moments } from '../contract.js';
import { fromSummary, fromValues, merge } from '../moments.js';
import { createRng } from '#experiments';
import {
  clip,
  clusterMean,
  clusterMeanTest,
  clusterMoments,
  logLift,
  pooledTTest,
  winsorize,
} from './index.js';

const options = { alpha: 0.05 };

function ok<T>(outcome: Outcome<T>): T {
  if (outcome.status === 'undefined') throw new Error(outcome.reason);
  return outcome;
}

function welch(a: Moments, b: Moments) {
  const result = contrast(a, b, { kind: 'mean', adjust: false });
  if (!result.ok) throw new Error(result.reason);
  const { estimate, standardError, df } = result.contrast;
  return { ...waldTest(estimate, standardError, studentLaw(df), options), df };
}

const positiveArm = fc
  .tuple(
    fc.integer({ min: 2, max: 5000 }),
    fc.double({ min: 0.5, max: 50, noNaN: true }),
    fc.double({ min: 0.1, max: 90, noNaN: true }),
  )
  .map(([n, mean, variance]) => fromSummary(n, mean, variance));

describe('pooledTTest', () => {
  it('is the test of Student (1908) on his sleep data', () => {
    const first = fromValues([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]);
    const second = fromValues([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
    const got = ok(pooledTTest(second, first, options));
    expect(got.df).toBe(18);
    expect(got.statistic).toBeCloseTo(-1.8608, 4);
    expect(got.pValue).toBeCloseTo(0.07919, 5);
    expect(got.lower).toBeCloseTo(-3.363874, 6);
    expect(got.upper).toBeCloseTo(0.203874, 6);
  });

  it('has Welch’s statistic in arms of equal size, with at least as many degrees of freedom', () => {
    fc.assert(
      fc.property(positiveArm, fc.double({ min: 0.1, max: 90, noNaN: true }), (a, variance) => {
        const b = fromSummary(a.n, 3, variance);
        const got = ok(pooledTTest(a, b, options));
        const other = welch(a, b);
        expect(got.statistic).toBeCloseTo(other.statistic, 9);
        expect(got.df).toBeGreaterThanOrEqual(other.df * (1 - 1e-12));
      }),
    );
  });

  it('is defined while one arm varies', () => {
    expect(pooledTTest(fromSummary(5, 1, 0), fromSummary(5, 2, 1), options).status).toBe('ok');
    expect(pooledTTest(fromSummary(5, 1, 0), fromSummary(5, 2, 0), options)).toMatchObject({
      reason: 'zero_variance',
    });
    expect(pooledTTest(fromSummary(1, 1, 0), fromSummary(5, 2, 1), options)).toMatchObject({
      reason: 'insufficient_units',
    });
  });
});

describe('logLift', () => {
  it('swapping the arms inverts the ratio', () => {
    fc.assert(
      fc.property(positiveArm, positiveArm, (a, b) => {
        const forward = ok(logLift(a, b, options));
        const backward = ok(logLift(b, a, options));
        fc.pre(forward.upper < 1e6 && backward.upper < 1e6);
        expect((1 + forward.lower) * (1 + backward.upper)).toBeCloseTo(1, 7);
        expect(forward.pValue).toBeCloseTo(backward.pValue, 9);
        expect(forward.lower).toBeGreaterThanOrEqual(-1);
      }),
    );
  });

  it('does not depend on the unit of measurement, nor on the sign of both means but for its own', () => {
    fc.assert(
      fc.property(positiveArm, positiveArm, (a, b) => {
        const negate = (m: Moments): Moments => ({ ...m, mean: [-m.mean[0], m.mean[1], m.mean[2]] });
        const plain = ok(logLift(a, b, options));
        const mirrored = ok(logLift(negate(a), negate(b), options));
        expect(mirrored.estimate).toBeCloseTo(-plain.estimate, 10);
        expect(mirrored.lower).toBe(-plain.upper);
        expect(mirrored.upper).toBe(-plain.lower);
      }),
    );
  });

  it('one-sided: the side follows the difference, open at the end of the ratio', () => {
    const [a, b] = [fromSummary(100, 4, 2), fromSummary(100, 5, 2)];
    const both = ok(logLift(a, b, { alpha: 0.1 }));
    expect(logLift(a, b, { alpha: 0.05, alternative: 'greater' })).toMatchObject({
      lower: both.lower,
      upper: Infinity,
    });
    expect(logLift(a, b, { alpha: 0.05, alternative: 'less' })).toMatchObject({
      lower: -1,
      upper: both.upper,
    });
    const negative = ok(
      logLift(fromSummary(100, -5, 2), fromSummary(100, -4, 2), { alpha: 0.05, alternative: 'greater' }),
    );
    expect(negative.estimate).toBeCloseTo(0.2, 12);
    expect(negative.pValue).toBeLessThan(0.01);
    expect(negative.lower).toBeGreaterThan(0);
    expect(negative.upper).toBe(1);
  });

  it('says why there is none', () => {
    const some = fromSummary(10, 2, 1);
    expect(logLift(fromSummary(10, 0, 1), some, options)).toMatchObject({ reason: 'zero_baseline' });
    expect(logLift(some, fromSummary(10, -1, 1), options)).toMatchObject({ reason: 'non_positive_ratio' });
    expect(logLift(some, fromSummary(10, 0, 1), options)).toMatchObject({ reason: 'non_positive_ratio' });
    expect(logLift(fromSummary(1, 2, 0), some, options)).toMatchObject({ reason: 'insufficient_units' });
  });
});

describe('clusterMean', () => {
  /** Household, value and covariate of each unit: households of one to five that go together. */
  const arm = (seed: string, shift: number) => {
    const rng = createRng(seed);
    return Array.from({ length: 60 }, (_, household) => {
      const habit = rng.normal();
      return Array.from({ length: 1 + (household % 5) }, () => {
        const x = habit + 0.3 * rng.normal();
        return { household, x: 4 + x, y: shift + 0.8 * x + 0.5 * rng.normal() };
      });
    }).flat();
  };
  type Units = ReturnType<typeof arm>;
  const sumsOf = (units: Units): Moments => {
    const add = (of: (unit: Units[number]) => number) => {
      const sums = new Float64Array(60);
      for (const unit of units) sums[unit.household] = (sums[unit.household] as number) + of(unit);
      return sums;
    };
    return fromValues(
      add(({ y }) => y),
      add(() => 1),
      add(({ x }) => x),
    );
  };
  /** Liang and Zeger's sandwich of a mean of residuals, CR1, written out. */
  const sandwich = (units: Units, residual: (unit: Units[number]) => number): number => {
    const scores = new Map<number, number>();
    for (const unit of units) scores.set(unit.household, (scores.get(unit.household) ?? 0) + residual(unit));
    const g = scores.size;
    return ((g / (g - 1)) * [...scores.values()].reduce((sum, s) => sum + s * s, 0)) / units.length ** 2;
  };
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [a, b] = [arm('a', 1), arm('b', 1.2)];
  const compared = [a, b].map((units) => clusterMean(sumsOf(units)) as Moments) as [Moments, Moments];

  it('gives the mean over units with the error of the sandwich, by any method for means', () => {
    const found = contrast(...compared, { kind: 'mean', adjust: false });
    if (!found.ok) throw new Error(found.reason);
    const [ya, yb] = [a, b].map((units) => mean(units.map(({ y }) => y))) as [number, number];
    const error = Math.sqrt(sandwich(a, ({ y }) => y - ya) + sandwich(b, ({ y }) => y - yb));
    expect(found.contrast.estimate).toBeCloseTo(yb - ya, 12);
    expect(found.contrast.standardError).toBeCloseTo(error, 12);
    const alone = contrast(fromValues(a.map(({ y }) => y)), fromValues(b.map(({ y }) => y)), {
      kind: 'mean',
      adjust: false,
    });
    expect(alone.ok && error / alone.contrast.standardError).toBeGreaterThan(1.4);
  });

  it('adjusts for the mean of the covariate over units', () => {
    const found = contrast(...compared, { kind: 'mean', adjust: true });
    if (!found.ok) throw new Error(found.reason);
    const { theta, estimate, standardError } = found.contrast;
    const centred = (units: Units) => {
      const [my, mx] = [mean(units.map(({ y }) => y)), mean(units.map(({ x }) => x))];
      return { value: my - theta * mx, variance: sandwich(units, ({ x, y }) => y - my - theta * (x - mx)) };
    };
    const [ca, cb] = [centred(a), centred(b)];
    expect(theta).toBeCloseTo(0.8, 0);
    expect(estimate).toBeCloseTo(cb.value - ca.value, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(ca.variance + cb.variance), 12);
    expect(standardError).toBeLessThan(0.08);
  });

  it('is the plain mean where every unit is a cluster of its own, and nothing without units', () => {
    const values = [1, 5, 2, 8];
    const single = clusterMean(fromValues(values, [1, 1, 1, 1], [2, 1, 3, 3]));
    const plain = fromValues(values, undefined, [2, 1, 3, 3]);
    expect(single?.mean).toEqual(plain.mean);
    single?.comoment.forEach((value, i) => expect(value).toBeCloseTo(plain.comoment[i] as number, 12));
    expect(clusterMean(fromValues([]))).toBeNull();
    expect(clusterMean(fromValues([3, 6, 9], [1, 2, 3]))?.comoment[0]).toBe(0);
  });
});

describe('clusterMeanTest', () => {
  const values = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 3, maxLength: 30 });

  it('with one event per user is Welch’s test', () => {
    fc.assert(
      fc.property(values, values, (x, y) => {
        fc.pre(new Set(x).size > 1 && new Set(y).size > 1);
        const moments = (v: number[]) => clusterMoments([...v.keys()], v);
        const got = clusterMeanTest(moments(x), moments(y), options);
        fc.pre(got.status === 'ok');
        const want = welch(fromValues(x), fromValues(y));
        expect(ok(got).pValue).toBeCloseTo(want.pValue, 8);
        expect(ok(got).df).toBeCloseTo(want.df, 5);
      }),
    );
  });

  it('repeating every event of every user changes nothing', () => {
    const users = ['a', 'a', 'b', 'c', 'c', 'c', 'd'];
    const x = [1, 3, 2, 7, 5, 6, 4];
    const once = clusterMoments(users, x);
    const twice = clusterMoments([...users, ...users], [...x, ...x]);
    const other = clusterMoments(['e', 'f', 'f', 'g'], [2, 4, 9, 1]);
    const [one, two] = [clusterMeanTest(once, other, options), clusterMeanTest(twice, other, options)];
    expect(ok(two).pValue).toBeCloseTo(ok(one).pValue, 12);
    expect(ok(two).control.mean).toBeCloseTo(4, 12);
  });

  it('moments of disjoint users merge', () => {
    const users = ['a', 'b', 'a', 'c', 'd', 'd', 'e'];
    const x = [1, 2, 3, 4, 5, 6, 9];
    const split = (keep: (user: string) => boolean) => {
      const index = users.map((_, i) => i).filter((i) => keep(users[i] as string));
      return clusterMoments(
        index.map((i) => users[i] as string),
        index.map((i) => x[i] as number),
      );
    };
    const merged = merge(
      split((u) => u < 'c'),
      split((u) => u >= 'c'),
    );
    const whole = clusterMoments(users, x);
    merged.comoment.forEach((value, i) => expect(value).toBeCloseTo(whole.comoment[i] as number, 10));
    expect(merged.n).toBe(5);
  });

  it('needs two users per arm, and some variation', () => {
    const some = clusterMoments([1, 2, 2], [1, 2, 5]);
    const single = clusterMoments([1, 1], [3, 4]);
    expect(clusterMeanTest(single, some, options)).toMatchObject({ reason: 'insufficient_units' });
    expect(clusterMeanTest(clusterMoments([], []), some, options)).toMatchObject({
      reason: 'insufficient_units',
    });
    const flat = clusterMoments([1, 2, 2], [3, 3, 3]);
    expect(clusterMeanTest(flat, flat, options)).toMatchObject({ reason: 'zero_variance' });
    expect(() => clusterMoments([1], [1, 2])).toThrow('1 users for 2 values');
  });
});

describe('winsorize', () => {
  const plain = { lowerPercentile: 0, upperPercentile: 1, ignoreZeros: false };
  const x = [0, 0, 1, 2, 3, 4, 5, 6, 7, 100];
  const y = [0, 0, 0, 1, 1, 2, 2, 3, 3, 4];

  it('without caps changes nothing', () => {
    expect(winsorize(x, y, plain)).toEqual({
      status: 'ok',
      caps: { lower: null, upper: null },
      control: fromValues(x),
      treatment: fromValues(y),
    });
  });

  it('caps both arms at percentiles of all values together', () => {
    const pooled = Array.from({ length: 101 }, (_, i) => i);
    const got = ok(
      winsorize(pooled.slice(0, 50), pooled.slice(50), {
        lowerPercentile: 0.05,
        upperPercentile: 0.9,
        ignoreZeros: false,
      }),
    );
    expect(got.caps).toEqual({ lower: 5, upper: 90 });
    expect(got.treatment.mean[0]).toBeCloseTo((40 * 69.5 + 11 * 90) / 51, 10);
  });

  it('a rare feature survives where zeros are left out of the percentile', () => {
    const rare = [...new Array<number>(98).fill(0), 5, 7];
    const caps = (ignoreZeros: boolean) =>
      ok(winsorize(rare, rare, { lowerPercentile: 0, upperPercentile: 0.95, ignoreZeros })).caps.upper;
    expect(caps(false)).toBe(0);
    expect(caps(true)).toBe(7);
    const zeros = [0, 0, 0];
    const all = { lowerPercentile: 0.1, upperPercentile: 0.9, ignoreZeros: true };
    expect(ok(winsorize(zeros, zeros, all)).caps).toEqual({ lower: null, upper: null });
  });

  it('clipping is idempotent, keeps the order and leaves the input alone', () => {
    const caps = { lower: 1, upper: 5 };
    const once = clip(x, caps);
    expect(clip(once, caps)).toEqual(once);
    expect([...once]).toEqual([1, 1, 1, 2, 3, 4, 5, 5, 5, 5]);
    expect(x[9]).toBe(100);
  });

  it('declines impossible percentiles and values', () => {
    expect(winsorize(x, y, { ...plain, upperPercentile: 1.2 })).toMatchObject({ reason: 'invalid_quantile' });
    expect(winsorize([NaN], y, plain)).toMatchObject({ reason: 'not_finite' });
    expect(winsorize([], [], { ...plain, upperPercentile: 0.9 }).status).toBe('ok');
  });
});
