import type { Rng } from '#experiments';
import type { Checkpoints } from '../../contract.js';
import { Kernels } from '../../kernels/index.js';
import type { Floats } from '../../kernels/index.js';
import type { SparseRows } from '../als-solver.js';
import { addRow, addTitleGradient, drawWeights, titleVectors, weightSizes, WEIGHT_NAMES } from './net.js';
import type { GroupedEdges, NetWeights } from './net.js';
import { CountedRng } from '../../sampling/counted-rng.js';
import type { Uniforms } from '../../sampling/counted-rng.js';
import { shuffle } from '../../sampling/shuffle.js';

export interface NetTraining {
  readonly dimension: number;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  readonly spread: number;
  /** Shares that training leaves out at random. */
  readonly dropInput: number;
  readonly dropAttribute: number;
  readonly dropOwn: number;
}

/** What one member of a batch is shown, and what is to be named; at least one target. */
export interface MaskedMember {
  readonly inputs: readonly number[];
  readonly targets: Uint32Array;
}

/** Divisor of a sum of `count` titles: its root, so that longer histories say more, but not in proportion. */
export const tasteScale = (count: number): number => 1 / Math.sqrt(Math.max(1, count));

type WeightName = (typeof WEIGHT_NAMES)[number];
type WeightBlocks = Readonly<Record<WeightName, Floats>>;
type WeightArrays = Readonly<Record<WeightName, Float32Array>>;

/** All that the next step of a training depends on. */
interface TrainerState {
  readonly weights: WeightArrays;
  readonly mean: WeightArrays;
  readonly square: WeightArrays;
  readonly steps: number;
}

/** What a training has come to after an epoch. */
interface Checkpoint {
  readonly epoch: number;
  readonly trainer: TrainerState;
  readonly order: Uint32Array;
  /** Place in the stream that shuffles and leaves out. */
  readonly place: number;
}

const copiesOf = (blocks: WeightBlocks): WeightArrays =>
  Object.fromEntries(WEIGHT_NAMES.map((name) => [name, blocks[name].view.slice()])) as WeightArrays;

/** Views of the arena, good until it grows. */
function viewsOf(blocks: WeightBlocks, dimension: number): NetWeights {
  return {
    dimension,
    attributes: blocks.attributes.view,
    own: blocks.own.view,
    relations: blocks.relations.view,
    attention: blocks.attention.view,
    bias: blocks.bias.view,
  };
}

/**
 * The net with what one training step needs, in one arena that is taken whole at the start.
 */
export class NetTrainer {
  readonly weights: NetWeights;
  readonly gradient: NetWeights;
  private readonly kernels = new Kernels();
  private readonly blocks: Readonly<Record<'weights' | 'gradient' | 'mean' | 'square', WeightBlocks>>;
  private readonly vectors: Floats;
  private readonly bias: Floats;
  private readonly byVector: Floats;
  private readonly byBias: Floats;
  private readonly taste: Floats;
  private readonly byTaste: Floats;
  private readonly logits: Floats;
  private readonly means: Float32Array;
  private readonly shares: Float32Array;
  private steps = 0;

  /** @param most members of the largest batch. */
  constructor(
    private readonly edges: GroupedEdges,
    attributes: number,
    private readonly dimension: number,
    most: number,
  ) {
    const sizes = weightSizes(attributes, edges.titles, edges.relations, dimension);
    const { arena } = this.kernels;
    const take = (): WeightBlocks =>
      Object.fromEntries(WEIGHT_NAMES.map((name) => [name, arena.floats(sizes[name])])) as WeightBlocks;
    this.blocks = { weights: take(), gradient: take(), mean: take(), square: take() };
    this.vectors = arena.floats(edges.titles * dimension);
    this.byVector = arena.floats(edges.titles * dimension);
    this.bias = arena.floats(edges.titles);
    this.byBias = arena.floats(edges.titles);
    this.taste = arena.floats(most * dimension);
    this.byTaste = arena.floats(most * dimension);
    this.logits = arena.floats(most * edges.titles);
    this.means = new Float32Array(edges.relationOf.length * dimension);
    this.shares = new Float32Array(edges.relationOf.length);
    this.weights = viewsOf(this.blocks.weights, dimension);
    this.gradient = viewsOf(this.blocks.gradient, dimension);
  }

  /**
   * Mean over members of -(1 / targets) sum over targets of ln softmax(taste . title + bias) over all titles, where
   * the taste is the sum of the input titles over the root of their number. Adds its gradient to `gradient`.
   * @param own how much of its own row each title has in this step. @param kept factor of each attribute.
   * @returns the loss.
   */
  learn(members: readonly MaskedMember[], own: Float32Array, kept?: Float32Array): number {
    const { dimension, edges, means, shares } = this;
    const titles = edges.titles;
    const rows = members.length;
    for (const array of [this.vectors.view, this.bias.view, this.taste.view, this.byBias.view, means])
      array.fill(0);
    const pass = { vectors: this.vectors.view, bias: this.bias.view, means, shares };
    titleVectors(this.weights, edges, own, kept, pass);
    const taste = this.taste.view;
    members.forEach(({ inputs }, row) => {
      const scale = tasteScale(inputs.length);
      for (const t of inputs) addRow(taste, row * dimension, pass.vectors, t * dimension, scale, dimension);
    });
    const logits = this.logits.part(0, rows * titles);
    this.kernels.product(logits, this.taste, this.vectors, { m: rows, n: titles, k: dimension, turnB: true });
    this.kernels.addBias(logits, this.bias, rows);
    this.kernels.softmax(logits, rows, titles, {});
    const loss = slopes(logits.view, members, titles);
    this.kernels.product(this.byVector, logits, this.taste, {
      m: titles,
      n: dimension,
      k: rows,
      turnA: true,
    });
    this.kernels.product(this.byTaste, logits, this.vectors, { m: rows, n: dimension, k: titles });
    this.kernels.addColumnSums(this.byBias, logits, rows);
    const [byVector, byTaste] = [this.byVector.view, this.byTaste.view];
    members.forEach(({ inputs }, row) => {
      const scale = tasteScale(inputs.length);
      for (const t of inputs) addRow(byVector, t * dimension, byTaste, row * dimension, scale, dimension);
    });
    addTitleGradient(this.weights, edges, pass, byVector, this.byBias.view, this.gradient, own, kept);
    return loss;
  }

