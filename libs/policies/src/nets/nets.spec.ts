import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { Kernels } from '../kernels/index.js';
import type { Floats } from '../kernels/index.js';
import { Dense, Dropout, Embedding, LayerNorm } from './layers.js';
import { Parameters } from './parameters.js';
import { SEQUENCE_CELLS, SequenceNet } from './sequence-net.js';
import type { SequenceCell } from './sequence-net.js';
import { SequenceTrainer } from './sequence-trainer.js';
import type { Window } from './window.js';

const STEP = 4e-3;

/** The gradient by central differences, against the one that was derived by hand: relative to its length. */
function gradientError(values: Float32Array, gradient: Float32Array, loss: () => number): number {
  let difference = 0;
  let size = 0;
  const own = gradient.slice();
  for (let i = 0; i < values.length; i++) {
    const before = values[i] as number;
    values[i] = before + STEP;
    const up = loss();
    values[i] = before - STEP;
    const down = loss();
    values[i] = before;
    const numeric = (up - down) / (2 * STEP);
    difference += (numeric - (own[i] as number)) ** 2;
    size += numeric ** 2;
  }
  // Some gradients are 0 (softmax does not see a bias of the keys): there the noise of the differences is all there is.
  return Math.sqrt(difference) / Math.max(Math.sqrt(size), 0.02);
}

interface Derived {
  readonly name: string;
  readonly weights: { readonly view: Float32Array };
  readonly gradient: { readonly view: Float32Array };
}

function expectGradients(parameters: readonly Derived[], loss: () => number): void {
  const wrong = parameters
    .map(({ name, weights, gradient }) => ({ name, error: gradientError(weights.view, gradient.view, loss) }))
    .filter(({ error }) => !(error < 0.01));
  expect(wrong).toEqual([]);
}

describe('layers', () => {
  const rows = 5;
  const kernels = new Kernels();
  const rng = createRng('layers');
  const draw = (n: number) => kernels.arena.copyFloats(Array.from({ length: n }, () => rng.normal()));
  /** A loss that weighs every output differently. */
  const against = (y: Floats, weights: Floats): number =>
    y.view.reduce((sum, v, i) => sum + v * (weights.view[i] as number), 0);

  it.each([
    ['dense', (p: Parameters) => new Dense(p, 'dense', 4, 4, rows)],
    ['layer norm', (p: Parameters) => new LayerNorm(p, 'norm', 4, rows)],
  ] as const)('%s has the gradient of its forward pass', (_name, make) => {
    const parameters = new Parameters(kernels);
    const layer = make(parameters);
    parameters.build(createRng('start'));
    for (const { weights } of parameters.list)
      weights.view.forEach((v, i, all) => (all[i] = v + 0.3 * rng.normal()));
    const [x, weights] = [draw(rows * 4), draw(rows * 4)];
    const loss = () => against(layer.forward(x, rows), weights);
    loss();
    const dx = layer.backward(kernels.arena.copyFloats(weights.view), rows).view.slice();
    expectGradients(parameters.list, loss);
    expect(gradientError(x.view, dx, loss)).toBeLessThan(0.01);
  });

  it('embedding adds up the gradients of the rows that were looked up', () => {
    const parameters = new Parameters(kernels);
    const embedding = new Embedding(parameters, 'items', 3, 4, 2, rows);
    parameters.build(createRng('start'));
    const [index, weights] = [kernels.arena.copyInts([2, 0, -1, 2, 2]), draw(rows * 4)];
    const loss = () => against(embedding.forward(index), weights);
    loss();
    embedding.backward(weights);
    expectGradients(parameters.list, loss);
  });

  it('dropout keeps the mean, repeats its masks by seed, and rests outside of training', () => {
    const n = 4_001;
    const run = (training: boolean) => {
      const x = kernels.arena.floats(n);
      x.view.fill(1);
      const dropout = new Dropout(new Parameters(kernels), 0.3, n, createRng('masks'));
      dropout.forward(x, x, training);
      const dy = kernels.arena.floats(n);
      dy.view.fill(1);
      dropout.backward(dy);
      expect(dy.view).toEqual(x.view);
      return x.view.slice();
    };
    const dropped = run(true);
    expect(dropped.reduce((sum, v) => sum + v, 0) / n).toBeCloseTo(1, 1);
    expect(dropped.filter((v) => v === 0).length / n).toBeCloseTo(0.3, 1);
    expect(run(true)).toEqual(dropped);
    expect(run(false).every((v) => v === 1)).toBe(true);
  });
});

