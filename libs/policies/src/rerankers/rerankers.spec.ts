import { describe, expect, it } from '@jest/globals';
import { createRng, defineParams } from '#experiments';
import { z } from 'zod';
import { compileExploration, policyRegistry, propensityOfSlate, serveSlate } from '../index.js';
import type { Action, DecisionRequest, Policy, Ranker, StaticPolicy } from '../contract.js';
import { describePolicyContract } from '../testing/policy.contract.js';
import { wrappable, wrapperRegistry } from '../wrappers/index.js';

const AT = Date.UTC(2026, 9, 20, 20);
const LATER = '2026-11-01T00:00:00Z';
const EARLIER = '2026-10-01T00:00:00Z';
const exploration = compileExploration('plackett-luce', { temperature: 0.5 });
const greedy = compileExploration('greedy', {});

interface Given {
  readonly key: string;
  readonly params?: unknown;
}

/** Scores actions by their feature `score`, and has learned two-dimensional vectors. */
const byScore: StaticPolicy<object> = {
  key: 'by-score',
  title: 'By score',
  summary: 'For tests.',
  reference: 'none',
  learns: 'never',
  params: defineParams(z.object({})),
  stateVersion: 1,
  encode: () => null,
  decode: () => null,
  compile: () => ({
    decides: 'slate',
    scores: ({ actions }) => Float64Array.from(actions, ({ features }) => Number(features['score'] ?? 0)),
    vectors: ({ actions }) => ({
      dimension: 2,
      rows: Float64Array.from(
        actions.flatMap(({ features }) => [Number(features['x']), Number(features['y'])]),
      ),
    }),
  }),
};
const policy = wrappable(byScore as Policy, wrapperRegistry) as StaticPolicy;

const ranker = (...wrappers: readonly Given[]): Ranker =>
  policy.compile(null, policy.params.parse({ wrappers })) as Ranker;

// What every policy keeps, with a re-ranker of each kind around it.
describePolicyContract({
  ...policyRegistry.get('most-popular'),
  key: 'most-popular-re-ranked',
  params: {
    ...policyRegistry.get('most-popular').params,
    parse: (input) =>
      policyRegistry.get('most-popular').params.parse({
        ...(input as object),
        wrappers: [
          { key: 'hard-filters' },
          { key: 'diversity-mmr' },
          { key: 'serendipity', params: { head: 2 } },
          { key: 'pins', params: { pins: [{ id: 'a1', position: 2, until: '2999-01-01T00:00:00Z' }] } },
        ],
      }),
  },
} as Policy);

function request(actions: readonly Action[], context: DecisionRequest['context'] = {}): DecisionRequest {
  return { unitId: 'u', context, actions, subject: null, at: AT };
}

const action = (id: string, score: number, features: Action['features'] = {}): Action => ({
  id,
  features: { score, ...features },
});

/** Three look-alikes on top, then others. */
const titles: readonly Action[] = [
  action('d1', 1, { genres: ['drama'], x: 1, y: 0 }),
  action('d2', 0.95, { genres: ['drama'], x: 1, y: 0.01 }),
  action('d3', 0.9, { genres: ['drama'], x: 1, y: 0.02 }),
  action('c1', 0.6, { genres: ['comedy'], x: 0, y: 1 }),
  action('cd', 0.5, { genres: ['comedy', 'drama'], x: 0.7, y: 0.7 }),
  action('h1', 0.2, { genres: ['horror'], x: -1, y: 0 }),
];

function best(compiled: Ranker, asked = request(titles), length = asked.actions.length): string {
  const { items } = serveSlate(compiled, asked, length, greedy, 0, createRng('best'));
  return items.map(({ index }) => asked.actions[index]?.id).join(' ');
}

