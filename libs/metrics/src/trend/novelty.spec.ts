import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import { novelty } from './novelty.js';
import type { DayMoments } from './novelty.js';
import { effectTrend } from './wls-trend.js';

const OPTIONS = { alpha: 0.05, ratio: false };

function momentsOf(rows: readonly (readonly number[])[]): DayMoments {
  const n = rows.length;
  const size = rows[0]?.length ?? 0;
  const mean = Array.from(
    { length: size },
    (_, i) => rows.reduce((sum, row) => sum + (row[i] as number), 0) / n,
  );
  const covariance = mean.map((a, i) =>
    mean.map(
      (b, j) =>
        rows.reduce((sum, row) => sum + ((row[i] as number) - a) * ((row[j] as number) - b), 0) / (n - 1),
    ),
  );
  return { n, mean, covariance };
}

const independent = (n: number, mean: readonly number[], variance: number): DayMoments => ({
  n,
  mean,
  covariance: mean.map((_, i) => mean.map((__, j) => (i === j ? variance : 0))),
});

/** Units with a habit of their own on a level that falls by the day, as activity does after the first days. */
function units(rng: Rng, n: number, days: number, lift: (day: number) => number): DayMoments {
  return momentsOf(
    Array.from({ length: n }, () => {
      const habit = -Math.log(1 - rng.uniform());
      return Array.from({ length: days }, (_, day) => {
        const rate = 0.8 * habit * 0.9 ** day * (1 + lift(day));
        return rng.uniform() < rate / (1 + rate) ? 1 + rng.below(5) : 0;
      });
    }),
  );
}

