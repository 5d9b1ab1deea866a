import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { RecommenderPolicy, TrainingSet } from '../contract.js';
import { at, incidence, invert, multiply, randomHistory, transpose, zeros } from '../testing/dense.js';
import type { Matrix } from '../testing/dense.js';
import { actionsOf, requestOf } from '../testing/worlds.js';
import { ease } from './ease.js';
import { edlae } from './edlae.js';
import { gfCf } from './gf-cf.js';
import { itemKnn } from './item-knn.js';
import { markovKnn } from './markov-knn.js';
import { rp3Beta } from './rp3-beta.js';

const ITEMS = 14;
const data = randomHistory(40, ITEMS, 'item to item');
const x = incidence(data);
const gram = multiply(transpose(x), x);
const members = gram.map((row, i) => row[i] as number);
const watched = transpose(x).map((column) => column.reduce((sum, value) => sum + value, 0));
const perUnit = x.map((row) => row.reduce((sum, value) => sum + value, 0));

function scoresOf(
  policy: unknown,
  input: object,
  history: readonly string[],
  set: TrainingSet = data,
): number[] {
  const { compile, fit, params: schema } = policy as RecommenderPolicy;
  const params = schema.parse(input);
  const compiled = compile(
    fit(set, params, createRng('fit'), () => undefined),
    params,
  );
  if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
  return [...compiled.scores(requestOf(actionsOf(ITEMS), { history }))];
}

/** Sum of the rows of what was watched. */
const sumOfRows = (weights: Matrix, rows: readonly number[]): number[] =>
  weights.map((_, j) => rows.reduce((sum, i) => sum + at(weights, i, j), 0));

/** Equal up to the 16 bits of a stored weight. */
function expectClose(scores: readonly number[], expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  scores.forEach((score, j) =>
    expect(Math.abs(score - (expected[j] as number))).toBeLessThan(2e-4 * largest),
  );
}

const history = ['a2', 'unheard-of', 'a5', 'a9', 'a2'];
const rows = [2, 5, 9];

/** All but the `kept` largest of each row set to 0. */
const largestOf = (weights: Matrix, kept: number): Matrix =>
  weights.map((row) => {
    const order = row
      .map((_, j) => j)
      .sort((a, b) => Math.abs(row[b] as number) - Math.abs(row[a] as number) || a - b);
    return row.map((value, j) => (order.indexOf(j) < kept ? value : 0));
  });

describe('item-knn', () => {
  it.each([
    [13, 0],
    [4, 0],
    [4, 5],
  ])(
    'adds up cosines of the %d nearest neighbours of each candidate, shrunken by %d',
    (neighbours, shrink) => {
      const cosine = gram.map((row, i) =>
        row.map((count, j) =>
          i === j ? 0 : count / (Math.sqrt((watched[i] as number) * (watched[j] as number)) + shrink),
        ),
      );
      const weights = transpose(largestOf(cosine, neighbours));
      expectClose(scoresOf(itemKnn, { neighbours, shrink }, history), sumOfRows(weights, rows));
    },
  );
});

describe('ease and edlae', () => {
  /** B minimises |X - XB|^2 + sum_j ridge_j |B_j|^2 with a zero diagonal, column by column: least squares without j. */
  function columnByColumn(ridge: (j: number) => number): Matrix {
    const weights = zeros(ITEMS, ITEMS);
    for (let j = 0; j < ITEMS; j++) {
      const others = gram.map((_, i) => i).filter((i) => i !== j);
      const system = others.map((i) => others.map((k) => at(gram, i, k) + (i === k ? ridge(i) : 0)));
      const solution = multiply(
        invert(system),
        others.map((i) => [at(gram, i, j)]),
      );
      others.forEach((i, n) => ((weights[i] as number[])[j] = at(solution, n, 0)));
    }
    return weights;
  }

  it('is the ridge regression of every title on the others', () => {
    expectClose(
      scoresOf(ease, { lambda: 3 }, history),
      sumOfRows(
        columnByColumn(() => 3),
        rows,
      ),
    );
  });

  it('keeps the largest weights of each row where it is told to', () => {
    const weights = largestOf(
      columnByColumn(() => 3),
      4,
    );
    expectClose(scoresOf(ease, { lambda: 3, kept: 4 }, history), sumOfRows(weights, rows));
  });

  it('takes p / (1 - p) times the members of a title into its ridge under dropout', () => {
    const weights = columnByColumn((i) => 3 + (0.25 / 0.75) * (members[i] as number));
    expectClose(scoresOf(edlae, { lambda: 3, dropout: 0.25 }, history), sumOfRows(weights, rows));
    expect(scoresOf(edlae, { lambda: 3, dropout: 0 }, history)).toEqual(
      scoresOf(ease, { lambda: 3 }, history),
    );
  });

  it('models the most watched titles where there are too many, and scores the others 0', () => {
    const scores = scoresOf(ease, { mostItems: 5 }, ['a0', 'a1', 'a2', 'a3', 'a4']);
    expect(scores.filter((score) => score !== 0)).toHaveLength(5);
  });
});

