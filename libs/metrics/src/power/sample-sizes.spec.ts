import { describe, expect, it } from '@jest/globals';
import { normalQuantile, normalSf } from '../distributions/index.js';
import type { Outcome } from '../inference/outcome.js';
import {
  liftPower,
  logRankEvents,
  nonInferiorityUnits,
  powerAt,
  proportionUnits,
  tTestPower,
  tTestUnits,
} from './index.js';
import type { TTestPlan } from './index.js';

function okay<T>(outcome: Outcome<T>): T {
  if (outcome.status !== 'ok') throw new Error(outcome.reason);
  return outcome;
}

const plan: TTestPlan = { delta: 1, sd: 1, alpha: 0.05, alternative: 'two-sided' };

describe('power of the t test', () => {
  it('agrees with the examples of R: power.t.test(n = 20, delta = 1) and (power = .90, delta = 1)', () => {
    expect(okay(tTestPower(plan, 20, 20)).power).toBeCloseTo(0.8689528, 6);
    expect(okay(tTestUnits(plan, 0.9)).unitsControl).toBeCloseTo(22.0211, 3);
    expect(okay(tTestUnits({ ...plan, alternative: 'greater' }, 0.9)).unitsControl).toBeCloseTo(17.84713, 4);
    // pwr.t.test(d = 0.5, power = 0.8)
    expect(okay(tTestUnits({ ...plan, delta: 0.5 }, 0.8)).unitsControl).toBeCloseTo(63.76561, 4);
  });

  it('is alpha without an effect, symmetric in its sign, and tends to the normal power', () => {
    expect(okay(tTestPower({ ...plan, delta: 0 }, 9, 14)).power).toBeCloseTo(0.05, 12);
    const one = okay(tTestPower(plan, 7, 30)).power;
    expect(okay(tTestPower({ ...plan, delta: -1 }, 30, 7)).power).toBeCloseTo(one, 12);
    const less = okay(tTestPower({ ...plan, delta: -1, alternative: 'less' }, 7, 30)).power;
    const greater = okay(tTestPower({ ...plan, alternative: 'greater' }, 7, 30)).power;
    expect(less).toBe(greater);
    const huge = okay(tTestPower({ ...plan, delta: 2.5e-4 }, 2e8, 2e8)).power;
    expect(huge).toBeCloseTo(powerAt(2.5, normalQuantile(0.975)), 7);
  });

  it('is the inverse of the sample size, for uneven arms and tiny or huge effects', () => {
    for (const delta of [1e-5, 0.03, 0.8, 6, 40]) {
      for (const [ratio, alternative] of [
        [1, 'two-sided'],
        [0.25, 'greater'],
        [3, 'two-sided'],
      ] as const) {
        const goal: TTestPlan = { ...plan, delta, alternative };
        const { unitsControl, unitsTreatment } = okay(tTestUnits(goal, 0.8, ratio));
        expect(unitsTreatment / unitsControl).toBeCloseTo(ratio, 12);
        expect(okay(tTestPower(goal, unitsControl, unitsTreatment)).power).toBeCloseTo(0.8, 8);
      }
    }
  });

  it('says why there is none', () => {
    expect(tTestPower(plan, 0, 5)).toMatchObject({ reason: 'insufficient_units' });
    expect(tTestPower(plan, 1, 1)).toMatchObject({ reason: 'insufficient_units' });
    expect(tTestPower({ ...plan, sd: 0 }, 5, 5)).toMatchObject({ reason: 'zero_variance' });
    expect(tTestPower({ ...plan, alpha: 0 }, 5, 5)).toMatchObject({ reason: 'invalid_input' });
    expect(tTestUnits({ ...plan, delta: 0 }, 0.8)).toMatchObject({ reason: 'zero_effect' });
    expect(tTestUnits({ ...plan, alternative: 'less' }, 0.8)).toMatchObject({ reason: 'unreachable' });
    expect(tTestUnits({ ...plan, delta: 1e-12 }, 0.8)).toMatchObject({ reason: 'unreachable' });
  });
});

