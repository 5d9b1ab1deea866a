import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context, Json } from '#experiments';
import type { TrainingSet } from '../contract.js';
import { requestOf } from '../testing/worlds.js';
import { alternatingLeastSquares, sparseRows, transposeRows } from './als-solver.js';
import { graph } from './graph.js';
import { groupEdges } from './graph/net.js';
import { NetTrainer } from './graph/net-train.js';
import type { MaskedMember } from './graph/net-train.js';
import { buildTable, inverseFrequencies, TitleReader } from './titles/table.js';

/** 40 members of two tastes and 24 titles, each of one taste, told by genre and star; nobody has watched the last 4. */
function world(): TrainingSet {
  const rng = createRng('graph world');
  const pairs: [number, number][] = [];
  for (let u = 0; u < 40; u++) {
    for (let i = 0; i < 20; i++) if (i % 2 === u % 2 && rng.uniform() < 0.5) pairs.push([u, i]);
  }
  const itemFeatures = Array.from({ length: 24 }, (_, i): Context => {
    const stars = [`star ${i % 4}`, `star ${4 + (i % 6)}`];
    return { genres: [i % 2 === 0 ? 'drama' : 'comedy', 'film'], stars, year: 1980 + i };
  });
  return {
    units: Array.from({ length: 40 }, (_, u) => `u${u}`),
    items: itemFeatures.map((_, i) => `t${i}`),
    unit: Uint32Array.from(pairs, ([u]) => u),
    item: Uint32Array.from(pairs, ([, i]) => i),
    value: new Float64Array(pairs.length).fill(1),
    at: new Float64Array(pairs.length),
    itemFeatures,
  };
}

const data = world();
const QUICK = { dimension: 8, epochs: 10, nets: 2, batch: 16 };

function fitted(params: object) {
  const parsed = graph.params.parse({ ...QUICK, ...params });
  const state = graph.fit(data, parsed, createRng('fit'), () => undefined);
  const stored = JSON.parse(JSON.stringify(graph.encode(state))) as Json;
  const compiled = graph.compile(graph.decode(stored), parsed);
  if (compiled.decides !== 'slate') throw new Error('graph ranks');
  return { parsed, state, scores: compiled.scores };
}

const known = data.items.map((id) => ({ id, features: {} as Context }));
const drama = { history: ['t0', 't2', 't4'] };
/** Same attributes as t20 and t21, which nobody has watched, under ids that training has not met. */
const newDrama = { id: 'new drama', features: data.itemFeatures[20] as Context };
const newComedy = { id: 'new comedy', features: data.itemFeatures[21] as Context };

describe.each(['ensemble', 'net', 'factors', 'walk'])('graph, mode %s', (mode) => {
  const { scores } = fitted({ mode });
  const answer = scores(requestOf([...known, newDrama, newComedy], drama));

  it('ranks titles that nobody has watched by the taste that their attributes tell', () => {
    expect(answer[20]).toBeGreaterThan(answer[21] as number);
    expect(answer[22]).toBeGreaterThan(answer[23] as number);
  });

  it('ranks a title that training has not met like a known one of the same attributes', () => {
    expect(answer[24]).toBeGreaterThan(answer[25] as number);
    // The walk counts the title's own edges, which are not in the graph yet.
    const difference = Math.abs((answer[24] as number) / (answer[20] as number) - 1);
    expect(difference).toBeLessThan(mode === 'walk' ? 0.25 : 1e-6);
  });
});

describe('walk', () => {
  it('is the power of the transition matrix', () => {
    const { parsed, scores } = fitted({ mode: 'walk', steps: 5, follow: 0.8, relationWeights: { stars: 3 } });
    const table = buildTable(data.items, data.itemFeatures, parsed);
    const [n, p] = [data.items.length, table.names.length];
    const size = n + p + data.units.length;
    const weight = Array.from({ length: size }, () => new Float64Array(size));
    const tie = (a: number, b: number, w: number): void => {
      (weight[a] as Float64Array)[b] = w;
      (weight[b] as Float64Array)[a] = w;
    };
    table.names.forEach((name, c) => {
      const w = (name.startsWith('stars') ? 3 : 1) / Math.log(2 + (table.titles[c] as number));
      const reader = new TitleReader(table, parsed);
      for (let i = 0; i < n; i++) if (reader.known(i).columns.includes(c)) tie(i, n + c, w);
    });
    data.unit.forEach((u, row) => tie(n + p + u, data.item[row] as number, 0.1));
    const degree = weight.map((line) => line.reduce((sum, w) => sum + w, 0));
    const home = Float64Array.from({ length: size }, (_, a) => ([0, 2, 4].includes(a) ? 1 / 3 : 0));
    let mass = home.slice();
    for (let step = 0; step < 5; step++) {
      mass = home.map((share, b) => {
        const arriving = weight.reduce((sum, line, a) => {
          const flow = ((mass[a] as number) * (line[b] as number)) / Math.max(1e-12, degree[a] as number);
          return sum + flow;
        }, 0);
        return 0.2 * share + 0.8 * arriving;
      });
    }
    scores(requestOf(known, drama)).forEach((score, i) => {
      expect(score).toBeCloseTo((mass[i] as number) / Math.sqrt(degree[i] as number), 12);
    });
  });
});