describe('rp3-beta', () => {
  it('is the probability of a walk of three steps over the popularity of its end', () => {
    const [alpha, beta, kept] = [1.2, 0.5, 6];
    const toUnit = transpose(x).map((column, i) =>
      column.map((value) => (value / (watched[i] as number)) ** alpha),
    );
    const toItem = x.map((row, u) => row.map((value) => (value / (perUnit[u] as number)) ** alpha));
    const walk = multiply(toUnit, toItem).map((row, i) =>
      row.map((p, j) => (i === j ? 0 : p / (watched[j] as number) ** beta)),
    );
    expectClose(scoresOf(rp3Beta, { alpha, beta, kept }, history), sumOfRows(largestOf(walk, kept), rows));
  });
});

describe('gf-cf', () => {
  it('adds the ties of one step and the projection on the smoothest patterns', () => {
    const n = x.map((row, u) =>
      row.map((value, i) => value / Math.sqrt((perUnit[u] as number) * (watched[i] as number))),
    );
    const ties = multiply(transpose(n), n);
    // With all of its eigenvectors V V' is the identity.
    const expected = ties.map((row, i) => row.map((value, j) => value + (i === j ? 0.4 : 0)));
    expectClose(scoresOf(gfCf, { alpha: 0.4, frequencies: ITEMS }, history), sumOfRows(expected, rows));
    // The smoothest pattern of all is the root of the popularity, with eigenvalue 1.
    const total = watched.reduce((sum, count) => sum + count, 0);
    const smooth = ties.map((row, i) =>
      row.map((value, j) => {
        const pattern = Math.sqrt((watched[i] as number) * (watched[j] as number)) / total;
        return value + 0.4 * Math.sqrt((watched[j] as number) / (watched[i] as number)) * pattern;
      }),
    );
    expectClose(scoresOf(gfCf, { alpha: 0.4, frequencies: 1 }, history), sumOfRows(smooth, rows));
  });
});

describe('markov-knn', () => {
  const sequences = data.units.map((_, u) => [...data.item].filter((__, row) => data.unit[row] === u));
  const counts = data.items.map((_, i) => data.item.filter((item) => item === i).length);

  function transitions(window: number, decay: number, shrink: number): Matrix {
    const weights = zeros(ITEMS, ITEMS);
    for (const sequence of sequences) {
      sequence.forEach((a, n) => {
        for (let d = 1; d <= window && n + d < sequence.length; d++) {
          const b = sequence[n + d] as number;
          if (a !== b) (weights[a] as number[])[b] = at(weights, a, b) + decay ** (d - 1);
        }
      });
    }
    return weights.map((row, a) =>
      row.map(
        (value, b) => value / Math.sqrt(((counts[a] as number) + shrink) * ((counts[b] as number) + shrink)),
      ),
    );
  }

  it('adds up what came after the newest events, nearer ones counting more', () => {
    const weights = transitions(3, 0.7, 2);
    const newestFirst = [2, 9, 5];
    const expected = weights.map((_, j) =>
      newestFirst.reduce((sum, i, age) => sum + 0.8 ** age * at(weights, i, j), 0),
    );
    const params = { window: 3, decay: 0.7, shrink: 2, last: 3, historyDecay: 0.8 };
    expectClose(scoresOf(markovKnn, params, history), expected);
  });

  it('lets nothing follow across the end of a session', () => {
    const days = { ...data, at: data.at.map((_, row) => row * 48 * 3_600_000) };
    expect(scoresOf(markovKnn, { sessionHours: 24 }, history, days).every((score) => score === 0)).toBe(true);
    expect(scoresOf(markovKnn, { sessionHours: 50 }, history, days)).toEqual(
      scoresOf(markovKnn, {}, history, days),
    );
  });
});

describe.each(
  [itemKnn, ease, edlae, rp3Beta, gfCf, markovKnn].map((policy) => [policy.key, policy] as const),
)('%s', (_key, policy) => {
  it('ranks by popularity without a known history', () => {
    for (const nothing of [[], ['unheard-of']]) {
      const most = Math.max(...watched);
      expectClose(
        scoresOf(policy, {}, nothing),
        watched.map((count) => count / most),
      );
    }
  });

  it('trains on nothing without failing', () => {
    const none = {
      ...data,
      unit: new Uint32Array(0),
      item: new Uint32Array(0),
      value: new Float64Array(0),
      at: new Float64Array(0),
    };
    for (const set of [none, { ...none, units: [], items: [], itemFeatures: [] }])
      expect(scoresOf(policy, {}, ['a0'], set).every(Number.isFinite)).toBe(true);
  });
});
