import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { contrast } from '../contrast.js';
import { fromValues } from '../moments.js';
import { cupacCovariate } from './cupac.js';

/** y = 3 a - 2 b + noise of sd 1, features of sd 1: 13/14 of the variance is known before. */
function world(n: number, seed: string, effect: number) {
  const rng = createRng(seed);
  const a = Float64Array.from({ length: n }, () => rng.normal());
  const b = Float64Array.from({ length: n }, () => rng.normal());
  const treated = Uint8Array.from({ length: n }, () => Number(rng.uniform() < 0.5));
  const y = Float64Array.from(
    a,
    (value, i) => 50 + 3 * value - 2 * (b[i] as number) + rng.normal() + effect * (treated[i] as number),
  );
  return { a, b, y, treated };
}

function momentsOf(y: Float64Array, x: Float64Array, treated: Uint8Array, arm: number) {
  const units = [...treated.keys()].filter((i) => treated[i] === arm);
  const pick = (values: Float64Array) => Float64Array.from(units, (i) => values[i] as number);
  return fromValues(pick(y), undefined, pick(x));
}

describe('cupacCovariate', () => {
  it('takes out of the variance what the features know together, which none of them knows alone', () => {
    const { a, b, y, treated } = world(20_000, 'cupac', 0.1);
    const reduction = (x: Float64Array): number => {
      const arms = [0, 1].map((arm) => momentsOf(y, x, treated, arm)) as [never, never];
      const plain = contrast(...arms, { kind: 'mean', adjust: false });
      const adjusted = contrast(...arms, { kind: 'mean', adjust: true });
      if (!plain.ok || !adjusted.ok) throw new Error('no contrast');
      return 1 - (adjusted.contrast.standardError / plain.contrast.standardError) ** 2;
    };
    const covariate = cupacCovariate(y, [a, b]);
    if (!covariate.ok) throw new Error(covariate.reason);
    expect(reduction(covariate.value)).toBeCloseTo(13 / 14, 2);
    expect(reduction(a)).toBeCloseTo(9 / 14, 1);
    expect(reduction(b)).toBeCloseTo(4 / 14, 1);
  });

  it('promises no more than it keeps: intervals of 95 % miss a true effect in 5 % of experiments', () => {
    const runs = 1000;
    let misses = 0;
    for (let run = 0; run < runs; run++) {
      const { a, b, y, treated } = world(200, `cupac-${run}`, 0.2);
      const covariate = cupacCovariate(y, [a, b]);
      if (!covariate.ok) throw new Error(covariate.reason);
      const arms = [0, 1].map((arm) => momentsOf(y, covariate.value, treated, arm)) as [never, never];
      const found = contrast(...arms, { kind: 'mean', adjust: true });
      if (!found.ok) throw new Error(found.reason);
      const { estimate, standardError } = found.contrast;
      if (Math.abs(estimate - 0.2) > 1.96 * standardError) misses++;
    }
    // 99.9 % of 1,000 draws at 5 to 5.5 % (the normal quantile at 200 units) lie between 29 and 79.
    expect(misses).toBeGreaterThan(28);
    expect(misses).toBeLessThan(80);
  });

  it('gives every unit a prediction that its own outcome has no part in', () => {
    const { a, b, y } = world(100, 'own', 0);
    const before = cupacCovariate(y, [a, b]);
    const changed = y.slice();
    changed[7] = 1e6;
    const after = cupacCovariate(changed, [a, b]);
    if (!before.ok || !after.ok) throw new Error('no covariate');
    const shift = (i: number): number => (after.value[i] as number) - (before.value[i] as number);
    expect(Math.abs(shift(7))).toBeLessThan(1e-6);
    expect([...y.keys()].some((i) => Math.abs(shift(i)) > 1)).toBe(true);
  });

  it('says why there is none', () => {
    expect(cupacCovariate(new Float64Array(6), [new Float64Array(6), new Float64Array(6)])).toMatchObject({
      ok: false,
      reason: 'insufficient_units',
    });
    expect(cupacCovariate(Float64Array.of(1, NaN), [new Float64Array(2)])).toMatchObject({
      reason: 'not_finite',
    });
    expect(() => cupacCovariate(new Float64Array(5), [new Float64Array(4)])).toThrow(RangeError);
  });
});
