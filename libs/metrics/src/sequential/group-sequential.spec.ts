import { describe, expect, it } from '@jest/globals';
import { normalPdf, normalQuantile, normalSf } from '../distributions/index.js';
import { alphaSpent, crossingProbabilities, groupSequentialBounds, groupSequentialSize } from './index.js';
import type { GroupSequentialDesign, Spending } from './index.js';
import type { Outcome } from '../inference/outcome.js';

function okay<T>(outcome: Outcome<T>): T {
  if (outcome.status !== 'ok') throw new Error(outcome.reason);
  return outcome;
}

const equal = (looks: number): number[] => Array.from({ length: looks }, (_, k) => (k + 1) / looks);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const SPENDINGS: Spending[] = [{ kind: 'obrien_fleming' }, { kind: 'pocock' }, { kind: 'power', rho: 1.5 }];

function design(
  information: number[],
  spending: Spending,
  alpha = 0.05,
  sides: 1 | 2 = 2,
): GroupSequentialDesign {
  return { information, spending, alpha, sides };
}

describe('error spending', () => {
  it('starts at nothing, never falls and ends at alpha', () => {
    for (const spending of SPENDINGS) {
      let before = 0;
      for (let t = 0; t <= 1.0001; t += 0.05) {
        const spent = alphaSpent(spending, 0.025, t);
        expect(spent).toBeGreaterThanOrEqual(before);
        before = spent;
      }
      expect(alphaSpent(spending, 0.025, 1)).toBe(0.025);
      expect(alphaSpent(spending, 0.025, 7)).toBe(0.025);
      expect(alphaSpent(spending, 0.025, -1)).toBe(0);
    }
    // The exact alpha is approached, not jumped to.
    expect(alphaSpent({ kind: 'obrien_fleming' }, 0.025, 1 - 1e-13)).toBeCloseTo(0.025, 12);
    expect(alphaSpent({ kind: 'pocock' }, 0.025, 1 - 1e-13)).toBeCloseTo(0.025, 12);
  });
});

describe('crossing probabilities', () => {
  it('give the error of the published constants (Jennison and Turnbull 2000, tables 2.1 and 2.3)', () => {
    const pocock = new Map([
      [2, 2.178],
      [3, 2.289],
      [5, 2.413],
    ]);
    for (const [looks, c] of pocock) {
      expect(sum(crossingProbabilities(equal(looks), Array(looks).fill(c), 0))).toBeCloseTo(0.025, 3);
      expect(
        Math.abs(sum(crossingProbabilities(equal(looks), Array(looks).fill(c), 0)) - 0.025),
      ).toBeLessThan(6e-5);
    }
    const obrienFleming = new Map([
      [2, 1.977],
      [4, 2.024],
      [5, 2.04],
    ]);
    for (const [looks, c] of obrienFleming) {
      const bounds = equal(looks).map((t) => c / Math.sqrt(t));
      expect(Math.abs(sum(crossingProbabilities(equal(looks), bounds, 0)) - 0.025)).toBeLessThan(6e-5);
    }
  });

  it('agree with the integral over the first of two looks, under any drift (brute force)', () => {
    for (const [t, drift, c1, c2] of [
      [0.5, 0, 2.5, 2],
      [0.1, 2.8, 3, 1.9],
      [0.9, 1, 1.5, 1.6],
    ] as const) {
      const steps = 40_000;
      const low = -12;
      const h = (c1 - low) / steps;
      let second = 0;
      for (let i = 0; i <= steps; i++) {
        const z = low + i * h;
        const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
        const tail = normalSf((c2 - z * Math.sqrt(t) - drift * (1 - t)) / Math.sqrt(1 - t));
        second += weight * normalPdf(z - drift * Math.sqrt(t)) * tail;
      }
      const [first, then] = crossingProbabilities([t, 1], [c1, c2], drift);
      expect(first).toBeCloseTo(normalSf(c1 - drift * Math.sqrt(t)), 14);
      expect((then as number) / ((second * h) / 3)).toBeCloseTo(1, 10);
    }
  });

  it('ignore looks without a boundary', () => {
    const [, , last] = crossingProbabilities([0.2, 0.7, 1], [Infinity, Infinity, 1.5], 0.3);
    expect(last).toBeCloseTo(normalSf(1.2), 12);
  });

  it('leave nothing out: a last boundary that every path crosses makes one in all', () => {
    const bounds = [3, 2.5, -60];
    expect(sum(crossingProbabilities([0.3, 0.6, 1], bounds, 2))).toBeCloseTo(1, 12);
    expect(sum(crossingProbabilities([0.3, 0.300001, 1], bounds, 2))).toBeCloseTo(1, 9);
  });
});

