import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { contrast } from './contrast.js';
import type { MarginOptions } from './contract.js';
import { welch } from './estimators/welch.js';
import { fromValues } from './moments.js';

interface Units {
  readonly y: number[];
  readonly x: number[];
}

/** Units of an outcome that follows its covariate with slope 0.7; the covariate lies around 100. */
function unitsOf(seed: string, n: number, mean: number): Units {
  const rng = createRng(seed);
  const x = Array.from({ length: n }, () => 100 + 10 * rng.normal());
  return { x, y: x.map((value) => mean + 0.7 * (value - 100) + 7 * rng.normal()) };
}

const momentsOf = ({ y, x }: Units) => fromValues(y, undefined, x);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[]) => {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
};

/** Every unit's outcome less theta times the distance of its covariate from the mean of all, one by one. */
function adjustedUnits(a: Units, b: Units): [number[], number[]] {
  const [x, y] = [
    [...a.x, ...b.x],
    [...a.y, ...b.y],
  ];
  const [mx, my] = [meanOf(x), meanOf(y)];
  const theta =
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0) /
    x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  const adjust = (units: Units) => units.y.map((value, i) => value - theta * ((units.x[i] as number) - mx));
  return [adjust(a), adjust(b)];
}

describe('contrast with a covariate', () => {
  it.each([0.95, 1, 1.05])('is that of units adjusted one by one, at a weight of %d', (controlWeight) => {
    const [a, b] = [unitsOf('control', 300, 100), unitsOf('treatment', 200, 103)];
    const [left, right] = adjustedUnits(a, b);
    const found = contrast(momentsOf(a), momentsOf(b), { kind: 'mean', adjust: true, controlWeight });
    expect(found.ok).toBe(true);
    if (!found.ok) return;
    expect(found.contrast.estimate).toBeCloseTo(meanOf(right) - controlWeight * meanOf(left), 9);
    const variance = varianceOf(right) / 200 + (controlWeight ** 2 * varianceOf(left)) / 300;
    expect(found.contrast.standardError).toBeCloseTo(Math.sqrt(variance), 9);
  });

  it('does not depend on where the covariate has its zero', () => {
    const [a, b] = [unitsOf('control', 300, 100), unitsOf('treatment', 200, 103)];
    const moved = (units: Units) => momentsOf({ ...units, x: units.x.map((value) => value - 250) });
    const options = { kind: 'mean', adjust: true, controlWeight: 0.95 } as const;
    const [here, there] = [
      contrast(momentsOf(a), momentsOf(b), options),
      contrast(moved(a), moved(b), options),
    ];
    if (!here.ok || !there.ok) throw new Error('no contrast');
    expect(there.contrast.estimate).toBeCloseTo(here.contrast.estimate, 9);
  });

  it('is margin times baseline where treatment does nothing, whatever the covariate', () => {
    const units = unitsOf('same', 4000, 100);
    const same = momentsOf(units);
    for (const [betterWhen, adjust] of [
      ['higher', true],
      ['lower', true],
      ['higher', false],
    ] as const) {
      const test = welch.nonInferiority(same, same, {
        alpha: 0.05,
        kind: 'mean',
        adjust,
        margin: 0.05,
        betterWhen,
      });
      expect(test.contrast).toBeCloseTo(0.05 * same.mean[0], 9);
    }
  });

  it.each(['higher', 'lower'] as const)('rejects at alpha on the margin, better when %s', (betterWhen) => {
    const options: MarginOptions = { alpha: 0.05, kind: 'mean', adjust: true, margin: 0.05, betterWhen };
    const runs = 3000;
    let held = 0;
    for (let i = 0; i < runs; i++) {
      const a = momentsOf(unitsOf(`a ${betterWhen} ${i}`, 100, 100));
      const b = momentsOf(unitsOf(`b ${betterWhen} ${i}`, 100, betterWhen === 'higher' ? 95 : 105));
      if (welch.nonInferiority(a, b, options).holds) held++;
    }
    // 99.9 % band of 3,000 runs.
    expect(Math.abs(held / runs - 0.05)).toBeLessThan(3.29 * Math.sqrt((0.05 * 0.95) / runs));
  });
});
