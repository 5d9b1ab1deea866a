import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Action, DecisionRequest, Ranker } from '../contract.js';
import { tradeOff } from '../rerankers/trade-off.js';
import {
  COMPLETION_FEATURE,
  paretoFront,
  RETURN_FEATURE,
  titleRates,
  tradeOffGrid,
  TradeOffStudy,
} from './index.js';

const HOUR = 3_600_000;
const requestOf = (actions: readonly Action[]): DecisionRequest => ({
  unitId: 'u',
  context: {},
  actions,
  subject: null,
  at: 0,
});
const byScore: Ranker = {
  decides: 'slate',
  scores: ({ actions }) => Float64Array.from(actions, ({ features }) => Number(features['score'])),
};
const ALPHABET = ['drama', 'comedy', 'horror', 'crime'];

/** Titles whose scores fall; the better liked are the less completed, and the first ones share a genre. */
const titles: readonly Action[] = Array.from({ length: 24 }, (_, i) => ({
  id: `t${i}`,
  features: {
    score: 1 - i / 24,
    genres: [i < 10 ? 'drama' : (ALPHABET[i % 4] as string)],
    [COMPLETION_FEATURE]: 0.2 + 0.025 * i,
    [RETURN_FEATURE]: i % 2 === 0 ? 0.5 : 0.3,
  },
}));

function topOf(params: object, places = 10): string[] {
  const request = requestOf(titles);
  const scores = byScore.scores(request);
  const open = new Uint8Array(titles.length).fill(1);
  const ranking = { request, scores, open, vectors: () => null };
  const worn = tradeOff.rerank?.(ranking, tradeOff.params.parse(params)) as Float64Array;
  expect([...worn].sort()).toEqual([...scores].sort());
  return [...worn.keys()]
    .sort((a, b) => (worn[b] as number) - (worn[a] as number))
    .slice(0, places)
    .map((i) => (titles[i] as Action).id);
}
const featureMean = (ids: readonly string[], name: string): number =>
  ids.reduce((sum, id) => sum + Number(titles.find((one) => one.id === id)?.features[name]), 0) / ids.length;
const distinct = (ids: readonly string[]): number => {
  let [apart, pairs] = [0, 0];
  const genre = (id: string): unknown =>
    (titles.find((one) => one.id === id)?.features['genres'] as string[])[0];
  ids.forEach((a, i) =>
    ids.slice(0, i).forEach((b) => {
      pairs++;
      if (genre(a) !== genre(b)) apart++;
    }),
  );
  return apart / pairs;
};

describe('the re-ranker trade-off', () => {
  it('changes nothing by itself, and follows one objective where that alone has a weight', () => {
    const plain = titles.slice(0, 10).map(({ id }) => id);
    expect(topOf({})).toEqual(plain);
    const completed = { relevance: 0, objectives: { [COMPLETION_FEATURE]: 1 } };
    expect(topOf(completed)).toEqual(
      titles
        .slice(-10)
        .reverse()
        .map(({ id }) => id),
    );
    // A feature that no title has tells them apart by nothing.
    expect(topOf({ objectives: { nothing: 5 } })).toEqual(plain);
  });

  it('gives up the least relevance that a bound needs', () => {
    const lists = [0.2, 0.5, 0.7].map((diversity) => topOf({ atLeast: { diversity }, places: 10 }));
    lists.forEach((list, i) => expect(distinct(list)).toBeGreaterThanOrEqual([0.2, 0.5, 0.7][i] as number));
    const scores = lists.map((list) => featureMean(list, 'score'));
    expect(scores[0]).toBeGreaterThan(scores[1] as number);
    expect(scores[1]).toBeGreaterThan(scores[2] as number);
    const bounds = { diversity: 0.5, [COMPLETION_FEATURE]: 0.45 };
    const both = topOf({ atLeast: bounds, places: 10 });
    expect(distinct(both)).toBeGreaterThanOrEqual(0.5);
    expect(featureMean(both, COMPLETION_FEATURE)).toBeGreaterThanOrEqual(0.45);
    // What cannot be reached is come near to, and nothing fails.
    expect(featureMean(topOf({ atLeast: { [COMPLETION_FEATURE]: 9 } }), COMPLETION_FEATURE)).toBeCloseTo(
      featureMean(
        titles.slice(-10).map(({ id }) => id),
        COMPLETION_FEATURE,
      ),
      2,
    );
  });
});