describe('re-rankers of diversity', () => {
  it('MMR takes the best, then what is least like it: by features and by factors', () => {
    expect(best(ranker({ key: 'diversity-mmr', params: { relevance: 1 } }))).toBe('d1 d2 d3 c1 cd h1');
    // Scores over [0, 1]: 1 .9375 .875 .5 .375 0. After d1: d2 .46875 - .5, c1 .25 - 0. Then d2 -.03125, h1 0, cd .1875 - .25.
    expect(best(ranker({ key: 'diversity-mmr', params: { relevance: 0.5 } }))).toMatch(/^d1 c1 h1 d2 /);
    const byFactors = { relevance: 0.4, similarity: 'factors' };
    expect(best(ranker({ key: 'diversity-mmr', params: byFactors }), request(titles), 2)).toBe('d1 h1');
  });

  it('keeps the scores that were there, so that the exploration spreads as before', () => {
    const scores = ranker({ key: 'diversity-mmr', params: { relevance: 0.5 } }).scores(request(titles));
    const sorted = [...scores].sort((a, b) => b - a);
    [1, 0.95, 0.9, 0.6, 0.5, 0.2].forEach((score, i) => expect(sorted[i]).toBeCloseTo(score, 12));
    const equal = titles.map(({ id, features }) => action(id, 1, { genres: features['genres'] ?? [] }));
    expect(best(ranker({ key: 'diversity-mmr' }), request(equal), 3)).toBe('d1 c1 h1');
  });

  it('the determinantal list is the greedy maximum of the determinant of its kernel', () => {
    const relevance = 0.5;
    const order = best(
      ranker({ key: 'diversity-dpp', params: { relevance, places: 4 } }),
      request(titles),
      3,
    );
    expect(order).toBe(greedyByDeterminant(relevance, 3));
    expect(best(ranker({ key: 'diversity-dpp', params: { relevance: 0 } }), request(titles), 3)).toBe(
      'd1 c1 h1',
    );
  });

  it('calibration gives genres the shares of the member, and asks nothing of who has none', () => {
    const many = Array.from({ length: 20 }, (_, i) =>
      action(`${i < 10 ? 'd' : 'c'}${i}`, 1 - i / 100, { genres: [i < 10 ? 'drama' : 'comedy'] }),
    );
    const calibrated = ranker({ key: 'calibration', params: { weight: 0.9 } });
    const mix = { genres: [...Array<string>(7).fill('drama'), ...Array<string>(3).fill('comedy')] };
    const top = best(calibrated, request(many, mix), 10).split(' ');
    expect(top.filter((id) => id.startsWith('d'))).toHaveLength(7);
    expect(best(calibrated, request(many), 10)).toBe(best(ranker(), request(many), 10));
  });

  it('freshness lifts a release by its age', () => {
    const fresh = [
      action('old', 1, { releasedAt: 1990 }),
      action('low', 0),
      action('new', 0.5, { releasedAt: '2026-10-20T20:00:00Z' }),
      action('month', 0.5, { releasedAt: AT - 30 * 86_400_000 }),
    ];
    const scores = ranker({ key: 'freshness', params: { strength: 0.4 } }).scores(request(fresh));
    expect([...scores].map((score) => Number(score.toFixed(9)))).toEqual([1, 0, 0.9, 0.7]);
  });
});

/** By hand: det of the kernel's submatrix, list by list. */
function greedyByDeterminant(theta: number, length: number): string {
  const unit = titles.map(({ features }) => (Number(features['score']) - 0.2) / 0.8);
  const quality = unit.map((score) => Math.exp((theta / (2 * (1 - theta))) * score));
  const genres = titles.map(({ features }) => new Set(features['genres'] as string[]));
  const kernel = (i: number, j: number): number => {
    const [a, b] = [genres[i] as Set<string>, genres[j] as Set<string>];
    const common = [...a].filter((one) => b.has(one)).length;
    return (quality[i] as number) * (common / (a.size + b.size - common)) * (quality[j] as number);
  };
  const list: number[] = [];
  while (list.length < length) {
    const gains = titles.map((_, i) => (list.includes(i) ? -1 : determinant([...list, i], kernel)));
    list.push(gains.indexOf(Math.max(...gains)));
  }
  return list.map((i) => titles[i]?.id).join(' ');
}

