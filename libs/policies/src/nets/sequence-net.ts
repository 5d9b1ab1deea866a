import type { Rng } from '#experiments';
import { Kernels } from '../kernels/index.js';
import type { Floats, Ints } from '../kernels/index.js';
import { GruCell } from './gru.js';
import { Embedding, head } from './layers.js';
import { LstmCell } from './lstm.js';
import { Parameters } from './parameters.js';
import type { StepOptions } from './parameters.js';
import { RecurrentLayer } from './recurrent.js';
import { SelfAttentionLayer } from './self-attention.js';
import type { SequenceLayer, SequenceNetOptions, SequenceShape } from './sequence-layer.js';
import { TiedSoftmax } from './tied-softmax.js';
import { answersOf, partOf } from './window.js';
import type { Window } from './window.js';

/** Name of the parameter with a vector per item. */
export const ITEM_VECTORS = 'items';

export const SEQUENCE_CELLS = ['self-attention', 'gru', 'lstm'] as const;
export type SequenceCell = (typeof SEQUENCE_CELLS)[number];

export interface NetOptions extends SequenceNetOptions {
  readonly cell: SequenceCell;
  readonly items: number;
  /** Sizes of the tables of what else may be known of an item in a sequence; absent: there is none. */
  readonly signals?: readonly number[];
  /** Without it only `encode` and `score` can be used, and less memory is taken. */
  readonly trained: boolean;
  /** Bytes; DomainError `out_of_memory` above. */
  readonly memoryLimit?: number;
}

const layers: Record<SequenceCell, (p: Parameters, o: SequenceNetOptions, rng: Rng) => SequenceLayer> = {
  'self-attention': (parameters, options, rng) => new SelfAttentionLayer(parameters, options, rng),
  gru: (parameters, options, rng) => {
    const cell = new GruCell(parameters, options.dimension, options.length, options.batch);
    return new RecurrentLayer(parameters, cell, options, rng);
  },
  lstm: (parameters, options, rng) => {
    const cell = new LstmCell(parameters, options.dimension, options.length, options.batch);
    return new RecurrentLayer(parameters, cell, options, rng);
  },
};

/**
 * Next-item network: item embeddings, a layer over the sequence, and a softmax over all items with the same embeddings. Items
 * are numbered from 0.
 */
export class SequenceNet {
  readonly parameters: Parameters;
  private readonly kernels: Kernels;
  private readonly embedding: Embedding;
  private readonly layer: SequenceLayer;
  private readonly softmax: TiedSoftmax;
  private readonly signals: readonly { readonly table: Embedding; readonly index: Ints }[];
  private readonly inputs: Ints;
  private readonly answerRows: Ints;
  private readonly targets: Ints;
  private readonly answers: Floats;
  private readonly dStates: Floats;
  private shape: SequenceShape | undefined;

  constructor(
    readonly options: NetOptions,
    rng: Rng,
  ) {
    const { batch, cell, dimension, items, length, trained } = options;
    this.kernels = new Kernels(undefined, options.memoryLimit);
    const rows = batch * length;
    const { arena } = this.kernels;
    this.parameters = new Parameters(this.kernels);
    // As in Vaswani et al. (2017): beside learned positions the item vectors would be too small.
    const scale = cell === 'self-attention' ? Math.sqrt(dimension) : 1;
    this.embedding = new Embedding(this.parameters, ITEM_VECTORS, items, dimension, scale, rows);
    this.layer = layers[cell](this.parameters, options, rng);
    this.softmax = new TiedSoftmax(this.parameters, this.embedding, items, trained ? rows : 1);
    // They start at nothing: the network learns what they are worth beside the items.
    this.signals = (options.signals ?? []).map((size, i) => ({
      table: new Embedding(this.parameters, `signal ${i}`, size, dimension, scale, rows, { value: 0 }),
      index: arena.ints(rows),
    }));
    this.inputs = arena.ints(rows);
    this.answerRows = arena.ints(rows);
    this.targets = arena.ints(rows);
    this.answers = arena.floats(rows * dimension);
    this.dStates = arena.floats(rows * dimension);
    this.parameters.build(rng, trained);
  }

  /** Bytes that the network takes. */
  get memory(): number {
    return this.kernels.arena.used;
  }

  /** One step of the optimiser. @returns the mean loss of the answers, before the step. */
  train(windows: readonly Window[], step: StepOptions): number {
    const loss = this.gradient(windows, true);
    this.parameters.step(step);
    return loss;
  }

