import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Json } from '#experiments';
import { policyRegistry } from '../index.js';
import type { Checkpoints, RecommenderPolicy, TrainingSet } from '../contract.js';

/** Members of two tastes, each title after the one before it in its own half. */
function world(members: number, titles: number, withNew = false): TrainingSet {
  const rng = createRng('resuming');
  const rows = Array.from({ length: members }, (_, unit) => {
    const half = unit % 2;
    const from = rng.below(titles / 2);
    return Array.from({ length: 12 }, (_, i) => ({ unit, item: half + 2 * ((from + i) % (titles / 2)) }));
  }).flat();
  const items = Array.from({ length: titles + (withNew ? 1 : 0) }, (_, i) => `t${i}`);
  return {
    units: Array.from({ length: members }, (_, i) => `u${i}`),
    items,
    unit: Uint32Array.from(rows, ({ unit }) => unit),
    item: Uint32Array.from(rows, ({ item }) => item),
    value: new Float64Array(rows.length).fill(1),
    at: Float64Array.from(rows, (_, i) => i),
    // The new title, the last one, is of the kind of the even ones.
    itemFeatures: items.map((_, i) => ({ genre: i % 2 === 0 ? 'even' : 'odd' })),
  };
}

const small = { dimension: 8, batch: 16, epochs: 6 };
const net = { dimension: 4, nets: 2, epochs: 3, batch: 16, iterations: 3, leastTitles: 1 };
const cases: readonly (readonly [key: string, params: Json])[] = [
  ['sequence', { ...small, length: 8, blocks: 1, patience: 2 }],
  ['sequence', { ...small, length: 8, cell: 'gru' }],
  ['deep', { ...small, epochs: 4, hidden: 8, patience: 2 }],
  ['multi-task', { ...small, epochs: 3, hidden: 8 }],
  ['implicit-als', { dimension: 8, iterations: 6 }],
  ['bpr', { dimension: 8, epochs: 6 }],
  ['graph', net],
  ['hybrid', { ...net, parts: ['ease', 'factors', 'net'] }],
  ['hybrid', { ...net, mode: 'next', parts: ['markov', 'net'] }],
  [
    'blend',
    {
      parts: [
        { key: 'ease' },
        { key: 'bpr', params: { dimension: 4, epochs: 4 } },
        { key: 'implicit-als', params: { dimension: 4, iterations: 3 } },
      ],
    },
  ],
  ['search', { learn: false, member: { key: 'bpr', params: { dimension: 4, epochs: 5 } } }],
  ['anticipatory', { titles: { key: 'bpr', params: { dimension: 4, epochs: 4 } } }],
];

const policyOf = (key: string): RecommenderPolicy => {
  const policy = policyRegistry.get(key);
  if (policy.learns !== 'batch') throw new Error(`${key} does not learn in training runs`);
  return policy;
};
const nothing = (): void => undefined;

describe('a fit that was ended', () => {
  it.each(cases)('goes on from its checkpoint to the very same bytes: %s %j', (key, given) => {
    const policy = policyOf(key);
    const params = policy.params.parse(given);
    const data = world(60, 20);
    const fit = (checkpoints?: Checkpoints): Json =>
      policy.encode(policy.fit(data, params, createRng('s'), nothing, checkpoints ? { checkpoints } : {}));
    let all = 0;
    const whole = fit({ offer: () => all++ });
    expect(fit()).toEqual(whole);
    expect(all).toBeGreaterThan(2);
    // Killed once at every point, each time after going on from the one before.
    let saved: unknown;
    for (let kill = 1; kill <= all; kill++) {
      let offers = 0;
      const killed: Checkpoints = {
        saved,
        offer: (state) => {
          offers++;
          saved = structuredClone(state());
          throw new Error('killed');
        },
      };
      expect(() => fit(killed)).toThrow('killed');
      expect(offers).toBe(1);
    }
    let further = 0;
    expect(fit({ saved, offer: () => further++ })).toEqual(whole);
    expect(further).toBe(0);
  });
});

describe('a fit that begins with learned weights', () => {
  it.each([
    ['sequence', { ...small, length: 8, blocks: 1, epochs: 16, validation: 0, learningRate: 0.01 }],
    ['implicit-als', { dimension: 8, iterations: 12 }],
  ] as const)('needs a quarter of the passes, and places a new title by its attributes: %s', (key, given) => {
    const policy = policyOf(key);
    const params = policy.params.parse(given);
    const from = policy.fit(world(60, 20), params, createRng('s'), nothing);
    expect(policy.canBeginWith?.(from, params)).toBe(true);
    expect(policy.canBeginWith?.(from, policy.params.parse({ ...given, dimension: 4 }))).toBe(false);
    const losses: number[] = [];
    const grown = world(60, 20, true);
    const warm = policy.fit(
      grown,
      params,
      createRng('t'),
      (_, point) => losses.push(...(point?.loss === undefined ? [] : [point.loss])),
      { from },
    );
    expect(losses).toHaveLength(key === 'sequence' ? 4 : 3);
    const cold: number[] = [];
    policy.fit(grown, params, createRng('t'), (_, point) =>
      cold.push(...(point?.loss === undefined ? [] : [point.loss])),
    );
    // Where a fit from nothing is after as many passes, it is behind.
    expect(losses.at(-1)).toBeLessThan(cold[losses.length - 1] as number);
    if (key === 'sequence') {
      const compiled = policy.compile(warm, params);
      const actions = ['t20', 't1'].map((id) => ({ id, features: {} }));
      const request = {
        unitId: 'u',
        context: { history: ['t2', 't4', 't6'] },
        actions,
        subject: null,
        at: 0,
      };
      const scores = compiled.decides === 'slate' ? compiled.scores(request) : [];
      expect(scores[0]).toBeGreaterThan(scores[1] as number);
    }
  });
});
