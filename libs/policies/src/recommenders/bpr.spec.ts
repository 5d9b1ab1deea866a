import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { TrainingSet } from '../contract.js';
import { actionsOf, requestOf, tasteHistory } from '../testing/worlds.js';
import { BprFoldIn } from './bpr-fold-in.js';
import { bpr } from './bpr.js';

const params = bpr.params.parse({ dimension: 8 });

function scorer(data: TrainingSet): (history: readonly string[], ids: readonly string[]) => number[] {
  const state = bpr.fit(data, params, createRng('fit'), () => undefined);
  const compiled = bpr.compile(state, params);
  if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
  return (history, ids) => [
    ...compiled.scores(
      requestOf(
        ids.map((id) => ({ id, features: {} })),
        { history },
      ),
    ),
  ];
}

describe('folding a member in', () => {
  const [items, dimension, regularisation] = [60, 6, 0.05];
  const rng = createRng('fold in');
  const factors = Float64Array.from({ length: items * dimension }, () => rng.normal());
  const biases = Float64Array.from({ length: items }, () => rng.normal());

  it.each([1, 5, 40])('is at the minimum of the objective for %d titles', (count) => {
    const own = Array.from({ length: count }, (_, n) => n);
    const member = new BprFoldIn(factors, biases, dimension, regularisation).solve(own);
    // With fewer titles than it compares with, it compares every own title with every other one.
    const loss = (u: Float64Array): number => {
      const score = (i: number): number =>
        u.reduce(
          (sum, value, k) => sum + value * (factors[i * dimension + k] as number),
          biases[i] as number,
        );
      let sum = 0;
      for (const i of own)
        for (let j = count; j < items; j++) sum += Math.log1p(Math.exp(score(j) - score(i)));
      return (
        sum / (count * (items - count)) +
        regularisation * u.reduce((square, value) => square + value * value, 0)
      );
    };
    const best = loss(member);
    for (let k = 0; k < dimension; k++) {
      for (const step of [-0.05, 0.05]) {
        const moved = member.slice();
        moved[k] = (moved[k] as number) + step;
        expect(loss(moved)).toBeGreaterThan(best);
      }
    }
  });

  it('takes less than 5 ms with the longest history that counts', () => {
    const wide = Float64Array.from({ length: 4_000 * 64 }, () => 0.1 * rng.normal());
    const foldIn = new BprFoldIn(wide, new Float64Array(4_000), 64, 0.02);
    const own = Array.from({ length: 500 }, (_, n) => 7 * n);
    const times = Array.from({ length: 60 }, () => {
      const before = process.cpuUsage();
      foldIn.solve(own);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    });
    // The least of the processor's time, since the machine does other things too.
    expect(Math.min(...times)).toBeLessThan(5);
  });
});

describe('bpr', () => {
  const scores = scorer(tasteHistory());

  it('follows the taste of members it has never seen', () => {
    const even = scores(['a1', 'a2'], ['a5', 'a15']);
    const odd = scores(['a11', 'a12'], ['a5', 'a15']);
    expect(even[0]).toBeGreaterThan(even[1] as number);
    expect(odd[1]).toBeGreaterThan(odd[0] as number);
  });

  it('ranks by popularity without a known history', () => {
    const [favourite, rare, unknown] = scores([], ['a0', 'a5', 'unheard-of']) as [number, number, number];
    expect(favourite).toBeGreaterThan(rare);
    expect(rare).toBeGreaterThan(unknown);
  });

  it('stands members who have everything, and nothing to train on', () => {
    const none: TrainingSet = {
      units: ['u0'],
      items: ['a0'],
      unit: new Uint32Array(0),
      item: new Uint32Array(0),
      value: new Float64Array(0),
      at: new Float64Array(0),
      itemFeatures: [{}],
    };
    const everything = {
      ...none,
      unit: Uint32Array.of(0),
      item: Uint32Array.of(0),
      value: Float64Array.of(1),
    };
    const empty = { ...none, units: [], items: [], itemFeatures: [] };
    for (const data of [none, empty, { ...everything, at: Float64Array.of(0) }]) {
      const ids = actionsOf(2).map(({ id }) => id);
      expect(scorer(data)(['a0'], ids).every(Number.isFinite)).toBe(true);
    }
  });
});