describe('group sequential bounds', () => {
  it('spend exactly what they should, at every look', () => {
    for (const spending of SPENDINGS) {
      for (const information of [[1], [0.2, 0.9, 1], [0.5, 0.501, 0.9, 1], equal(20), [0.3, 0.7]]) {
        const { criticalValues, alphaSpentPerSide } = okay(
          groupSequentialBounds(design(information, spending)),
        );
        const crossings = crossingProbabilities(information, criticalValues, 0);
        let spent = 0;
        crossings.forEach((probability, k) => {
          spent += probability;
          expect(spent / (alphaSpentPerSide[k] as number)).toBeCloseTo(1, 9);
        });
      }
    }
  });

  it('are those of a fixed test for one look, and count the sides', () => {
    const one = okay(groupSequentialBounds(design([1], { kind: 'pocock' }, 0.1, 1)));
    expect(one.criticalValues[0]).toBeCloseTo(normalQuantile(0.9), 10);
    expect(one.nominalP[0]).toBeCloseTo(0.1, 10);
    const two = okay(groupSequentialBounds(design(equal(4), { kind: 'pocock' }, 0.1, 2)));
    const half = okay(groupSequentialBounds(design(equal(4), { kind: 'pocock' }, 0.05, 1)));
    expect(two.criticalValues).toEqual(half.criticalValues);
    expect(two.nominalP.map((p) => p / 2)).toEqual(half.nominalP);
  });

  it('do not depend on the scale on which later looks are planned beyond 1: the rest is spent at once', () => {
    const over = okay(groupSequentialBounds(design([0.5, 1.1], { kind: 'obrien_fleming' })));
    expect(over.alphaSpentPerSide[1]).toBe(0.025);
    expect(sum(crossingProbabilities([0.5, 1.1], over.criticalValues, 0))).toBeCloseTo(0.025, 11);
    const late = okay(groupSequentialBounds(design([0.5, 1, 1.2], { kind: 'pocock' })));
    expect(late.criticalValues[2]).toBe(Infinity);
    expect(late.nominalP[2]).toBe(0);
  });

  it('never stop where there is nothing to spend, and hold where there is next to nothing', () => {
    const early = okay(groupSequentialBounds(design([0.001, 0.01, 1], { kind: 'obrien_fleming' })));
    expect(early.criticalValues[0]).toBe(Infinity);
    expect(normalSf(early.criticalValues[1] as number) / (early.alphaSpentPerSide[1] as number)).toBeCloseTo(
      1,
      8,
    );
    expect(early.criticalValues[2]).toBeCloseTo(normalQuantile(0.975), 10);
  });

  it('say when a design makes no sense', () => {
    const bad = { reason: 'invalid_input' };
    expect(groupSequentialBounds(design([], { kind: 'pocock' }))).toMatchObject(bad);
    expect(groupSequentialBounds(design([0.5, 0.5], { kind: 'pocock' }))).toMatchObject(bad);
    expect(groupSequentialBounds(design([0.5, 1], { kind: 'pocock' }, 1.5))).toMatchObject(bad);
    expect(groupSequentialBounds(design([0, 1], { kind: 'pocock' }))).toMatchObject(bad);
    expect(groupSequentialBounds(design([0.5, 1], { kind: 'power', rho: 0 }))).toMatchObject(bad);
  });
});

describe('group sequential sample size', () => {
  const goal = { delta: 0.2, sd: 1.5, power: 0.9 };

  it('is the fixed one for one look', () => {
    const size = okay(groupSequentialSize(design([1], { kind: 'pocock' }), goal));
    expect(size.inflationFactor).toBeCloseTo(1, 10);
    expect(size.expectedUnitsUnderDelta).toBeCloseTo(size.maxTotalUnits, 6);
    expect(size.fixedTotalUnits).toBeCloseTo(
      (4 * 2.25 * (normalQuantile(0.975) + normalQuantile(0.9)) ** 2) / 0.04,
      6,
    );
  });

  it('has the wanted power, pays more for early stopping, and stops earlier on average', () => {
    const bySpending = SPENDINGS.map((spending) => {
      const plan = design(equal(5), spending);
      const size = okay(groupSequentialSize(plan, goal));
      const drift = (goal.delta / goal.sd) * Math.sqrt(size.maxTotalUnits / 4);
      const { criticalValues } = okay(groupSequentialBounds(plan));
      expect(sum(crossingProbabilities(plan.information, criticalValues, drift))).toBeCloseTo(0.9, 10);
      expect(size.expectedUnitsUnderDelta).toBeLessThan(size.fixedTotalUnits);
      return size.inflationFactor;
    });
    // Jennison and Turnbull 2000, table 2.2: Pocock's constant bounds at 5 looks, power 0.9, need 1.207; the spending
    // function of that name comes close.
    expect(bySpending[1]).toBeGreaterThan(1.19);
    expect(bySpending[1]).toBeLessThan(1.23);
    expect(bySpending[0]).toBeGreaterThan(1);
    expect(bySpending[0]).toBeLessThan(1.04);
  });

  it('does not depend on the sign of the difference, and says why there is none', () => {
    const plan = design(equal(3), { kind: 'pocock' });
    expect(groupSequentialSize(plan, { ...goal, delta: -0.2 })).toEqual(groupSequentialSize(plan, goal));
    expect(groupSequentialSize(plan, { ...goal, delta: 0 })).toMatchObject({ reason: 'zero_effect' });
    expect(groupSequentialSize(plan, { ...goal, sd: 0 })).toMatchObject({ reason: 'zero_variance' });
    expect(groupSequentialSize(plan, { ...goal, power: 0.01 })).toMatchObject({ reason: 'invalid_input' });
  });
});
