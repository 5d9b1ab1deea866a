import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Action, DecisionRequest, Ranker, RecommenderPolicy, TrainingSet } from '../contract.js';
import { recommenders } from '../recommenders/index.js';
import { exposureFloor } from '../rerankers/exposure-floor.js';
import { pins } from '../rerankers/pins.js';
import type { Wrapper } from '../wrappers/contract.js';
import { finding } from '../wrappers/finding.js';
import { ExactIndex } from './exact-index.js';
import { largest } from './largest.js';
import { Retrieval } from './retrieval.js';

const TITLES = 600;
const MOST = 50;
const rng = createRng('retrieval');
const random = (count: number): Float32Array => Float32Array.from({ length: count }, () => rng.normal());

const items = Array.from({ length: TITLES }, (_, i) => `t${i}`);
const rows = random(TITLES * 8);
const biases = random(TITLES);
const member = random(8);
const embedding = {
  items,
  dimension: 8,
  rows,
  biases,
  popularity: Float64Array.from(items, (_, i) => (i * 7) % TITLES),
  query: ({ context }: DecisionRequest) => (context['history'] ? member : null),
};
// The registered titles in another order, with one that the model has not met.
const actions: readonly Action[] = Object.freeze(
  [...items, 'new'].reverse().map((id): Action => ({ id, features: {} })),
);
const scoreOf = (row: number): number =>
  rows
    .subarray(8 * row, 8 * row + 8)
    .reduce((sum, value, k) => sum + value * (member[k] as number), biases[row] as number);
const best = (
  count: number,
  score: (row: number) => number,
  may = (_row: number): boolean => true,
): string[] =>
  [...items.keys()]
    .filter(may)
    .sort((a, b) => score(b) - score(a))
    .slice(0, count)
    .map((row) => items[row] as string);
const ask = (history: boolean): DecisionRequest => ({
  unitId: 'u',
  context: history ? { history: ['t1'] } : {},
  actions,
  subject: null,
  at: 0,
});
const idsOf = (places: readonly number[]): Set<string> =>
  new Set(places.map((place) => (actions[place] as Action).id));

describe('retrieval from a large catalogue', () => {
  it('finds the titles of the best scores, in the order of the request', () => {
    const places = new Retrieval(embedding, MOST, 100).retrieve(ask(true), null);
    expect(idsOf(places)).toEqual(new Set(best(MOST, scoreOf)));
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });

  it('fills every place with what may be served, however little that is', () => {
    const retrieval = new Retrieval(embedding, MOST, 100);
    // Few of the best may be served: the search has to be widened, and in the end to look at all.
    for (const every of [2, 11]) {
      const isOpen = (row: number): boolean => row % every === 0;
      const open = Uint8Array.from(actions, ({ id }) => (isOpen(Number(id.slice(1))) ? 1 : 0));
      expect(idsOf(retrieval.retrieve(ask(true), open))).toEqual(new Set(best(MOST, scoreOf, isOpen)));
    }
    const none = new Uint8Array(actions.length);
    expect(retrieval.retrieve(ask(true), none)).toEqual([]);
  });

  it('takes the most popular ones for a member of whom nothing is known', () => {
    const places = new Retrieval(embedding, MOST, 100).retrieve(ask(false), null);
    expect(idsOf(places)).toEqual(new Set(best(MOST, (row) => embedding.popularity[row] as number)));
  });

  it('ranks what people pinned, boosted or gave a floor, whether it is found or not', () => {
    const retrieval = new Retrieval(embedding, MOST, 100);
    const ranker: Ranker = {
      decides: 'slate',
      scores: () => new Float64Array(actions.length),
      retrieve: (request, open) => retrieval.retrieve(request, open),
      retrieval,
    };
    const [far, further] = best(TITLES, scoreOf).slice(-2) as [string, string];
    const until = '2026-01-01T00:00:00Z';
    const params = pins.params.parse({
      pins: [{ id: 'new', position: 1, until }],
      boosts: [
        { id: far, by: 2, until },
        { id: further, by: -1, until },
      ],
    });
    const found = idsOf(ranker.retrieve?.(ask(true), null) ?? []);
    const worn = finding(ranker, pins as Wrapper, params);
    expect(idsOf(worn.retrieve?.(ask(true), null) ?? [])).toEqual(new Set([...found, 'new', far]));
    const open = Uint8Array.from(actions, ({ id }) => Number(id !== 'new'));
    expect(idsOf(worn.retrieve?.(ask(true), open) ?? [])).not.toContain('new');
    const over = { ...ask(true), at: Date.parse(until) };
    expect(idsOf(worn.retrieve?.(over, null) ?? [])).toEqual(found);
    const floor = exposureFloor.params.parse({ items: { [further]: 0.1 } });
    const floored = finding(ranker, exposureFloor as Wrapper, floor);
    expect(idsOf(floored.retrieve?.(ask(true), null) ?? [])).toContain(further);
  });

  it('leaves nothing out of a small catalogue', () => {
    expect(new Retrieval(embedding, MOST, TITLES + 1).retrieve(ask(true), null)).toHaveLength(TITLES + 1);
  });

  it('searches by the index that it is given', () => {
    const retrieval = new Retrieval(embedding, 2, 100);
    retrieval.use({ search: () => [5, 9, 7] });
    expect(idsOf(retrieval.retrieve(ask(true), null))).toEqual(new Set(['t5', 't9']));
  });
});