function netOf(cell: SequenceCell, more: object = {}): SequenceNet {
  const options = { dimension: 6, length: 5, batch: 3, blocks: 2, dropout: 0, items: 9 };
  return new SequenceNet({ ...options, cell, trained: true, ...more }, createRng(`net ${cell}`));
}

const windows: Window[] = [
  { items: Int32Array.of(1, 2, 3, 4, 5, 6) },
  { items: Int32Array.of(8, 0) },
  { items: Int32Array.of(3, 3, 7, 1), answers: 2 },
];

/** The same with more said of some steps, and with items that are read but not asked for. */
const signalled: Window[] = [
  {
    items: Int32Array.of(1, 2, 3, 4, 5, 6),
    counts: Uint8Array.of(1, 1, 0, 1, 0, 1),
    signals: [Int32Array.of(0, 1, -1, 1, 0, 0), Int32Array.of(2, -1, -1, 0, 1, 1)],
  },
  { items: Int32Array.of(8, 0) },
  { items: Int32Array.of(3, 3, 7, 1), answers: 2, signals: [Int32Array.of(1, 1, 0, 0), new Int32Array(4)] },
];

const after = (...items: number[]): Window => ({ items: Int32Array.from(items) });

describe.each(SEQUENCE_CELLS)('a network with %s', (cell) => {
  it.each([
    ['titles alone', {}, windows],
    ['titles and signals', { signals: [2, 3] }, signalled],
  ] as const)('has the gradient of its loss in every weight: %s', (_what, more, asked) => {
    const net = netOf(cell, more);
    const rng = createRng('more');
    for (const { weights } of net.parameters.list)
      weights.view.forEach((v, i, all) => (all[i] = v + 0.2 * rng.normal()));
    net.gradient(asked, false);
    const own = net.parameters.list.map(({ gradient, name, weights }) => ({
      name,
      weights,
      gradient: { view: gradient.view.slice() },
    }));
    expectGradients(own, () => net.gradient(asked, false));
  });

  it('does not look ahead, and padding changes nothing', () => {
    const net = netOf(cell);
    const loss = (...asked: Window[]) =>
      net.gradient(asked, false) * asked.reduce((sum, w) => sum + (w.answers ?? w.items.length - 1), 0);
    const [long, short] = [windows[0] as Window, windows[1] as Window];
    expect(loss(long, short)).toBeCloseTo(loss(long) + loss(short), 4);
    const vector = net.encode(after(8, 0)).slice();
    net.encode(after(8, 0, 4));
    expect([...net.encode(after(8, 0))]).toEqual([...vector]);
  });

  it('learns a cycle by heart', () => {
    const net = netOf(cell, { dimension: 16, dropout: 0.1, batch: 8 });
    const sequences = Array.from({ length: 20 }, (_, u) =>
      after(...Array.from({ length: 12 }, (__, t) => (2 * t + u) % 9)),
    );
    const trainer = new SequenceTrainer(net, sequences, createRng('train'));
    let loss = 0;
    for (let epoch = 0; epoch < 25; epoch++) loss = trainer.epoch({ rate: 1e-2, clip: 5 }, () => undefined);
    expect(loss).toBeLessThan(0.5);
    const vector = net.encode(after(0, 2, 4));
    const scores = Array.from({ length: 9 }, (_, item) => net.score(vector, item));
    expect(scores.indexOf(Math.max(...scores))).toBe(6);
    expect([...net.ranks([{ items: Int32Array.of(0, 2, 4, 6), answers: 1 }])]).toEqual([1]);
  });
});

describe('memory', () => {
  it('is refused above the limit', () => {
    expect(() => netOf('gru', { items: 2e6, dimension: 64, memoryLimit: 256 * 1024 ** 2 })).toThrow(/256 MB/);
  });
});
