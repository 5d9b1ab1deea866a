import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { LookPlan } from '../contract.js';
import { groupSequential } from './group-sequential.js';
import { lookToWaitFor } from './planned-looks.js';

const plan: LookPlan = { plannedUnits: 2000, looks: [0.25, 0.5, 0.75, 1], spending: 'obrien_fleming' };
const critical = (units: number, lookPlan = plan) =>
  groupSequential.halfWidth({ control: units / 2, treatment: units / 2 }, { alpha: 0.05, lookPlan }) ?? NaN;

describe('planned looks', () => {
  it.each([
    [200, 0, 0.25],
    [479, 0, 0.25],
    [480, 0, null],
    [500, 0, null],
    [519, 0, null],
    [521, 0, 0.5],
    // 140 units a day: the day after the look is the next one's.
    [639, 140, null],
    [641, 140, 0.5],
    [1979, 0, 1],
    [1980, 0, null],
    [5000, 0, null],
  ])('at %d of 2,000 units, %d a day, wait for %p', (units, perDay, next) => {
    expect(lookToWaitFor(units, plan, perDay)).toBe(next);
  });

  it('spend nothing on reads between them', () => {
    // R rpact: getDesignGroupSequential(typeOfDesign = "asOF", kMax = 4, alpha = 0.025)$criticalValues
    const bounds = [4.3326, 2.9631, 2.359, 2.0141];
    for (const [units, look] of [
      [200, 0],
      [500, 0],
      [900, 0],
      [1000, 1],
      [1400, 1],
      [1500, 2],
      [1900, 2],
      [2000, 3],
    ] as const)
      expect(critical(units)).toBeCloseTo(bounds[look] as number, 3);
  });

  // What reads between looks would cost: hardly anything where the boundary falls steeply, much where it is flat.
  it.each([
    ['obrien_fleming', 0.05],
    ['pocock', 0.065],
  ] as const)(
    'keep their error when it is read every day and decided at looks only (%s)',
    (spending, costOfDaily) => {
      const lookPlan = { ...plan, spending };
      const days = 30;
      const perDay = 2000 / days;
      const rng = createRng(`daily ${spending}`);
      const reads = Array.from({ length: days }, (_, i) => (i + 1) * perDay).map((units) => ({
        units,
        decides: lookToWaitFor(units, lookPlan, perDay) === null,
        limit: critical(units, lookPlan),
      }));
      expect(reads.filter(({ decides }) => decides).length).toBe(4);
      const runs = 20_000;
      let [planned, daily] = [0, 0];
      for (let i = 0; i < runs; i++) {
        let sum = 0;
        let [atLook, ever] = [false, false];
        reads.forEach(({ decides, limit }, day) => {
          sum += rng.normal();
          const beyond = Math.abs(sum) / Math.sqrt(day + 1) > limit;
          ever ||= beyond;
          atLook ||= decides && beyond;
        });
        if (atLook) planned++;
        if (ever) daily++;
      }
      const noise = 3.29 * Math.sqrt((0.05 * 0.95) / runs);
      expect(planned / runs).toBeLessThan(0.05 + noise);
      expect(planned / runs).toBeGreaterThan(0.04);
      expect(daily / runs).toBeGreaterThan(costOfDaily);
    },
  );
});