describe('the largest of many values', () => {
  it('are those of a sort, of equals the earlier', () => {
    const values = Float64Array.from({ length: 300 }, () => rng.below(40));
    const sorted = [...values.keys()].sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
    for (const count of [0, 1, 17, 300, 400])
      expect([...largest(values, count)]).toEqual(sorted.slice(0, count));
  });
});

/** Members of two tastes over just more titles than are ranked without a search. */
function largeCatalogue(): TrainingSet {
  const known = Array.from({ length: 50_001 }, (_, i) => `t${i}`);
  const pairs = Array.from({ length: 40 }, (_, unit) =>
    Array.from({ length: 12 }, (_each, n) => ({ unit, item: (unit % 2) * 20 + ((unit + 3 * n) % 20) })),
  ).flat();
  return {
    units: Array.from({ length: 40 }, (_, u) => `u${u}`),
    items: known,
    unit: Uint32Array.from(pairs, ({ unit }) => unit),
    item: Uint32Array.from(pairs, ({ item }) => item),
    value: new Float64Array(pairs.length).fill(1),
    at: Float64Array.from(pairs, (_, i) => 1_000 * i),
    itemFeatures: known.map((_, i) => ({ genre: i < 20 ? 'comedy' : 'drama' })),
  };
}

const SHORT: Readonly<Record<string, object>> = {
  'implicit-als': { dimension: 4, iterations: 2 },
  bpr: { dimension: 4, epochs: 1 },
};

describe.each(Object.keys(SHORT))('%s of more than 50,000 titles', (key) => {
  it('retrieves what it would have ranked first', () => {
    const policy = recommenders.find((one) => one.key === key) as RecommenderPolicy;
    const params = policy.params.parse({ ...SHORT[key], retrieved: 50 });
    const data = largeCatalogue();
    const state = policy.fit(data, params, createRng('large'), () => undefined);
    const ranker = policy.compile(state, params) as Ranker;
    const request: DecisionRequest = {
      unitId: 'u',
      context: { history: ['t1', 't4', 't7'] },
      actions: data.items.map((id) => ({ id, features: {} })),
      subject: null,
      at: 0,
    };
    const places = ranker.retrieve?.(request, null) ?? [];
    const scores = ranker.scores(request);
    expect(places).toHaveLength(50);
    const least = Math.min(...places.map((place) => scores[place] as number));
    // Vectors are singles, scores doubles.
    const missed = scores.filter((score) => score > least + 1e-6).length;
    expect(missed).toBeLessThanOrEqual(50);
    expect(
      new ExactIndex((ranker.retrieval as Retrieval).embedding).search(new Float32Array(4), 1),
    ).toHaveLength(1);
  });
});