describe('factors', () => {
  it('are those of iALS over the watched titles', () => {
    const { scores } = fitted({ mode: 'factors', dimension: 4, iterations: 5 });
    const byUnit = sparseRows(40, data.unit, data.item, new Float64Array(data.item.length).fill(1));
    const weights = { unobserved: 0.1, regularisation: 0.01, frequency: 1 };
    const factors = alternatingLeastSquares(
      byUnit,
      transposeRows(byUnit, 20),
      4,
      5,
      weights,
      createRng('fit'),
      () => undefined,
    );
    // The member's least squares, checked by its normal equations: (alpha V'V + sum v v' + reg) w = sum v.
    const answer = scores(requestOf(known, drama)).slice(0, 20);
    const line = (i: number): Float64Array => factors.subarray(4 * i, 4 * i + 4);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, j) => sum + v * (b[j] as number), 0);
    const history = [0, 2, 4];
    // Multiplied with V, with s = V w and K = V V': reg s + K (alpha s + (s - 1) on the history) = 0.
    const reg = 0.01 * (history.length + 0.1 * 20);
    const pull = answer.map((s, i) => 0.1 * s + (history.includes(i) ? s - 1 : 0));
    answer.forEach((s, i) => {
      const rest = pull.reduce((sum, value, j) => sum + value * dot(line(i), line(j)), 0);
      expect(reg * s + rest).toBeCloseTo(0, 5);
    });
  });
});

describe('net', () => {
  const rules = graph.params.parse({});
  const table = buildTable(data.items, data.itemFeatures, rules);
  const reader = new TitleReader(table, rules);
  const titles = Array.from({ length: 20 }, (_, i) => reader.known(i));
  const edges = groupEdges(titles, table, inverseFrequencies(table), 0.5);

  it('has the gradient that finite differences find', () => {
    const rng = createRng('gradient');
    const trainer = new NetTrainer(edges, table.names.length, 4, 3);
    const { weights, gradient } = trainer;
    const names = ['attributes', 'own', 'relations', 'attention', 'bias'] as const;
    for (const name of names) weights[name].forEach((_, i) => (weights[name][i] = 0.5 * rng.normal()));
    const members: MaskedMember[] = [
      { inputs: [0, 2], targets: Uint32Array.of(0, 2, 4) },
      { inputs: [], targets: Uint32Array.of(1) },
      { inputs: [5], targets: Uint32Array.of(5, 7) },
    ];
    const own = Float32Array.from({ length: 20 }, (_, i) => i % 3);
    const kept = Float32Array.from({ length: table.names.length }, (_, c) => (c % 4 === 0 ? 0 : 1.25));
    trainer.learn(members, own, kept);
    // Later calls add to the gradient.
    const analytic = names.map((name) => [name, gradient[name].slice()] as const);
    for (const [name, found] of analytic) {
      for (let i = 0; i < found.length; i += Math.ceil(found.length / 7)) {
        const before = weights[name][i] as number;
        const loss = (shift: number): number => {
          weights[name][i] = before + shift;
          const value = trainer.learn(members, own, kept);
          weights[name][i] = before;
          return value;
        };
        // Singles: the step is large enough to stand out of their rounding.
        const numeric = (loss(0.01) - loss(-0.01)) / 0.02;
        expect(Math.abs(numeric - (found[i] as number))).toBeLessThan(2e-3 * Math.max(1, Math.abs(numeric)));
      }
    }
  });

  it('learns: the loss of a member falls', () => {
    const trainer = new NetTrainer(edges, table.names.length, 8, 1);
    const rng = createRng('steps');
    trainer.weights.attributes.forEach((_, i) => (trainer.weights.attributes[i] = 0.1 * rng.normal()));
    const member = [{ inputs: [0, 2, 4], targets: Uint32Array.of(6, 8) }];
    const own = new Float32Array(20);
    const first = trainer.learn(member, own);
    for (let n = 0; n < 60; n++) {
      trainer.step(0.05, 0);
      trainer.learn(member, own);
    }
    expect(first).toBeCloseTo(Math.log(20), 0);
    expect(trainer.learn(member, own)).toBeLessThan(0.6 * first);
  });
});
