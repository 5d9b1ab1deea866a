import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import type { TrainingSet } from '../contract.js';
import { requestOf } from '../testing/worlds.js';
import { content } from './content.js';

const genres = [['a', 'b'], ['a'], ['b', 'c'], ['c'], ['a', 'c'], ['b']];
const itemFeatures: Context[] = genres.map((list) => ({ genres: list }));
const items = genres.map((_, i) => `t${i}`);
const pairs = [
  [0, 0],
  [0, 1],
  [1, 2],
  [1, 3],
  [2, 0],
  [2, 2],
] as const;
const data: TrainingSet = {
  units: ['u0', 'u1', 'u2'],
  items,
  unit: Uint32Array.from(pairs, ([u]) => u),
  item: Uint32Array.from(pairs, ([, i]) => i),
  value: new Float64Array(pairs.length).fill(1),
  at: new Float64Array(pairs.length),
  itemFeatures,
};

function scoresOf(
  params: object,
  context: Context,
  extra: { id: string; features: Context }[] = [],
): number[] {
  const parsed = content.params.parse({ leastTitles: 1, ...params });
  const state = content.fit(data, parsed, createRng('fit'), () => undefined);
  const compiled = content.compile(state, parsed);
  if (compiled.decides !== 'slate') throw new Error('content ranks');
  const known = items.map((id) => ({ id, features: {} }));
  return [...compiled.scores(requestOf([...known, ...extra], context))];
}

/** Rows of the TF-IDF matrix, each of length 1, the slow way. */
function rows(): number[][] {
  const all = ['a', 'b', 'c'];
  const idf = all.map((g) =>
    Math.log((1 + items.length) / (1 + genres.filter((list) => list.includes(g)).length)),
  );
  return genres.map((list) => {
    const row = all.map((g, c) => (list.includes(g) ? (idf[c] as number) : 0));
    const length = Math.hypot(...row);
    return row.map((v) => v / length);
  });
}

const product = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, c) => sum + v * (b[c] as number), 0);
const row = (i: number): number[] => rows()[i] as number[];

describe('content', () => {
  it('profile: the cosine with the mean of what the member watched, disliked titles against it', () => {
    const scores = scoresOf({ mode: 'profile', halfLife: 1 }, { history: ['t1', 't0'], disliked: ['t3'] });
    const total = 0.5 + 1 + 0.5;
    const mean = [0, 1, 2].map(
      (c) => (0.5 * (row(1)[c] as number) + (row(0)[c] as number) - 0.5 * (row(3)[c] as number)) / total,
    );
    scores.forEach((score, i) => expect(score).toBeCloseTo(product(row(i), mean), 12));
  });

  it('neighbours: cosines of the k most alike watched titles, itself left out', () => {
    const scores = scoresOf({ mode: 'neighbours', neighbours: 2 }, { history: ['t0', 't1', 't2'] });
    const watched = [0, 1, 2, 3];
    scores.forEach((score, i) => {
      const nearest = watched
        .filter((j) => j !== i)
        .sort((j, k) => product(row(k), row(i)) - product(row(j), row(i)) || j - k)
        .slice(0, 2);
      const expected = nearest.reduce((sum, j) => sum + (j < 3 ? product(row(i), row(j)) : 0), 0);
      expect(score).toBeCloseTo(expected, 12);
    });
  });

  it('ridge: what gradient descent on the squared error finds over the watched titles', () => {
    const scores = scoresOf({ mode: 'ridge', attributeRidge: 0.5, constant: 0.3 }, { history: ['t0', 't1'] });
    const lines = rows().map((line) => [...line, 0.3]);
    const target = [1, 1, 0, 0];
    const weights = [0, 0, 0, 0];
    for (let round = 0; round < 3000; round++) {
      const slope = weights.map((w) => 0.5 * w);
      target.forEach((y, i) => {
        const line = lines[i] as number[];
        const error = product(line, weights) - y;
        line.forEach((v, c) => (slope[c] = (slope[c] as number) + error * v));
      });
      slope.forEach((s, c) => (weights[c] = (weights[c] as number) - 0.2 * s));
    }
    scores.forEach((score, i) => expect(score).toBeCloseTo(product(lines[i] as number[], weights), 5));
  });

  it.each(['ridge', 'profile', 'neighbours'])(
    'ranks a title that training has not met by the features that come with it: %s',
    (mode) => {
      const twin = { id: 'new', features: { genres: ['A', 'C'] } };
      const nothing = { id: 'unknown', features: {} };
      const scores = scoresOf({ mode }, { history: ['t1', 't3'] }, [twin, nothing]);
      // t4 has the same genres and has been watched by nobody either.
      expect(scores[6]).toBeCloseTo(scores[4] as number, 12);
      expect(scores[6]).toBeGreaterThan(scores[5] as number);
      expect(Number.isFinite(scores[7])).toBe(true);
    },
  );

  it('gives a member of whom no liked title is known what is popular', () => {
    const popular = [1, 0.5, 1, 0.5, 0, 0];
    expect(scoresOf({}, { history: ['never heard of'] })).toEqual(popular);
    expect(scoresOf({}, { history: [], disliked: ['t1'] })).toEqual(popular);
  });
});
