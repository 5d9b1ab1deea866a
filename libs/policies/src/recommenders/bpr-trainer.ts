import type { Rng } from '#experiments';
import type { Checkpoints, FitProgress } from '../contract.js';
import { Kernels } from '../kernels/index.js';
import type { Floats } from '../kernels/index.js';
import type { SparseRows } from './als-solver.js';
import { CountedRng } from '../sampling/counted-rng.js';
import { shuffle } from '../sampling/shuffle.js';

export interface BprSettings {
  readonly dimension: number;
  readonly epochs: number;
  readonly batch: number;
  /** Step size of Adam. */
  readonly rate: number;
  /** Weight of the squared length of every vector and bias that a triple touches. */
  readonly regularisation: number;
}

/** Item factors, `dimension` floats a row, and a bias per item. */
export interface ItemFactors {
  readonly factors: Float32Array;
  readonly biases: Float32Array;
}

/** Small data are cut into at least so many batches, or the optimiser would hardly move. */
const LEAST_BATCHES = 32;
/** Standard deviation of the first factors. */
const SPREAD = 0.1;
/** An item that a member has is drawn as negative at most so often; members who have nearly everything teach nothing. */
const TRIES = 50;

/** Weights, gradient and the moments of Adam, each laid out as units' factors, items' factors, items' biases. */
interface Tables {
  readonly weights: Floats;
  readonly gradient: Floats;
  readonly mean: Floats;
  readonly square: Floats;
}

/** What a training has come to after an epoch. */
interface Checkpoint {
  readonly epoch: number;
  readonly weights: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
  readonly steps: number;
  readonly order: Uint32Array;
  /** Place in the stream that shuffles and draws negatives. */
  readonly place: number;
}

class Trainer {
  private readonly kernels = new Kernels();
  private readonly tables: Tables;
  private readonly biasAt: number;
  private step = 0;
  private loss = 0;

  constructor(
    private readonly byUnit: SparseRows,
    private readonly units: number,
    private readonly items: number,
    private readonly settings: BprSettings,
    start: Rng,
    private readonly negatives: CountedRng,
  ) {
    const { dimension } = settings;
    this.biasAt = (units + items) * dimension;
    const { arena } = this.kernels;
    const size = this.biasAt + items;
    const [weights, gradient, mean, square] = [0, 0, 0, 0].map(() => arena.floats(size)) as [
      Floats,
      Floats,
      Floats,
      Floats,
    ];
    this.tables = { weights, gradient, mean, square };
    const values = weights.view;
    for (let k = 0; k < this.biasAt; k++) values[k] = SPREAD * start.normal();
  }

  /** One step of Adam on the mean over the pairs order[from .. to). */
  learn(order: Uint32Array, unitOf: Uint32Array, from: number, to: number): void {
    const { dimension, rate, regularisation } = this.settings;
    const weights = this.tables.weights.view;
    const gradient = this.tables.gradient.view;
    gradient.fill(0);
    for (let n = from; n < to; n++) {
      const pair = order[n] as number;
      const unit = unitOf[pair] as number;
      const negative = this.negativeOf(unit);
      if (negative < 0) continue;
      const positive = this.byUnit.columns[pair] as number;
      this.addTriple(weights, gradient, dimension, 2 * regularisation, unit, positive, negative);
    }
    const { gradient: blocks, mean, square } = this.tables;
    this.kernels.adam(this.tables.weights, blocks, mean, square, {
      rate,
      step: ++this.step,
      scale: 1 / (to - from),
    });
  }

  /** Sum of -log sigmoid(s_positive - s_negative) since it was last taken. */
  takeLoss(): number {
    const loss = this.loss;
    this.loss = 0;
    return loss;
  }

  /** A copy of all that the next step depends on. */
  state(): Pick<Checkpoint, 'weights' | 'mean' | 'square' | 'steps'> {
    const { weights, mean, square } = this.tables;
    return {
      weights: weights.view.slice(),
      mean: mean.view.slice(),
      square: square.view.slice(),
      steps: this.step,
    };
  }

  resume({ weights, mean, square, steps }: ReturnType<Trainer['state']>): void {
    this.tables.weights.view.set(weights);
    this.tables.mean.view.set(mean);
    this.tables.square.view.set(square);
    this.step = steps;
  }