  /** Leaves the gradient of the mean loss in the parameters. @param training with dropout or without. */
  gradient(windows: readonly Window[], training: boolean): number {
    this.parameters.clearGradients();
    const { answers, rows, targets } = this.ask(windows, training);
    const { dimension } = this.options;
    const { loss, dx: dAnswers } = this.softmax.trainingLoss(answers, targets);
    const shape = this.shape as SequenceShape;
    const dStates = head(this.dStates, shape.batch * shape.steps * dimension);
    dStates.view.fill(0);
    this.kernels.scatterAdd(dStates, dAnswers, rows, dimension);
    const dx = this.layer.backward(dStates);
    this.embedding.backward(dx);
    for (const { table } of this.signals) table.backward(dx);
    return loss;
  }

  /** Ranks of the answers among all items, from 1, window by window. */
  ranks(windows: readonly Window[]): Float64Array {
    const { answers, targets } = this.ask(windows, false);
    return this.softmax.ranks(answers, targets);
  }

  /** The states that have an answer, one after the other, with the answers. */
  private ask(windows: readonly Window[], training: boolean) {
    const { dimension } = this.options;
    const steps = windows.reduce((most, { items }) => Math.max(most, items.length - 1), 0);
    const inputs = windows.map((window) => partOf(window, 0, window.items.length - 1));
    const states = this.states(inputs, steps, training);
    const [rows, targets] = [this.answerRows.view, this.targets.view];
    let size = 0;
    windows.forEach((window, b) => {
      const { items } = window;
      for (const place of answersOf(window)) {
        rows[size] = this.row(b, place - 1, items.length - 1);
        targets[size++] = items[place] as number;
      }
    });
    const answered = this.answerRows.part(0, size);
    const answers = head(this.answers, size * dimension);
    this.kernels.gather(answers, states, answered, dimension);
    return { answers, rows: answered, targets: this.targets.part(0, size) };
  }

  private states(inputs: readonly Window[], steps: number, training: boolean): Floats {
    const batch = inputs.length;
    const bySequence = this.layer.rows === 'by sequence';
    const first = Int32Array.from(inputs, ({ items }) => (bySequence ? steps - items.length : 0));
    this.shape = { batch, steps, first };
    const lists = inputs.map(({ items }) => items);
    const x = this.embedding.forward(this.laidOut(this.inputs, lists));
    this.signals.forEach(({ index, table }, k) => {
      const known = inputs.map(({ signals }) => signals?.[k]);
      if (known.some((list) => list !== undefined)) {
        this.kernels.addScaled(x, table.forward(this.laidOut(index, known)));
      } else table.skip();
    });
    return this.layer.forward(x, this.shape, training);
  }

  /** Numbers of a batch in the rows of the layer; -1 where there is none. */
  private laidOut(block: Ints, lists: readonly (Int32Array | undefined)[]): Ints {
    const { batch, steps } = this.shape as SequenceShape;
    const index = block.part(0, batch * steps);
    const { view } = index;
    view.fill(-1);
    lists.forEach((list, b) => {
      list?.forEach((number, i) => (view[this.row(b, i, list.length)] = number));
    });
    return index;
  }

  /** Row of input i of sequence b, which has so many. */
  private row(b: number, i: number, length: number): number {
    const { batch, steps } = this.shape as SequenceShape;
    return this.layer.rows === 'by sequence' ? b * steps + steps - length + i : i * batch + b;
  }

  /** The vector of what comes after these items (at least one; the last `length` of them count). Valid until the next call. */
  encode(history: Window): Float32Array {
    const { dimension, length } = this.options;
    const size = history.items.length;
    const lately = partOf(history, Math.max(0, size - length), size);
    const steps = lately.items.length;
    return this.states([lately], steps, false).part((steps - 1) * dimension, dimension).view;
  }

  /** What `score` multiplies and adds, one row and one bias per item. */
  titles(): { readonly rows: Float32Array; readonly biases: Float32Array } {
    const biases = this.softmax.bias.weights.view.slice();
    return {
      rows: this.embedding.table.weights.view.slice(0, biases.length * this.options.dimension),
      biases,
    };
  }

  /** Logarithm, up to a constant, of the probability that an item comes next. */
  score(vector: Float32Array, item: number): number {
    const table = this.embedding.table.weights.view;
    const base = item * vector.length;
    let sum = this.softmax.bias.weights.view[item] as number;
    for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) * (table[base + i] as number);
    return sum;
  }
}