describe('sample sizes in closed form', () => {
  const error = { alpha: 0.05, power: 0.9, sides: 2 as const };

  it('agree with R: power.prop.test(p1 = .50, p2 = .75, power = .90) needs 76.7', () => {
    expect(okay(proportionUnits({ control: 0.5, treatment: 0.75 }, error)).unitsPerArm).toBeCloseTo(76.7, 1);
    // power.prop.test(n = 50, p1 = .50, p2 = .75) has power 0.7401659
    const back = proportionUnits({ control: 0.5, treatment: 0.75 }, { ...error, power: 0.7401659 });
    expect(okay(back).unitsPerArm).toBeCloseTo(50, 4);
    expect(okay(proportionUnits({ control: 0.75, treatment: 0.5 }, error)).unitsPerArm).toBeCloseTo(76.7, 1);
    expect(proportionUnits({ control: 0.5, treatment: 0.5 }, error)).toMatchObject({ reason: 'zero_effect' });
    expect(proportionUnits({ control: 0.5, treatment: 1.5 }, error)).toMatchObject({
      reason: 'invalid_input',
    });
  });

  it('give the non-inferiority test its power', () => {
    const nim = {
      varianceControl: 4,
      varianceTreatment: 9,
      margin: 0.5,
      trueDifference: -0.1,
      kappa: 0.4,
      alpha: 0.025,
      power: 0.9,
    };
    const { unitsControl, unitsTreatment } = okay(nonInferiorityUnits(nim));
    expect(unitsControl / unitsTreatment).toBeCloseTo(0.4, 12);
    const se = Math.sqrt(4 / unitsControl + 9 / unitsTreatment);
    expect(normalSf(normalQuantile(0.975) - 0.4 / se)).toBeCloseTo(0.9, 10);
    expect(nonInferiorityUnits({ ...nim, trueDifference: -0.5 })).toMatchObject({ reason: 'unreachable' });
    expect(nonInferiorityUnits({ ...nim, varianceControl: 0, varianceTreatment: 0 })).toMatchObject({
      reason: 'zero_variance',
    });
  });

  it('need 65.3 events to find a doubled hazard with 80 %, whichever way round', () => {
    const goal = { alpha: 0.05, power: 0.8, sides: 2 as const };
    expect(okay(logRankEvents(2, 0.5, goal)).events).toBeCloseTo(65.346, 3);
    expect(okay(logRankEvents(0.5, 0.5, goal)).events).toBeCloseTo(65.346, 3);
    expect(okay(logRankEvents(2, 0.2, goal)).events).toBeCloseTo((65.3458 * 0.25) / 0.16, 2);
    expect(logRankEvents(1, 0.5, goal)).toMatchObject({ reason: 'zero_effect' });
    expect(logRankEvents(2, 0, goal)).toMatchObject({ reason: 'insufficient_units' });
    expect(logRankEvents(-2, 0.5, goal)).toMatchObject({ reason: 'invalid_input' });
  });
});

describe('power for a lift', () => {
  const goal = {
    mean: 4,
    variance: 60,
    lift: 0.1,
    unitsPerArm: 3000,
    alpha: 0.05,
    power: 0.8,
    sequentialTuning: 5000,
  };

  it('finds the smallest lift with the wanted power: its near tail', () => {
    for (const mean of [4, -4]) {
      const { smallestLift, sequentialSmallestLift } = okay(liftPower({ ...goal, mean }));
      const at = okay(liftPower({ ...goal, mean, lift: smallestLift }));
      expect(at.power).toBeCloseTo(0.8, 5);
      const atSequential = okay(liftPower({ ...goal, mean, lift: sequentialSmallestLift }));
      expect(atSequential.sequentialPower).toBeCloseTo(0.8, 5);
      expect(sequentialSmallestLift).toBeGreaterThan(smallestLift);
    }
  });

  it('does not depend on the unit of the metric, and is out of reach when control is not clear of zero', () => {
    const one = okay(liftPower(goal));
    const other = okay(liftPower({ ...goal, mean: 4e6, variance: 60e12 }));
    expect(other.power).toBeCloseTo(one.power, 12);
    expect(other.smallestLift).toBeCloseTo(one.smallestLift, 12);
    expect(okay(liftPower({ ...goal, unitsPerArm: 10 })).smallestLift).toBe(Infinity);
  });

  it('says why there is none', () => {
    expect(liftPower({ ...goal, mean: 0 })).toMatchObject({ reason: 'zero_baseline' });
    expect(liftPower({ ...goal, variance: 0 })).toMatchObject({ reason: 'zero_variance' });
    expect(liftPower({ ...goal, unitsPerArm: 0 })).toMatchObject({ reason: 'insufficient_units' });
    expect(liftPower({ ...goal, power: 1 })).toMatchObject({ reason: 'invalid_input' });
  });
});