  /** Moves the weights by Adam with L2 regularisation in the gradient, and sets the gradient back to 0. */
  step(rate: number, decay: number): void {
    this.steps++;
    const { weights, gradient, mean, square } = this.blocks;
    for (const name of WEIGHT_NAMES) {
      if (weights[name].length === 0) continue;
      this.kernels.addScaled(gradient[name], weights[name], decay);
      this.kernels.adam(weights[name], gradient[name], mean[name], square[name], {
        rate,
        step: this.steps,
        scale: 1,
      });
      gradient[name].view.fill(0);
    }
  }

  state(): TrainerState {
    const { weights, mean, square } = this.blocks;
    return {
      weights: copiesOf(weights),
      mean: copiesOf(mean),
      square: copiesOf(square),
      steps: this.steps,
    };
  }

  resume(state: TrainerState): void {
    for (const table of ['weights', 'mean', 'square'] as const)
      for (const name of WEIGHT_NAMES) this.blocks[table][name].view.set(state[table][name]);
    this.steps = state.steps;
  }
}

/** Puts the gradient of the loss by the logits in the place of the probabilities. @returns the loss. */
function slopes(probabilities: Float32Array, members: readonly MaskedMember[], titles: number): number {
  let loss = 0;
  members.forEach(({ targets }, row) => {
    const base = row * titles;
    const weight = 1 / targets.length;
    for (const t of targets) {
      loss -= (weight * Math.log(Math.max(1e-30, probabilities[base + t] as number))) / members.length;
      probabilities[base + t] = (probabilities[base + t] as number) - weight;
    }
  });
  for (let i = 0; i < members.length * titles; i++) {
    probabilities[i] = (probabilities[i] as number) / members.length;
  }
  return loss;
}

/** Each entry 0 with probability `drop`, else `kept`. */
function mask(length: number, drop: number, kept: number, rng: Uniforms): Float32Array {
  return Float32Array.from({ length }, () => (rng.uniform() < drop ? 0 : kept));
}

/**
 * Trains the net to name a member's titles from a random half of them. Attributes and the titles' own rows are left
 * out at random, so that a title is understood from what it is even where nobody has watched it.
 * @param members titles of each member, by their place in `edges`.
 * @param progress called with the share done after every batch.
 */
export function trainNet(
  members: SparseRows,
  edges: GroupedEdges,
  attributes: number,
  settings: NetTraining,
  rng: Rng,
  progress: (share: number) => void,
  checkpoints?: Checkpoints,
): NetWeights {
  const { dimension, epochs, batch } = settings;
  const trainer = new NetTrainer(edges, attributes, dimension, batch);
  drawWeights(trainer.weights, settings.spread, rng);
  const order = Uint32Array.from({ length: members.start.length - 1 }, (_, u) => u).filter(
    (u) => (members.start[u + 1] as number) > (members.start[u] as number),
  );
  const total = epochs * Math.ceil(order.length / batch);
  const chance = new CountedRng(rng);
  const saved = checkpoints?.saved as Checkpoint | undefined;
  if (saved) {
    trainer.resume(saved.trainer);
    order.set(saved.order);
    chance.skipTo(saved.place);
  }
  let done = (saved?.epoch ?? 0) * Math.ceil(order.length / batch);
  for (let epoch = (saved?.epoch ?? 0) + 1; epoch <= epochs; epoch++) {
    shuffle(order, chance);
    for (let from = 0; from < order.length; from += batch) {
      const shown = Array.from(order.subarray(from, from + batch), (u): MaskedMember => {
        const targets = members.columns.subarray(members.start[u], members.start[u + 1]);
        return { targets, inputs: [...targets].filter(() => chance.uniform() >= settings.dropInput) };
      });
      const { dropAttribute, dropOwn } = settings;
      const kept =
        dropAttribute > 0 ? mask(attributes, dropAttribute, 1 / (1 - dropAttribute), chance) : undefined;
      trainer.learn(shown, mask(edges.titles, dropOwn, 1, chance), kept);
      // The step falls to nothing along a cosine (Loshchilov, Hutter 2017).
      trainer.step(0.5 * settings.rate * (1 + Math.cos((Math.PI * done) / total)), settings.decay);
      progress(++done / total);
    }
    checkpoints?.offer((): Checkpoint => ({
      epoch,
      trainer: trainer.state(),
      order: order.slice(),
      place: chance.place,
    }));
  }
  return copyOf(trainer.weights);
}

/** Out of the arena, which goes with the trainer. */
function copyOf(net: NetWeights): NetWeights {
  return {
    dimension: net.dimension,
    attributes: net.attributes.slice(),
    own: net.own.slice(),
    relations: net.relations.slice(),
    attention: net.attention.slice(),
    bias: net.bias.slice(),
  };
}
