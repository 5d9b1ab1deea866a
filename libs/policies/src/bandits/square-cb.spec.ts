import { describe, expect, it } from '@jest/globals';
import { chooserOf, rewarded } from '../testing/rows.js';
import { requestOf } from '../testing/worlds.js';
import { inverseGapWeights, squareCb } from './square-cb.js';

describe('SquareCB', () => {
  it('has the inverse-gap weights of Foster and Rakhlin, by hand', () => {
    // K = 3, gamma = 20: 1 / (3 + 20 * .1), 1 / (3 + 20 * .4), and the rest.
    const weights = inverseGapWeights(Float64Array.of(0.5, 0.4, 0.1), 20);
    [1 - 1 / 5 - 1 / 11, 1 / 5, 1 / 11].forEach((p, i) => expect(weights[i]).toBeCloseTo(p, 14));
  });

  it('lets the best share what is left', () => {
    expect([...inverseGapWeights(Float64Array.of(1, 0, 1), 3)]).toEqual([5 / 12, 1 / 6, 5 / 12]);
    expect([...inverseGapWeights(Float64Array.of(2, 2), 1e9)]).toEqual([0.5, 0.5]);
  });

  it.each([null, 36_500])('sharpens by gamma sqrt(t) on ridge means, half-life %s days', (halfLifeDays) => {
    // 30 plays of a with 12 rewards, 10 of b with 1, c unknown: means around the base rate 13 / 40, ridge 2.
    const rows = Array.from({ length: 40 }, (_, n) =>
      rewarded(n < 30 ? 'a' : 'b', {}, n < 12 || n === 30 ? 1 : 0, n),
    );
    const base = 13 / 40;
    const means = [base + (12 - 30 * base) / 32, base + (1 - 10 * base) / 12, base];
    const g = 7 * Math.sqrt(40);
    const rest = means.map((mean) => 1 / (3 + g * ((means[0] as number) - mean)));
    const wanted = [1 - (rest[1] as number) - (rest[2] as number), rest[1], rest[2]];
    const chooser = chooserOf(squareCb, rows, { sharing: 'disjoint', ridge: 2, gamma: 7, halfLifeDays });
    const actions = ['a', 'b', 'c'].map((id) => ({ id, features: {} }));
    const p = chooser.distribution(requestOf(actions));
    wanted.forEach((value, i) => expect(p[i]).toBeCloseTo(value as number, 9));
  });
});