  result(): ItemFactors {
    const weights = this.tables.weights.view;
    return {
      factors: weights.slice(this.units * this.settings.dimension, this.biasAt),
      biases: weights.slice(this.biasAt),
    };
  }

  /** An item, uniform among those the unit does not have; -1 when none was found. */
  private negativeOf(unit: number): number {
    for (let n = 0; n < TRIES; n++) {
      const item = this.negatives.below(this.items);
      if (!this.has(unit, item)) return item;
    }
    return -1;
  }

  private has(unit: number, item: number): boolean {
    const { columns, start } = this.byUnit;
    let low = start[unit] as number;
    let high = start[unit + 1] as number;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((columns[middle] as number) < item) low = middle + 1;
      else high = middle;
    }
    return low < (start[unit + 1] as number) && columns[low] === item;
  }

  /** Adds the gradient of -log sigmoid(s_positive - s_negative) and of the lengths. */
  private addTriple(
    weights: Float32Array,
    gradient: Float32Array,
    dimension: number,
    shrink: number,
    unit: number,
    positive: number,
    negative: number,
  ): void {
    const u = unit * dimension;
    const i = (this.units + positive) * dimension;
    const j = (this.units + negative) * dimension;
    const [bi, bj] = [this.biasAt + positive, this.biasAt + negative];
    let difference = (weights[bi] as number) - (weights[bj] as number);
    for (let k = 0; k < dimension; k++)
      difference += (weights[u + k] as number) * ((weights[i + k] as number) - (weights[j + k] as number));
    const slope = -1 / (1 + Math.exp(difference));
    this.loss +=
      difference > 0 ? Math.log1p(Math.exp(-difference)) : Math.log1p(Math.exp(difference)) - difference;
    for (let k = 0; k < dimension; k++) {
      const x = weights[u + k] as number;
      const y = weights[i + k] as number;
      const z = weights[j + k] as number;
      gradient[u + k] = (gradient[u + k] as number) + slope * (y - z) + shrink * x;
      gradient[i + k] = (gradient[i + k] as number) + slope * x + shrink * y;
      gradient[j + k] = (gradient[j + k] as number) - slope * x + shrink * z;
    }
    gradient[bi] = (gradient[bi] as number) + slope + shrink * (weights[bi] as number);
    gradient[bj] = (gradient[bj] as number) - slope + shrink * (weights[bj] as number);
  }
}

/**
 * Fits factors so that what a member has scores above what the member does not have: minimises the mean of
 * -log sigmoid(s_ui - s_uj) + regularisation (|u|^2 + |i|^2 + |j|^2 + b_i^2 + b_j^2) over the pairs (u, i) with a
 * uniform j that u does not have, s_ui = u'i + b_i (Rendle et al. 2009), by Adam.
 * @param progress told after every epoch, with the mean of -log sigmoid(s_ui - s_uj) over its pairs.
 */
export function trainBpr(
  byUnit: SparseRows,
  items: number,
  settings: BprSettings,
  rng: Rng,
  progress: FitProgress,
  checkpoints?: Checkpoints,
): ItemFactors {
  const units = byUnit.start.length - 1;
  const pairs = byUnit.columns.length;
  const chance = new CountedRng(rng);
  const trainer = new Trainer(byUnit, units, items, settings, rng, chance);
  const unitOf = new Uint32Array(pairs);
  for (let unit = 0; unit < units; unit++) unitOf.fill(unit, byUnit.start[unit], byUnit.start[unit + 1]);
  const order = Uint32Array.from(unitOf, (_, pair) => pair);
  const batch = Math.max(1, Math.min(settings.batch, Math.floor(pairs / LEAST_BATCHES)));
  const saved = checkpoints?.saved as Checkpoint | undefined;
  if (saved) {
    trainer.resume(saved);
    order.set(saved.order);
    chance.skipTo(saved.place);
  }
  for (let epoch = (saved?.epoch ?? 0) + 1; epoch <= settings.epochs; epoch++) {
    shuffle(order, chance);
    for (let from = 0; from < pairs; from += batch) {
      trainer.learn(order, unitOf, from, Math.min(pairs, from + batch));
    }
    progress(epoch / settings.epochs, { epoch, loss: trainer.takeLoss() / Math.max(1, pairs) });
    checkpoints?.offer((): Checkpoint => ({
      epoch,
      ...trainer.state(),
      order: order.slice(),
      place: chance.place,
    }));
  }
  return trainer.result();
}