describe('novelty', () => {
  it('is the weighted regression where the days are independent', () => {
    const control = independent(10_000, [10, 10, 10, 10, 10], 400);
    const treatment = independent(10_000, [12, 11.5, 11, 10.5, 10], 400);
    const { points, trend } = novelty(control, treatment, OPTIONS);
    expect(points.map(({ lift }) => lift)).toEqual(
      [0.2, 0.15, 0.1, 0.05, 0].map((x) => expect.closeTo(x, 12)),
    );
    // Delta method of one day: sqrt(0.04 / 10^2 + 0.04 12^2 / 10^4).
    expect(points[0]?.standardError).toBeCloseTo(Math.sqrt(0.0004 + (0.04 * 144) / 10_000), 12);
    const line = effectTrend(
      points.map(({ day, lift, standardError }) => ({
        day,
        effect: lift as number,
        standardError: standardError as number,
      })),
    );
    expect(trend).toMatchObject({
      ok: true,
      value: {
        slope: expect.closeTo(-0.05, 12),
        intercept: expect.closeTo(0.2, 12),
        standardError: expect.closeTo(line.ok ? line.value.slopeStandardError : 0, 12),
      },
    });
  });

  it('is exact where the days of a unit move together: a common level says nothing of a slope', () => {
    // Covariance of every pair of days 300 on variances of 400; lift 0, so that all gradients are 1 / 10:
    // var(slope) = 2 (400 - 300) / n / 10^2 / sum (day - 2)^2.
    const together = (n: number): DayMoments => ({
      n,
      mean: [10, 10, 10, 10, 10],
      covariance: Array.from({ length: 5 }, (_, i) =>
        Array.from({ length: 5 }, (__, j) => (i === j ? 400 : 300)),
      ),
    });
    const { trend } = novelty(together(5000), together(5000), OPTIONS);
    expect(trend.ok && trend.value.standardError).toBeCloseTo(Math.sqrt((2 * 100) / 5000 / 100 / 10), 12);
  });

  it('follows ratios by the delta method', () => {
    const rng = createRng('ratio');
    const rows = Array.from({ length: 400 }, () => {
      const plays = Array.from({ length: 5 }, () => 1 + rng.below(4));
      return [
        ...plays.map((n) => Array.from({ length: n }, () => rng.below(2)).reduce((a, b) => a + b, 0)),
        ...plays,
      ];
    });
    const moments = momentsOf(rows);
    const { points } = novelty(moments, moments, { alpha: 0.05, ratio: true });
    points.forEach(({ control, lift, standardError }, day) => {
      const done = rows.reduce((sum, row) => sum + (row[day] as number), 0);
      const all = rows.reduce((sum, row) => sum + (row[5 + day] as number), 0);
      expect(control).toBeCloseTo(done / all, 12);
      expect(lift).toBe(0);
      // Residuals of the linearised ratio, unit by unit.
      const residuals = rows.map(
        (row) => ((row[day] as number) - (done / all) * (row[5 + day] as number)) / (all / 400),
      );
      const variance = residuals.reduce((sum, r) => sum + r * r, 0) / 399 / 400;
      expect(standardError).toBeCloseTo(Math.sqrt(2 * variance) / (done / all), 10);
    });
  });

  it('keeps its error under a constant lift on a fading level, where weights alone would not', () => {
    const rng = createRng('novelty-null');
    const runs = 500;
    let alarms = 0;
    let naive = 0;
    for (let i = 0; i < runs; i++) {
      const { points, trend } = novelty(
        units(rng, 200, 10, () => 0),
        units(rng, 200, 10, () => 0),
        OPTIONS,
      );
      if (trend.ok && trend.value.pValue < 0.05) alarms++;
      const used = points.flatMap(({ day, lift, standardError }) =>
        lift === null || standardError === null ? [] : [{ day, effect: lift, standardError }],
      );
      const line = effectTrend(used);
      if (line.ok && Math.abs(line.value.slope / line.value.slopeStandardError) > 1.96) naive++;
    }
    // 99.9 % band of 500 draws at 5 %.
    expect(alarms).toBeGreaterThanOrEqual(10);
    expect(alarms).toBeLessThanOrEqual(42);
    // Days that move together make the naive standard error of a slope wrong (here: too large, it sees no trend).
    expect(naive).toBeLessThan(alarms);
  });

  it('finds a lift that fades, and one that grows', () => {
    const rng = createRng('novelty-power');
    const control = units(rng, 3000, 10, () => 0);
    const fading = novelty(
      control,
      units(rng, 3000, 10, (day) => 0.8 * 0.6 ** day),
      OPTIONS,
    ).trend;
    expect(fading.ok && fading.value.slope < 0 && fading.value.pValue < 0.01).toBe(true);
    const growing = novelty(
      control,
      units(rng, 3000, 10, (day) => 0.07 * day),
      OPTIONS,
    ).trend;
    expect(growing.ok && growing.value.slope > 0 && growing.value.pValue < 0.01).toBe(true);
  });

  it('says why there is no lift on a day, and no trend', () => {
    const thin = novelty(
      independent(1000, [1, 1, 1, 0.001, 0], 1),
      independent(1000, [1, 1, 1, 1, 1], 1),
      OPTIONS,
    );
    expect(thin.points.map(({ reason }) => reason)).toEqual([
      null,
      null,
      null,
      'baseline_not_clear_of_zero',
      'baseline_not_clear_of_zero',
    ]);
    expect(thin.trend).toEqual({ ok: false, reason: 'insufficient_units' });
    const few = independent(99, [1, 1, 1, 1], 0.01);
    expect(novelty(few, few, OPTIONS).trend).toEqual({ ok: false, reason: 'insufficient_units' });
    const empty = novelty(
      independent(500, [0, 0, 0, 0, 0, 0, 0, 0], 0),
      independent(500, [0, 0, 0, 0, 0, 0, 0, 0], 0),
      {
        alpha: 0.05,
        ratio: true,
      },
    );
    expect(empty.points.every(({ reason, lift }) => reason === 'denominator_zero' && lift === null)).toBe(
      true,
    );
    expect(novelty(independent(500, [1, 1], 1), independent(500, [1], 1), OPTIONS).trend).toEqual({
      ok: false,
      reason: 'invalid_input',
    });
    expect(JSON.stringify([thin, empty])).not.toMatch(/NaN|Infinity/);
  });
});
