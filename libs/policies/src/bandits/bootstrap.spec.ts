import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { normalCdf } from '../sampling/normal.js';
import { chooserOf, rewarded } from '../testing/rows.js';
import { requestOf } from '../testing/worlds.js';
import { bootstrap } from './bootstrap.js';

const EPSILON = 0.02;
const MODELS = 100;
const actions = ['a', 'b'].map((id) => ({ id, features: {} }));
const input = { sharing: 'disjoint', ridge: 1e-6, models: MODELS, epsilon: EPSILON };

/** Votes of each action, from its probability. */
const votesOf = (p: Float64Array): number[] =>
  Array.from(p, (one) => ((one - EPSILON / 2) * MODELS) / (1 - EPSILON));

describe('the bootstrap policy', () => {
  it.each([0, 2, 4])('votes as the resampling distribution of the difference says, example %d', (gap) => {
    const rng = createRng(`bootstrap votes ${gap}`);
    const rows = Array.from({ length: 600 }, (_, n) =>
      rewarded(n % 2 === 0 ? 'a' : 'b', {}, rng.normal() + (n % 2 === 0 ? 0.04 * gap : 0), n),
    );
    const moments = actions.map(({ id }) => {
      const own = rows.filter((row) => row.action.id === id).map((row) => row.reward);
      const mean = own.reduce((sum, y) => sum + y, 0) / own.length;
      return { mean, variance: own.reduce((sum, y) => sum + (y - mean) ** 2, 0) / own.length ** 2 };
    });
    const [a, b] = moments as [(typeof moments)[number], (typeof moments)[number]];
    // Efron: the mean of a resample is normal around the sample's, with the sample's standard error.
    const share = normalCdf((a.mean - b.mean) / Math.sqrt(a.variance + b.variance));
    const votes = votesOf(chooserOf(bootstrap, rows, input).distribution(requestOf(actions)));
    const spread = Math.sqrt(MODELS * share * (1 - share));
    expect(Math.abs((votes[0] as number) - MODELS * share)).toBeLessThan(3 * spread + 1);
  });

  it('counts whole votes that add up, above a uniform share', () => {
    const rows = Array.from({ length: 30 }, (_, n) => rewarded(n % 2 === 0 ? 'a' : 'b', {}, (n * 7) % 5, n));
    const p = chooserOf(bootstrap, rows, input).distribution(requestOf(actions));
    const votes = votesOf(p);
    votes.forEach((vote) => expect(vote).toBeCloseTo(Math.round(vote), 9));
    expect(votes.reduce((sum, vote) => sum + vote, 0)).toBeCloseTo(MODELS, 9);
    expect(Math.min(...p)).toBeGreaterThanOrEqual(EPSILON / 2 - 1e-12);
  });

  it('lets actions share the votes of models that see no difference', () => {
    expect([...chooserOf(bootstrap, [], input).distribution(requestOf(actions))]).toEqual(
      [0.5, 0.5].map((p) => expect.closeTo(p, 12)),
    );
  });
});