function determinant(list: readonly number[], kernel: (i: number, j: number) => number): number {
  if (list.length === 1) return kernel(list[0] as number, list[0] as number);
  if (list.length === 2) {
    const [a, b] = list as [number, number];
    return kernel(a, a) * kernel(b, b) - kernel(a, b) ** 2;
  }
  const [a, b, c] = list as [number, number, number];
  const m = (i: number, j: number) => kernel(i, j);
  return (
    m(a, a) * (m(b, b) * m(c, c) - m(b, c) ** 2) -
    m(a, b) * (m(a, b) * m(c, c) - m(b, c) * m(a, c)) +
    m(a, c) * (m(a, b) * m(b, c) - m(b, b) * m(a, c))
  );
}

describe('what re-rankers do to slots', () => {
  const chances = (compiled: Ranker, asked = request(titles), floor = 0): Map<string, number> => {
    const all = new Map<string, number>();
    asked.actions.forEach((first, i) =>
      asked.actions.forEach((second, j) => {
        if (i === j) return;
        const { propensity } = propensityOfSlate(compiled, asked, [i, j], exploration, floor);
        all.set(`${first.id} ${second.id}`, propensity);
      }),
    );
    return all;
  };
  const everything: readonly Given[] = [
    { key: 'de-duplicate' },
    { key: 'freshness' },
    { key: 'diversity-mmr', params: { relevance: 0.5 } },
    { key: 'serendipity', params: { share: 0.2, head: 3 } },
    { key: 'exposure-floor', params: { groups: { horror: 0.1 }, items: { d3: 0.05 } } },
    { key: 'pins', params: { boosts: [{ id: 'cd', by: 0.2, until: LATER }] } },
  ];

  it.each([
    ['without a floor', 0],
    ['with a floor', 0.02],
  ])('draws slates with exactly the propensities it logs, %s', (_name, floor) => {
    const compiled = ranker(...everything);
    const law = chances(compiled, request(titles), floor);
    expect([...law.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    const draws = 4000;
    const counts = new Map<string, number>();
    let largestError = 0;
    for (let n = 0; n < draws; n++) {
      const served = serveSlate(compiled, request(titles), 2, exploration, floor, createRng(`draw ${n}`));
      const slate = served.items.map(({ index }) => titles[index]?.id).join(' ');
      largestError = Math.max(largestError, Math.abs(served.propensity - (law.get(slate) ?? 0)));
      counts.set(slate, (counts.get(slate) ?? 0) + 1);
    }
    expect(largestError).toBeLessThan(1e-14);
    expect(Math.min(...law.values())).toBeGreaterThan(0);
    let chi = 0;
    for (const [slate, p] of law) chi += ((counts.get(slate) ?? 0) - draws * p) ** 2 / (draws * p);
    // 30 slates: 29 degrees of freedom, whose 99.99 % point is 66.2.
    expect(chi).toBeLessThan(66.2);
  });

  it('gives unexplored titles their share of every slot, and nothing when there is none', () => {
    const counted = titles.map((one, i) => action(one.id, 1 - i, i < 4 ? { shows: 500 } : {}));
    const explored = ranker({ key: 'serendipity', params: { share: 0.2, feature: 'shows' } });
    const { items } = serveSlate(explored, request(counted), 6, greedy, 0, createRng('a'));
    expect(items[0]?.propensity === 0.8 || items[0]?.propensity === 0.1).toBe(true);
    const tired = counted.map(({ id, features }) => action(id, Number(features['score']), { shows: 500 }));
    expect(serveSlate(explored, request(tired), 3, greedy, 0, createRng('a')).propensity).toBe(1);
  });

  it('keeps an exposure floor for groups, best of the group first, and for single titles', () => {
    const compiled = ranker({
      key: 'exposure-floor',
      params: { groups: { comedy: 0.3 }, items: { h1: 0.1 } },
    });
    const at = (order: number[]) =>
      propensityOfSlate(compiled, request(titles), order, greedy, 0).items[0]?.propensity;
    expect(at([0])).toBeCloseTo(0.6, 12);
    expect(at([3])).toBeCloseTo(0.3, 12);
    expect(at([4])).toBe(0);
    expect(at([5])).toBeCloseTo(0.1, 12);
  });

  it('pins until a date, at the place, and leaves the others their order', () => {
    const pinned = (until: string) =>
      best(ranker({ key: 'pins', params: { pins: [{ id: 'h1', position: 2, until }] } }));
    expect(pinned(LATER)).toBe('d1 h1 d2 d3 c1 cd');
    expect(pinned(EARLIER)).toBe('d1 d2 d3 c1 cd h1');
    const boosted = {
      boosts: [
        { id: 'h1', by: 0.99, until: LATER },
        { id: 'd1', by: -1, until: EARLIER },
      ],
    };
    expect(best(ranker({ key: 'pins', params: boosted }), request(titles), 2)).toBe('d1 h1');
    // A pinned place is certain, whatever the exploration, but for the floor.
    const compiled = ranker(
      { key: 'serendipity', params: { share: 0.3 } },
      { key: 'pins', params: { pins: [{ id: 'h1', position: 1, until: LATER }] } },
    );
    expect(propensityOfSlate(compiled, request(titles), [5], exploration, 0).propensity).toBe(1);
    expect(propensityOfSlate(compiled, request(titles), [5], exploration, 0.01).propensity).toBeCloseTo(
      0.95,
      12,
    );
  });

  it('leaves out what stands above on the page', () => {
    const asked = request(titles, { shown: ['d1', 'c1'] });
    expect(best(ranker({ key: 'de-duplicate' }), asked)).toBe('d2 d3 cd h1');
  });

  it('filters what may not be shown, even when nothing else is left', () => {
    const rated = [
      action('gone', 5, { availableUntil: EARLIER }),
      action('soon', 4, { availableFrom: LATER }),
      action('abroad', 3, { countries: ['FR'] }),
      action('adult', 2, { maturity: 18 }),
      action('fine', 1, { maturity: 7, countries: ['DE'], availableFrom: EARLIER }),
    ];
    const filtered = ranker({ key: 'hard-filters' }, { key: 'retired', params: { actions: ['fine'] } });
    const context = { country: 'DE', maturityLimit: 12 };
    // The limit that would leave nothing is not applied; the hard one is.
    expect(best(filtered, request(rated, context))).toBe('fine');
    expect(best(filtered, request(rated, {}))).toBe('adult');
    expect(() => best(filtered, request(rated.slice(0, 3), context))).toThrow(/0 of 3/);
  });
});

describe('parameters of re-rankers', () => {
  it('say what does not fit', () => {
    const als = policyRegistry.get('implicit-als').params;
    expect(() => als.parse({ wrappers: [{ key: 'diversity-mmr', params: { relevance: 2 } }] })).toThrow(
      /\/wrappers\/0\/params\/relevance/,
    );
    expect(() => als.parse({ wrappers: [{ key: 'minimum-shares' }] })).toThrow(/gives scores/);
    expect(() =>
      als.parse({ wrappers: [{ key: 'pins', params: { pins: [{ id: 'a', position: 1 }] } }] }),
    ).toThrow(/until/);
    const beta = policyRegistry.get('thompson-beta');
    if (beta.learns !== 'online') throw new Error('thompson-beta learns online');
    const params = beta.params.parse({ wrappers: [{ key: 'diversity-mmr' }] });
    expect(() => beta.compile(beta.initialState(params), params)).toThrow(/gives probabilities/);
  });
});
