import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { TrainingSet } from '../contract.js';
import { actionsOf, requestOf, tasteHistory } from '../testing/worlds.js';
import { ShortRowSolver } from './als-short-rows.js';
import { gramOf, RowSolver, sparseRows, transposeRows } from './als-solver.js';
import { implicitAls } from './implicit-als.js';

const params = implicitAls.params.parse({ dimension: 8 });
const quiet = () => undefined;

describe('one row of alternating least squares', () => {
  const dim = 6;
  const items = 40;
  const rng = createRng('row');
  const factors = Float64Array.from({ length: items * dim }, () => rng.normal());
  const weights = { unobserved: 0.2, regularisation: 0.05, frequency: 0.7 };

  function loss(w: Float64Array, columns: Uint32Array, confidences: Float64Array): number {
    const score = (i: number): number =>
      w.reduce((sum, value, j) => sum + value * (factors[i * dim + j] as number), 0);
    let sum = 0;
    columns.forEach((i, p) => (sum += (confidences[p] as number) * (1 - score(i)) ** 2));
    for (let i = 0; i < items; i++) sum += weights.unobserved * score(i) ** 2;
    const reg = weights.regularisation * (columns.length + weights.unobserved * items) ** weights.frequency;
    return sum + reg * w.reduce((square, value) => square + value * value, 0);
  }

  it.each([0, 1, 3, 4, 5, 11, 30])('is at the minimum of its loss with %d observed pairs', (n) => {
    const columns = Uint32Array.from({ length: n }, (_, i) => (i * 7) % items);
    const confidences = Float64Array.from({ length: n }, (_, i) => 1 + (i % 3));
    const w = new Float64Array(dim);
    new RowSolver(dim, weights, items).solve(factors, gramOf(factors, items, dim), columns, confidences, w);
    const best = loss(w, columns, confidences);
    for (let j = 0; j < dim; j++) {
      for (const step of [-1e-3, 1e-3]) {
        const moved = w.slice();
        moved[j] = (moved[j] as number) + step;
        expect(loss(moved, columns, confidences)).toBeGreaterThan(best);
      }
    }
  });
});

describe('short rows', () => {
  it.each([0, 1, 2, 5, 9])('have the same solution by the smaller system, with %d observed pairs', (n) => {
    const dim = 16;
    const count = 50;
    const rng = createRng(`short ${n}`);
    const factors = Float64Array.from({ length: count * dim }, () => rng.normal());
    const weights = { unobserved: 0.3, regularisation: 0.01, frequency: 1 };
    const gram = gramOf(factors, count, dim);
    const columns = Uint32Array.from({ length: n }, (_, i) => i * 5);
    const confidences = Float64Array.from({ length: n }, (_, i) => 0.5 + i);
    const direct = new Float64Array(dim);
    new RowSolver(dim, weights, count).solve(factors, gram, columns, confidences, direct);
    const short = new Float64Array(dim);
    new ShortRowSolver(dim, weights, count, factors, gram).solve(columns, confidences, short);
    short.forEach((value, j) => expect(value).toBeCloseTo(direct[j] as number, 11));
  });
});

describe('sparse rows', () => {
  it('merge pairs that occur twice and leave rows without pairs empty', () => {
    const rows = sparseRows(
      4,
      Uint32Array.of(2, 0, 2, 2),
      Uint32Array.of(1, 3, 0, 1),
      Float64Array.of(1, 2, 3, 4),
    );
    expect([...rows.start]).toEqual([0, 1, 1, 3, 3]);
    expect([...rows.columns]).toEqual([3, 0, 1]);
    expect([...rows.weights]).toEqual([2, 3, 5]);
    const turned = transposeRows(rows, 4);
    expect([...turned.start]).toEqual([0, 1, 2, 2, 3]);
    expect([...turned.columns]).toEqual([2, 2, 0]);
  });
});

describe('implicit-als', () => {
  const state = implicitAls.fit(tasteHistory(), params, createRng('fit'), quiet);
  const compiled = implicitAls.compile(state, params);
  const scoresOf = (history: unknown, ids: readonly string[]): number[] => {
    if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
    const actions = ids.map((id) => ({ id, features: {} }));
    return [...compiled.scores(requestOf(actions, { history } as never))];
  };

  it('reports its progress up to the end', () => {
    const shares: number[] = [];
    implicitAls.fit(tasteHistory(), params, createRng('fit'), (share) => shares.push(share));
    expect(shares.length).toBeGreaterThan(20);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(shares.at(-1)).toBe(1);
  });

  it('ranks by popularity for members without a known history', () => {
    for (const history of [[], ['unheard-of'], 'not a list', null]) {
      const [favourite, rare, unknown] = scoresOf(history, ['a0', 'a5', 'unheard-of']) as [
        number,
        number,
        number,
      ];
      expect(favourite).toBeGreaterThan(rare);
      expect(rare).toBeGreaterThan(unknown);
      expect(unknown).toBe(0);
    }
  });

  it('follows a history that changes from one request to the next', () => {
    const even = scoresOf(['a0', 'a1', 'a2', 'a3'], ['a5', 'a15']);
    const odd = scoresOf(['a10', 'a11', 'a12', 'a13'], ['a5', 'a15']);
    expect(even[0]).toBeGreaterThan(even[1] as number);
    expect(odd[1]).toBeGreaterThan(odd[0] as number);
  });

  it('folds in a long history in less than 5 ms', () => {
    const items = actionsOf(2000).map((action) => action.id);
    const wide = implicitAls.params.parse({});
    const rng = createRng('wide');
    const factors = Float32Array.from({ length: items.length * 64 }, () => 0.1 * rng.normal());
    const ranker = implicitAls.compile(
      { dimension: 64, items, factors, popularity: new Float64Array(items.length) },
      wide,
    );
    if (ranker.decides !== 'slate') throw new Error('a ranker was expected');
    const request = requestOf(actionsOf(40), { history: items.slice(0, 300) });
    const times = Array.from({ length: 60 }, () => {
      const start = process.cpuUsage();
      ranker.scores(request);
      return process.cpuUsage(start).user / 1000;
    });
    // The median of processor time, since the machine does other things too.
    expect(times.sort((a, b) => a - b)[30]).toBeLessThan(5);
  });

  it('trains on nothing without failing', () => {
    const none: TrainingSet = {
      units: ['u0'],
      items: ['a0'],
      unit: new Uint32Array(0),
      item: new Uint32Array(0),
      value: new Float64Array(0),
      at: new Float64Array(0),
      itemFeatures: [{}],
    };
    for (const data of [none, { ...none, units: [], items: [], itemFeatures: [] }]) {
      const empty = implicitAls.compile(implicitAls.fit(data, params, createRng('none'), quiet), params);
      if (empty.decides !== 'slate') throw new Error('a ranker was expected');
      expect([...empty.scores(requestOf(actionsOf(2), { history: ['a0'] }))].every(Number.isFinite)).toBe(
        true,
      );
    }
  });
});
