import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { contrast } from '../contrast.js';
import { centred, leastSquares } from '../linear/least-squares.js';
import { dot } from '../linear/vectors.js';
import { fromValues } from '../moments.js';
import { multiCuped } from './cuped-multi.js';
import type { CovariateSums } from './cuped-multi.js';

interface Units {
  readonly y: number[];
  readonly x: number[][];
}

function draw(seed: string, n: number, shift: number): Units {
  const rng = createRng(seed);
  const x = Array.from({ length: 2 }, () => Array.from({ length: n }, () => 5 + rng.normal()));
  const y = Array.from(
    { length: n },
    (_, i) => shift + (x[0]?.[i] ?? 0) + 0.5 * (x[1]?.[i] ?? 0) + rng.normal(),
  );
  return { y, x };
}

const sums = ({ y, x }: Units): CovariateSums => ({
  n: y.length,
  sum: y.reduce((a, b) => a + b, 0),
  sumSquares: dot(y, y),
  covariateSums: x.map((column) => column.reduce((a, b) => a + b, 0)),
  covariateProducts: x.map((a) => x.map((b) => dot(a, b))),
  crossProducts: x.map((column) => dot(column, y)),
});

describe('multiCuped', () => {
  const control = draw('control', 300, 0);
  const treatment = draw('treatment', 320, 0.4);

  it('has the slopes of a regression over the units of both arms, and the adjusted difference', () => {
    const result = multiCuped(sums(control), sums(treatment));
    if (!result.ok) throw new Error(result.reason);
    const y = [...control.y, ...treatment.y];
    const x = control.x.map((column, j) => [...column, ...(treatment.x[j] ?? [])]);
    const fit = leastSquares([new Float64Array(y.length).fill(1), ...x.map(centred)], centred(y));
    result.value.beta.forEach((b, j) => expect(b).toBeCloseTo(fit.coefficients[j + 1] as number, 9));
    const adjusted = ({ y: values, x: columns }: Units) =>
      fromValues(
        values.map(
          (value, i) => value - columns.reduce((s, c, j) => s + (c[i] ?? 0) * (result.value.beta[j] ?? 0), 0),
        ),
      );
    const plain = contrast(adjusted(control), adjusted(treatment), { kind: 'mean', adjust: false });
    if (!plain.ok) throw new Error(plain.reason);
    expect(result.value.estimate).toBeCloseTo(plain.contrast.estimate, 9);
    // The covariate terms have divisor n instead of n - 1: a difference of a fraction of a percent here.
    expect(result.value.standardError / plain.contrast.standardError).toBeCloseTo(1, 2);
    expect(result.value.varianceReduction).toBeGreaterThan(0.4);
  });

  it('gives the same with a covariate that repeats others, or does not vary', () => {
    const extend = ({ y, x }: Units): Units => ({
      y,
      x: [...x, y.map((_, i) => 2 * (x[0]?.[i] ?? 0) - (x[1]?.[i] ?? 0)), y.map(() => 3)],
    });
    const plain = multiCuped(sums(control), sums(treatment));
    const more = multiCuped(sums(extend(control)), sums(extend(treatment)));
    if (!plain.ok || !more.ok) throw new Error('no result');
    expect(more.value.beta[2]).toBe(0);
    expect(more.value.beta[3]).toBe(0);
    expect(more.value.estimate).toBeCloseTo(plain.value.estimate, 9);
    expect(more.value.standardError).toBeCloseTo(plain.value.standardError, 9);
  });

  it('is the plain comparison without covariates, and says why there is no result', () => {
    const none = (units: Units) => sums({ y: units.y, x: [] });
    const result = multiCuped(none(control), none(treatment));
    const plain = contrast(fromValues(control.y), fromValues(treatment.y), { kind: 'mean', adjust: false });
    if (!result.ok || !plain.ok) throw new Error('no result');
    expect(result.value.standardError).toBeCloseTo(plain.contrast.standardError, 10);
    expect(result.value.varianceReduction).toBeCloseTo(0, 12);
    expect(multiCuped(none({ y: [1], x: [] }), none(treatment))).toMatchObject({
      reason: 'insufficient_units',
    });
    expect(multiCuped(none(control), sums(treatment))).toMatchObject({ reason: 'invalid_input' });
    const flat = none({ y: [2, 2, 2], x: [] });
    expect(multiCuped(flat, flat)).toMatchObject({ reason: 'zero_variance' });
    expect(multiCuped({ ...flat, sum: NaN }, flat)).toMatchObject({ reason: 'not_finite' });
  });
});
