import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { chooserOf, rewarded } from '../testing/rows.js';
import { requestOf } from '../testing/worlds.js';
import { bestSplit, childLeaves, emptyLeaf, learnRow, leafTally } from './tree-leaf.js';
import type { Leaf } from './tree-leaf.js';
import { treeSegmented } from './tree-segmented.js';

/**
 * A settled leaf over two binary features: of `high` rows with feature 0 set `won` earn 1, and so on. Feature 1 says
 * nothing: it takes turns within each group.
 */
function leafOf(groups: readonly (readonly [id: string, set: number, won: number, rows: number])[]): Leaf {
  const leaf = { ...emptyLeaf(2), settled: true, thresholds: Float64Array.of(0.5, 0.5) };
  for (const [id, set, won, rows] of groups)
    for (let n = 0; n < rows; n++)
      learnRow(leaf, id, Float64Array.of(1, set, n % 2), n < won ? 1 : 0, 1, null);
  return leaf;
}

describe('splits of a segment', () => {
  // 30 of 40 against 20 of 40: G = 2 sum O ln(O / E) = 5.4115, one degree of freedom, p = erfc(sqrt(G / 2)) = .020004;
  // the level is for two features.
  const one = [
    ['a', 1, 30, 40],
    ['a', 0, 20, 40],
  ] as const;
  // Another action the other way round adds as much: G = 10.823 with two degrees, p = exp(-G / 2) = .0044648.
  const two = [...one, ['b', 1, 20, 40], ['b', 0, 30, 40]] as const;

  it.each([
    ['one action', one, 2 * 0.020004],
    ['two actions', two, 2 * 0.0044648],
  ])('are decided by the likelihood-ratio test, %s', (_name, groups, level) => {
    const cells = [30, 20, 10, 20];
    const expected = [25, 25, 15, 15];
    const g = cells.reduce((sum, o, i) => sum + 2 * o * Math.log(o / (expected[i] as number)), 0);
    expect(g).toBeCloseTo(5.4115, 4);
    const leaf = leafOf(groups);
    expect(bestSplit(leaf, level * 1.001)).toBe(0);
    expect(bestSplit(leaf, level * 0.999)).toBeUndefined();
  });

  it('divide what was counted', () => {
    const [low, high] = childLeaves(leafOf(two), 0);
    expect(leafTally(high, 'a')).toMatchObject({ weight: 40, sum: 30 });
    expect(leafTally(low, 'a')).toMatchObject({ weight: 40, sum: 20 });
    expect(leafTally(high, 'b')).toMatchObject({ weight: 40, sum: 20 });
    expect(leafTally(low, 'b')).toMatchObject({ weight: 40, sum: 30 });
  });
});

describe('the tree-segmented policy', () => {
  const actions = ['a', 'b'].map((id) => ({ id, features: {} }));

  it('plays Thompson sampling around the base rate before it splits, by quadrature of two Betas', () => {
    const rows = [1, 1, 0, 1, 0].map((reward, n) => rewarded(n < 3 ? 'a' : 'b', {}, reward, n));
    const p = chooserOf(treeSegmented, rows, {}).distribution(requestOf(actions));
    // Base (3 + 1) / (5 + 2); a ~ Beta(2 base + 2, 2 (1 - base) + 1), b ~ Beta(2 base + 1, 2 (1 - base) + 1).
    const base = 4 / 7;
    const kernel = (alpha: number, beta: number) => (x: number) => x ** (alpha - 1) * (1 - x) ** (beta - 1);
    const fa = kernel(2 * base + 2, 2 * (1 - base) + 1);
    const fb = kernel(2 * base + 1, 2 * (1 - base) + 1);
    const steps = 20_000;
    let [below, joint, wholeA] = [0, 0, 0];
    for (let n = 0; n < steps; n++) {
      const x = (n + 0.5) / steps;
      joint += fa(x) * (below + fb(x) / 2);
      below += fb(x);
      wholeA += fa(x);
    }
    expect(p[0]).toBeCloseTo(joint / (wholeA * below), 5);
  });

  it('finds the segments of a world and nothing where there are none', () => {
    const rng = createRng('segments');
    const world = (different: boolean): number => {
      const rows = Array.from({ length: 1500 }, (_, n) => {
        const context = { kids: rng.uniform() < 0.5, hour: rng.uniform() };
        const id = rng.uniform() < 0.5 ? 'a' : 'b';
        const liked = (id === 'a') === (context.kids || !different);
        return rewarded(id, context, rng.uniform() < (liked ? 0.5 : 0.2) ? 1 : 0, n);
      });
      const params = treeSegmented.params.parse({});
      const state = treeSegmented.update(treeSegmented.initialState(params), rows, params);
      const chooser = chooserOf(treeSegmented, rows, {});
      const share = (kids: boolean): number =>
        chooser.distribution(requestOf(actions, { kids, hour: 0.5 }))[0] as number;
      expect(share(true)).toBeGreaterThan(0.99);
      if (different) expect(share(false)).toBeLessThan(0.01);
      else expect(share(false)).toBe(share(true));
      return state.nodes.length;
    };
    expect(world(true)).toBe(3);
    expect(world(false)).toBe(1);
  });
});
