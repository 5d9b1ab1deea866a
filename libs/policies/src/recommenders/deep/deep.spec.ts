import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context, Rng } from '#experiments';
import type { DecisionRequest, Ranker, TaskRows, TrainingSet } from '../../contract.js';
import type { Parameter } from '../../nets/parameters.js';
import { deep } from '../deep.js';
import { Examples } from './examples.js';
import { FeatureSpace } from './feature-space.js';
import { RankingNet } from './ranking-net.js';
import { RetrievalTrainer } from './retrieval-trainer.js';
import { questionsOf, TaskTrainer } from './task-trainer.js';
import { historyOf, playTasks, tasteAndDevice as world } from './tasks-world.js';

/** Relative distance between the gradient and central differences of the loss, per parameter. */
function wrongGradients(parameters: readonly Parameter[], loss: () => number): string[] {
  loss();
  const own = parameters.map(({ gradient }) => gradient.view.slice());
  return parameters.flatMap(({ name, weights }, k) => {
    let [difference, size] = [0, 0];
    for (let i = 0; i < weights.length; i++) {
      const before = weights.view[i] as number;
      weights.view[i] = before + 4e-3;
      const up = loss();
      weights.view[i] = before - 4e-3;
      const down = loss();
      weights.view[i] = before;
      const numeric = (up - down) / 8e-3;
      difference += (numeric - (own[k]?.[i] as number)) ** 2;
      size += numeric ** 2;
    }
    const error = Math.sqrt(difference) / Math.max(Math.sqrt(size), 0.02);
    return error < 0.02 ? [] : [`${name}: ${error}`];
  });
}

const RULES = { title: { least: 1, most: 100 }, context: { least: 1, most: 100 } };

function tiny(): TrainingSet {
  return {
    units: ['a', 'b'],
    items: ['x', 'y', 'z'],
    unit: Uint32Array.of(0, 0, 1, 1, 0),
    item: Uint32Array.of(0, 1, 2, 0, 2),
    value: new Float64Array(5).fill(1),
    at: Float64Array.of(1, 2, 3, 4, 5).map((hour) => hour * 3_600_000),
    itemFeatures: [
      { genre: 'drama' },
      { genre: 'drama', year: 1990 },
      { genres: ['horror', 'drama'], year: 2010 },
    ],
    contexts: [{ device: 'tv' }, { device: 'phone', kids: true }],
    context: Int32Array.of(0, 1, -1, 1, 0),
  };
}

const shapeOf = (examples: Examples, heads: number, pairs: number) => ({
  dimension: 3,
  hidden: 4,
  heads,
  titles: 3,
  titleFeatures: 3 + examples.titleSpace.size,
  contextFeatures: examples.contextSpace.size,
  queries: 5,
  rows: 5,
  pairs,
  trained: true,
});

/** Draws that repeat, so that the same step can be taken again. */
const repeating = (): Rng => ({ ...createRng('same'), below: () => 0, uniform: () => 0.99 });

/** Moves the weights away from their start, where hidden layers are all but silent. */
function stir(net: RankingNet): void {
  const rng = createRng('stir');
  for (const { weights } of net.parameters.list)
    weights.view.forEach((value, i, all) => (all[i] = value + 0.3 * rng.normal()));
}

describe('ranking network', () => {
  it('has the gradient of its losses, over all titles and over drawn ones', () => {
    const data = tiny();
    const examples = new Examples(data, RULES);
    const net = new RankingNet(shapeOf(examples, 1, 15), createRng('net'));
    stir(net);
    const options = { batch: 5, titles: 3, negatives: 2, rate: 0.01, decay: 0, dropped: 0 };
    const trainer = new RetrievalTrainer(net, examples, data.item, options, repeating());
    const loss = () => {
      net.parameters.clearGradients();
      return trainer.gradient(Uint32Array.of(1, 3, 4), true);
    };
    expect(wrongGradients(net.parameters.list, loss)).toEqual([]);
  });

  it('has the gradient of the losses of several tasks, with and without a title', () => {
    const data = tiny();
    const examples = new Examples(data, RULES);
    const net = new RankingNet(shapeOf(examples, 2, 5), createRng('net'));
    stir(net);
    const task = (name: string, item: number[], label: number[]): TaskRows => ({
      name,
      unit: Uint32Array.from(item, (_, i) => i % 2),
      item: Int32Array.from(item),
      label: Uint8Array.from(label),
      at: Float64Array.from(item, () => 3.5 * 3_600_000),
      context: Int32Array.from(item, (_, i) => (i % 3) - 1),
    });
    const tasks = [task('play', [0, 1, 2], [1, 0, 1]), task('cancel', [-1, -1], [1, 0])];
    const questions = tasks.map((one) => questionsOf(one, examples));
    expect([...(questions[0]?.before ?? [])]).toEqual([2, 1, 2]);
    const trainer = new TaskTrainer(
      net,
      examples,
      questions,
      { rate: 0.01, decay: 0, dropped: 0 },
      repeating(),
    );
    const rows = tasks.flatMap(({ label }, k) => Array.from(label, (_, row) => ({ task: k, row })));
    const loss = () => {
      net.parameters.clearGradients();
      return trainer.gradient(rows, true);
    };
    expect(wrongGradients(net.parameters.list, loss)).toEqual([]);
  });
});