describe('rates of titles', () => {
  it('counts completions and returns, and draws rare titles to the mean', () => {
    const use = (unit: number, item: number, hours: number, completed = false) => ({
      unit,
      item,
      at: hours * HOUR,
      completed,
    });
    const uses = [
      use(0, 0, 0, true),
      use(0, 0, 1, true), // the same sitting: a return is later than that
      use(0, 1, 30),
      use(1, 1, 0),
      use(1, 1, 24 * 9), // more than a week later
    ];
    const { completion, returning } = titleRates(uses, 3, 24 * 17 * HOUR);
    // Two of five are completed; title 0 has both, title 2 nothing.
    expect([...completion].map((rate) => Number(rate.toFixed(6)))).toEqual([
      Number(((2 + 10 * 0.4) / 12).toFixed(6)),
      Number(((0 + 10 * 0.4) / 13).toFixed(6)),
      0.4,
    ]);
    // Both uses of title 0 are followed by one 30 hours later; none of title 1 is.
    expect([...returning].map((rate) => Number(rate.toFixed(6)))).toEqual([
      Number(((2 + 4) / 12).toFixed(6)),
      Number((4 / 13).toFixed(6)),
      0.4,
    ]);
    // A week that is not over counts for nothing.
    expect(titleRates(uses, 3, 24 * 5 * HOUR).returning[0]).toBe(0);
  });
});

describe('a trade-off curve', () => {
  it('keeps what no other point beats', () => {
    expect(
      paretoFront([
        [1, 1],
        [2, 0],
        [0, 2],
        [0.5, 0.5],
        [1, 1],
        [2, 0.5],
      ]),
    ).toEqual([true, false, true, false, true, true]);
  });

  it('judges every setting on the same lists, with the changes of each from the current one', () => {
    const rng = createRng('trade-offs');
    const study = new TradeOffStudy({ relevance: 1 }, tradeOffGrid());
    const later = {
      completion: Float64Array.from(titles, ({ features }) => Number(features[COMPLETION_FEATURE])),
      returning: Float64Array.from(titles, ({ features }) => Number(features[RETURN_FEATURE])),
    };
    for (let unit = 0; unit < 40; unit++)
      study.add(byScore, { request: requestOf(titles), used: new Set([rng.below(8)]), later });
    const { points, units, places } = study.curve();
    expect([units, places, points.length]).toEqual([40, 10, tradeOffGrid().length]);
    const [now, ...others] = points;
    expect(now).toMatchObject({ current: true, setting: { relevance: 1 } });
    expect(points.some(({ efficient }) => efficient)).toBe(true);
    expect(
      Object.values(now?.change ?? {}).every(({ estimate, upper }) => estimate === 0 && upper === 0),
    ).toBe(true);
    expect(others.every(({ current }) => !current)).toBe(true);
    const completed = points.find(({ setting }) => setting.objectives?.[COMPLETION_FEATURE] === 2);
    expect(completed?.change.completion.lower).toBeGreaterThan(0);
    expect(completed?.change.play.upper).toBeLessThan(0);
    const diverse = points.filter(({ setting }) => setting.atLeast !== undefined);
    expect(diverse.map(({ objectives }) => objectives.diversity.estimate >= 0.6)).not.toContain(false);
    // The first title of nobody stands first for all: the interval of play is that of its shares.
    const { estimate, lower, upper } = now?.objectives.play ?? { estimate: 0, lower: 0, upper: 0 };
    expect(upper - estimate).toBeCloseTo(estimate - lower, 12);
    expect(upper).toBeLessThan(1);
  });
});
