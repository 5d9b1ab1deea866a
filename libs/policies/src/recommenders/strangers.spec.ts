import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { limitContext } from '../wrappers/index.js';
import { recommenders } from './index.js';
import type { RecommenderPolicy, TrainingSet } from '../contract.js';

/** Item 0 is used by all of eight members, item 1 by six, ... item 3 by two. */
function popular(): TrainingSet {
  const rows = [8, 6, 4, 2].flatMap((members, item) =>
    Array.from({ length: members }, (_, unit) => ({ unit, item })),
  );
  return {
    units: Array.from({ length: 8 }, (_, i) => `u${i}`),
    items: ['i0', 'i1', 'i2', 'i3'],
    unit: Uint32Array.from(rows, ({ unit }) => unit),
    item: Uint32Array.from(rows, ({ item }) => item),
    value: new Float64Array(rows.length).fill(1),
    at: Float64Array.from(rows, (_, i) => 1_000 * i),
    itemFeatures: Array.from({ length: 4 }, (_, i) => ({
      genre: i % 2 === 0 ? 'comedy' : 'drama',
      year: 2000 + i,
    })),
  };
}

/** What members who ask not to be known rely on: they are asked about without any context. */
describe.each(recommenders.map((policy) => [policy.key, policy] as const))(
  '%s, asked without context',
  (_, policy) => {
    it('answers alike for everybody', () => {
      const data = popular();
      const { fit, compile, params } = policy as RecommenderPolicy;
      const parsed = params.parse({});
      const compiled = compile(
        fit(data, parsed, createRng('fit'), () => undefined),
        parsed,
      );
      const answer = (unitId: string): number[] => {
        const actions = data.items.map((id, i) => ({ id, features: data.itemFeatures[i] ?? {} }));
        const request = { unitId, context: {}, subject: null, actions, at: 20_000 };
        return [
          ...(compiled.decides === 'slate' ? compiled.scores(request) : compiled.distribution(request)),
        ];
      };
      expect(answer('u7')).toEqual(answer('u0'));
      expect(answer('stranger')).toEqual(answer('u0'));
    });
  },
);

describe('the context of somebody who asks not to be known', () => {
  it('keeps what limits what may be shown, by the names that the wrappers go by, and nothing else', () => {
    const context = { history: ['i0'], device: 'tv', country: 'FR', ageLimit: 7, shown: ['i1'] };
    const filters = { key: 'hard-filters', params: { maturityLimit: 'ageLimit' } };
    expect(limitContext(context, {})).toEqual({});
    expect(limitContext(context, { wrappers: [filters] })).toEqual({ country: 'FR', ageLimit: 7 });
    const both = { wrappers: [filters, { key: 'de-duplicate', params: {} }] };
    expect(limitContext(context, both)).toEqual({ country: 'FR', ageLimit: 7, shown: ['i1'] });
  });
});
