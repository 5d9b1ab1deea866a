import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Computed } from '../computed.js';
import { contrast } from '../contrast.js';
import { fromValues } from '../moments.js';
import { surrogateIndex } from './surrogate-index.js';
import type { SurrogateEffect } from './surrogate-index.js';

function valueOf(result: Computed<SurrogateEffect>): SurrogateEffect {
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

const rng = createRng('surrogates');
const normals = (n: number, mean = 0): number[] => Array.from({ length: n }, () => mean + rng.normal());
const past = { surrogates: [normals(200, 5), normals(200)] };
const exact = past.surrogates[0]?.map((a, i) => 1 + 2 * a - 3 * (past.surrogates[1]?.[i] ?? 0)) ?? [];
const noisy = exact.map((value) => value + 2 * rng.normal());
const treatment = Array.from({ length: 120 }, (_, i) => (i % 3 === 0 ? 1 : 0));
const experiment = {
  surrogates: [treatment.map((w) => 5 + 0.4 * w + rng.normal()), normals(120)],
  treatment,
};

describe('surrogateIndex', () => {
  it('is the comparison of predicted outcomes where the past leaves no doubt about them', () => {
    const result = valueOf(surrogateIndex({ ...past, outcome: exact }, experiment));
    [1, 2, -3].forEach((want, j) => expect(result.coefficients[j]).toBeCloseTo(want, 9));
    const predicted = experiment.surrogates[0]?.map(
      (a, i) => 2 * a - 3 * (experiment.surrogates[1]?.[i] ?? 0),
    );
    const arm = (w: number) => fromValues((predicted ?? []).filter((_, i) => treatment[i] === w));
    const plain = contrast(arm(0), arm(1), { kind: 'mean', adjust: false });
    if (!plain.ok) throw new Error(plain.reason);
    expect(result.estimate).toBeCloseTo(plain.contrast.estimate, 9);
    expect(result.standardError).toBeCloseTo(plain.contrast.standardError, 9);
    expect(result.standardErrorExperimentOnly).toBeCloseTo(plain.contrast.standardError, 9);
  });

  it('adds the uncertainty of the past relation, more of it for a shorter past', () => {
    const long = valueOf(surrogateIndex({ ...past, outcome: noisy }, experiment));
    expect(long.standardError).toBeGreaterThan(long.standardErrorExperimentOnly);
    const cut = (values: readonly number[]): number[] => values.slice(0, 20);
    const short = valueOf(
      surrogateIndex({ surrogates: past.surrogates.map(cut), outcome: cut(noisy) }, experiment),
    );
    const model = (r: SurrogateEffect): number => r.standardError ** 2 - r.standardErrorExperimentOnly ** 2;
    expect(model(short)).toBeGreaterThan(3 * model(long));
  });

  it('does not depend on units or on a surrogate that repeats another', () => {
    const plain = valueOf(surrogateIndex({ ...past, outcome: noisy }, experiment));
    const extend = (columns: readonly number[][]): number[][] => [
      ...columns.map((x, j) => (j === 0 ? x.map((value) => 1000 * value - 4e5) : x)),
      (columns[1] ?? []).map((value) => 2 * value),
    ];
    const more = valueOf(
      surrogateIndex(
        { surrogates: extend(past.surrogates), outcome: noisy },
        { surrogates: extend(experiment.surrogates), treatment },
      ),
    );
    expect(more.coefficients[3]).toBe(0);
    expect(more.estimate).toBeCloseTo(plain.estimate, 8);
    expect(more.standardError).toBeCloseTo(plain.standardError, 8);
  });

  it('says why there is no result', () => {
    const history = { ...past, outcome: noisy };
    const changed = (w: readonly number[]) => surrogateIndex(history, { ...experiment, treatment: w });
    expect(changed(treatment.map(() => 0))).toMatchObject({ reason: 'insufficient_units' });
    expect(changed([1])).toMatchObject({ reason: 'invalid_input' });
    expect(surrogateIndex({ ...past, outcome: noisy.map(() => 4) }, experiment)).toMatchObject({
      reason: 'zero_variance',
    });
    expect(surrogateIndex({ ...history, outcome: noisy.with(0, NaN) }, experiment)).toMatchObject({
      reason: 'not_finite',
    });
    const tiny = { surrogates: past.surrogates.map((x) => x.slice(0, 3)), outcome: noisy.slice(0, 3) };
    expect(surrogateIndex(tiny, experiment)).toMatchObject({ reason: 'insufficient_units' });
  });
});
