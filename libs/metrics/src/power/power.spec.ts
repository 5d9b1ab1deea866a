import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { asymptoticCs } from '../estimators/asymptotic-cs.js';
import { welch } from '../estimators/welch.js';
import { normalBatch } from '../testing/draws.js';
import { detectableEffect, growthFactor, powerAt, requiredUnitsPerArm, unitsStillNeeded } from './power.js';
import type { PowerOptions } from './power.js';

const fixed: PowerOptions = { alpha: 0.05, power: 0.8, estimator: welch };
const sequential: PowerOptions = { ...fixed, estimator: asymptoticCs };

describe('power', () => {
  it('agrees with R: power.t.test(delta = 0.5, sd = 2, power = 0.8) needs 252.1275 per group', () => {
    const n = requiredUnitsPerArm({ effect: 0.5, varianceControl: 4, varianceTreatment: 4 }, fixed);
    expect(n).toBeGreaterThanOrEqual(252);
    expect(n).toBeLessThanOrEqual(254);
  });

  it('is the inverse of the detectable effect', () => {
    for (const options of [fixed, sequential]) {
      const n =
        requiredUnitsPerArm({ effect: 0.1, varianceControl: 1, varianceTreatment: 2 }, options) ?? NaN;
      const found = detectableEffect(Math.sqrt(3 / n), { control: n, treatment: n }, options) ?? NaN;
      expect(found).toBeLessThanOrEqual(0.1);
      expect(found).toBeGreaterThan(0.0995);
    }
  });

  it('computes the price of peeking instead of assuming it', () => {
    const plan = { effect: 0.1, varianceControl: 1, varianceTreatment: 1 };
    const ratio = (requiredUnitsPerArm(plan, sequential) ?? 0) / (requiredUnitsPerArm(plan, fixed) ?? 1);
    expect(ratio).toBeGreaterThan(1.5);
    expect(ratio).toBeLessThan(2.2);
    const late = { ...plan, effect: 0.005 };
    expect(
      (requiredUnitsPerArm(late, sequential) ?? 0) / (requiredUnitsPerArm(late, fixed) ?? 1),
    ).toBeGreaterThan(ratio);
  });

  it('gives the stated probability of finding the effect, in simulated experiments', () => {
    for (const [name, options] of [
      ['welch', fixed],
      ['asymptotic-cs', sequential],
    ] as const) {
      const estimator = name === 'welch' ? welch : asymptoticCs;
      const n =
        requiredUnitsPerArm({ effect: 0.2, varianceControl: 1, varianceTreatment: 1 }, options) ?? NaN;
      const rng = createRng(`power ${name}`);
      const control = normalBatch(n, 5, 1);
      const treatment = normalBatch(n, 5.2, 1);
      let found = 0;
      for (let i = 0; i < 4000; i++) {
        const effect = estimator.compare(control(rng), treatment(rng), {
          alpha: 0.05,
          kind: 'mean',
          adjust: false,
        });
        if ((effect.evidence?.value ?? 1) < 0.05) found++;
      }
      // 99.9 % band of 80 % in 4,000 runs.
      expect(Math.abs(found / 4000 - 0.8)).toBeLessThan(0.021);
    }
  });

  it('says how many units are still needed, nothing once there are enough, and null when no number will do', () => {
    const sizes = { control: 1000, treatment: 1000 };
    expect(unitsStillNeeded(0.05, sizes, 0.2, fixed)).toBe(0);
    const needed = unitsStillNeeded(0.05, sizes, 0.1, fixed) ?? NaN;
    expect(needed).toBeGreaterThan(950);
    expect(needed).toBeLessThan(980);
    expect(unitsStillNeeded(0.05, sizes, 0, fixed)).toBeNull();
    expect(growthFactor(1, sizes, 1e-12, fixed)).toBeNull();
    expect(growthFactor(0, sizes, 1, fixed)).toBeNull();
    expect(detectableEffect(1, { control: 10, treatment: 10 }, sequential)).toBeNull();
  });

  it('counts both tails', () => {
    expect(powerAt(0, 1.959963984540054)).toBeCloseTo(0.05, 12);
    expect(powerAt(2.8, 1.959963984540054)).toBeCloseTo(0.7995, 3);
    expect(powerAt(-2.8, 1.959963984540054)).toBeCloseTo(0.7995, 3);
  });
});