describe('feature space', () => {
  it('names texts, lists, booleans, ranges of numbers and pieces of queries; what it has not met it leaves out', () => {
    const contexts: Context[] = Array.from({ length: 80 }, (_, i) => ({
      hour: i % 24,
      device: i % 2 === 0 ? 'tv' : 'phone',
      langs: ['en', 'fr'],
      kids: i % 2 === 0,
      query: 'space pirate',
      history: ['a'],
    }));
    const space = FeatureSpace.learn(contexts, { least: 2, most: 1000 });
    const named = (context: Context) => space.encode(context).index.map((i) => space.names[i]);
    expect(named({ device: 'tv', kids: false, langs: ['en', 'xx'], history: ['a'] }).sort()).toEqual([
      'device=tv',
      'langs=en',
    ]);
    expect(named({ hour: 1 })).not.toEqual(named({ hour: 22 }));
    const shared = named({ query: 'pirrate' }).filter((name) => named({ query: 'pirate' }).includes(name));
    expect(shared.length).toBeGreaterThanOrEqual(3);
    expect(named({ device: 'fridge', hour: Number.NaN })).toEqual([]);
    expect(
      FeatureSpace.fromJson(JSON.parse(JSON.stringify(space.toJson()))).encode({ device: 'tv' }),
    ).toEqual(space.encode({ device: 'tv' }));
  });
});

describe('deep', () => {
  it('learns taste from the history, length from the device, and ranks titles that are new by their features', () => {
    const { data, titles, taste } = world(createRng('deep world'), 150, 12);
    const params = deep.params.parse({
      epochs: 6,
      dimension: 8,
      hidden: 16,
      batch: 64,
      learningRate: 0.01,
      dropped: 0.3,
    });
    const shares: number[] = [];
    const state = deep.fit(data, params, createRng('deep'), (share) => shares.push(share));
    expect(shares.at(-1)).toBe(1);
    const ranker = deep.compile(
      deep.decode(JSON.parse(JSON.stringify(deep.encode(state)))),
      params,
    ) as Ranker;
    const fresh = titles.slice(0, 4).map(({ features }, i) => ({ id: `new${i}`, features }));
    let right = 0;
    for (let member = 0; member < 60; member++) {
      for (const device of [0, 1]) {
        const request: DecisionRequest = {
          unitId: `m${member}`,
          context: { history: historyOf(data, member), device: device === 0 ? 'phone' : 'tv' },
          actions: [...titles, ...fresh],
          subject: null,
          at: 0,
        };
        const scores = ranker.scores(request);
        const best = (from: number, to: number) => {
          const part = Array.from(scores.subarray(from, to));
          return part.indexOf(Math.max(...part)) % 4;
        };
        const wanted = [0, 1, 2, 3].find((i) => i % 2 === taste[member] && i < 2 === (device === 0));
        right += Number(best(0, 40) === wanted) + Number(best(40, 44) === wanted);
      }
    }
    expect(right / 240).toBeGreaterThan(0.9);
  });
});

describe('multi-task', () => {
  it('knows more of a small task than a network that learns it alone', () => {
    const { alone, together } = playTasks('tasks', { told: 250, asked: 1500 });
    const gains = alone.losses.map((loss, i) => loss - (together.losses[i] as number));
    const mean = gains.reduce((a, b) => a + b) / gains.length;
    const se = Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0)) / gains.length;
    expect(mean).toBeGreaterThan(3 * se);
  });
});
