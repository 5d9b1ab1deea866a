import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { asymptoticCs } from '../estimators/asymptotic-cs.js';
import { groupSequential } from '../estimators/group-sequential.js';
import { welch } from '../estimators/welch.js';
import { normalQuantile } from '../distributions/index.js';
import { fromSummary } from '../moments.js';
import { daysUntil, enrolledAfter, plannedSize, smallestLiftAt, unitsAfter } from './plan.js';
import type { ExperimentPlan } from './plan.js';

const share = (mean: number, change: Partial<ExperimentPlan> = {}): ExperimentPlan => ({
  kind: 'proportion',
  mean,
  variance: 0,
  alpha: 0.05,
  power: 0.8,
  weights: [1, 1],
  covariateCorrelation: 0,
  clusterSize: 1,
  intraclassCorrelation: 0,
  estimator: welch,
  ...change,
});
const perArm = (plan: ExperimentPlan, lift: number): number => plannedSize(plan, lift)?.unitsPerArm[0] ?? NaN;

describe('planned size', () => {
  it('agrees with published sizes for shares: alpha 0.05 two-sided, power 0.8', () => {
    expect(perArm(share(0.1), 0.05)).toBe(57_760);
    expect(perArm(share(0.3), 0.02)).toBe(92_086);
    expect(perArm(share(0.6), 0.01)).toBe(104_382);
  });

  it('agrees with the closed form for means, and scales with CUPED, clusters, arms and allocation', () => {
    const mean: Partial<ExperimentPlan> = { kind: 'mean', variance: 9 };
    const z = (alpha: number) => (normalQuantile(1 - alpha / 2) + normalQuantile(0.8)) ** 2;
    const plain = (z(0.05) * 2 * 9) / 0.1 ** 2;
    expect(perArm(share(5, mean), 0.02)).toBe(Math.round(plain));
    expect(perArm(share(5, { ...mean, covariateCorrelation: 0.7 }), 0.02)).toBe(Math.round(plain * 0.51));
    const clusters = { ...mean, clusterSize: 21, intraclassCorrelation: 0.05 };
    expect(perArm(share(5, clusters), 0.02)).toBe(Math.round(plain * 2));
    const four = share(5, { ...mean, weights: [1, 1, 1, 1] });
    expect(perArm(four, 0.02)).toBe(Math.round((z(0.05 / 3) * 2 * 9) / 0.01));
    const uneven = plannedSize(share(5, { ...mean, weights: [4, 1] }), 0.02);
    expect(uneven?.unitsPerArm[1]).toBe(Math.round((z(0.05) * 9 * 1.25) / 0.01));
  });

  it('pays for peeking what the estimator costs at that size', () => {
    const plan = share(0.1, { estimator: asymptoticCs });
    const n = perArm(plan, 0.05);
    const radius = asymptoticCs.halfWidth({ control: n, treatment: n }, { alpha: 0.05 }) ?? NaN;
    const price = ((radius + normalQuantile(0.8)) / (normalQuantile(0.975) + normalQuantile(0.8))) ** 2;
    expect(n / 57_760).toBeCloseTo(price, 3);
    expect(plannedSize(plan, 0.05, true)?.unitsPerArm[0]).toBe(57_760);
    // Five O'Brien-Fleming-like looks cost 2.6 % at the last look (critical value 2.031).
    const looks = { looks: [0.2, 0.4, 0.6, 0.8, 1], spending: 'obrien_fleming' } as const;
    const grouped = perArm(share(0.1, { estimator: groupSequential, lookPlan: looks }), 0.05);
    const at = ((2.031 + normalQuantile(0.8)) / (normalQuantile(0.975) + normalQuantile(0.8))) ** 2;
    expect(grouped / 57_760).toBeCloseTo(at, 2);
  });

  it('gives the power it promises: 80 % of simulated experiments of that size are won', () => {
    const n = perArm(share(20, { kind: 'mean', variance: 100 }), 0.05);
    const rng = createRng('planned power');
    const se = Math.sqrt(100 / n);
    let won = 0;
    for (let i = 0; i < 10_000; i++) {
      const [a, b] = [20 + se * rng.normal(), 21 + se * rng.normal()];
      const options = { alpha: 0.05, kind: 'mean', adjust: false } as const;
      if (
        (welch.compare(fromSummary(n, a, 100), fromSummary(n, b, 100), options).evidence?.value ?? 1) < 0.05
      )
        won++;
    }
    expect(won / 10_000).toBeGreaterThan(0.787);
    expect(won / 10_000).toBeLessThan(0.813);
  });

  it('is the inverse of the smallest lift, and says where there is none', () => {
    for (const plan of [
      share(0.1),
      share(0.1, { estimator: asymptoticCs }),
      share(12, { kind: 'mean', variance: 300 }),
    ]) {
      const total = plannedSize(plan, 0.05)?.totalUnits ?? NaN;
      expect(smallestLiftAt(plan, total)).toBeCloseTo(0.05, 4);
    }
    expect(plannedSize(share(0.1), 0)).toBeNull();
    expect(plannedSize(share(0), 0.05)).toBeNull();
    expect(plannedSize(share(0.9), 0.5)).toBeNull();
    expect(smallestLiftAt(share(0.1), 0)).toBeNull();
    expect(smallestLiftAt(share(0.6), 10)).toBeNull();
  });
});

describe('days from the growth of distinct units', () => {
  // 1,000 members who all come within a week, then few new ones.
  const curve = { cumulativeUnits: [500, 700, 800, 860, 900, 930, 950, 960, 970, 980, 985, 990, 995, 1000] };
  const all = { traffic: 1, ramp: null };

  it('follows the curve and not days times daily users', () => {
    expect(daysUntil(700, curve, all, 365)).toBe(2);
    // At 500 a day it would be two days; members come back.
    expect(daysUntil(1000, curve, all, 365)).toBe(14);
    expect(unitsAfter(curve, 21)).toBeCloseTo(1050, 6);
    expect(daysUntil(1e6, curve, all, 365)).toBeNull();
    expect(daysUntil(1, { cumulativeUnits: [] }, all, 365)).toBeNull();
    expect(daysUntil(1, curve, all, 365)).toBe(1);
  });

  it('counts a part of the traffic, and less during a ramp', () => {
    expect(enrolledAfter(curve, { traffic: 0.5, ramp: null }, 7)).toBe(475);
    const ramp = { traffic: 1, ramp: { share: 0.1, days: 3 } };
    expect(enrolledAfter(curve, ramp, 3)).toBeCloseTo(80, 10);
    expect(enrolledAfter(curve, ramp, 5)).toBe(700);
  });
});
