import type { Rng } from '#experiments';
import type { Checkpoints, FitProgress } from '../contract.js';
import type { Parameters, TrainingState } from '../nets/parameters.js';
import { SequenceNet } from '../nets/sequence-net.js';
import type { NetOptions } from '../nets/sequence-net.js';
import { SequenceTrainer } from '../nets/sequence-trainer.js';
import { answersOf, partOf } from '../nets/window.js';
import type { Window } from '../nets/window.js';
import { CountedRng } from '../sampling/counted-rng.js';

/** Events per chosen member that are kept from training. */
const WITHHELD = 5;
/** Members with fewer events are trained on in full. */
const LEAST_EVENTS = 2 * WITHHELD;
/** With fewer answers the validation is noise: all epochs are run then. */
const LEAST_ANSWERS = 100;
const CLIP = 5;
const MEGABYTE = 1024 ** 2;

export interface TrainingOptions {
  readonly rate: number;
  readonly epochs: number;
  readonly validation: number;
  readonly patience: number;
  readonly memoryMb: number;
}

/** Takes the last answers of a share of the sequences away. */
function withhold(
  sequences: readonly Window[],
  share: number,
  length: number,
  rng: Rng,
): { train: Window[]; asked: Window[] } {
  const train: Window[] = [];
  const asked: Window[] = [];
  for (const sequence of sequences) {
    const { items } = sequence;
    const chosen = items.length >= LEAST_EVENTS && rng.uniform() < share;
    const from = chosen ? answersOf(sequence).at(-WITHHELD) : undefined;
    train.push(from === undefined ? sequence : partOf(sequence, 0, from));
    if (from === undefined) continue;
    const window = partOf(sequence, Math.max(0, items.length - length - 1), items.length);
    asked.push({ ...window, answers: Math.min(items.length - from, length) });
  }
  const enough = asked.length * WITHHELD >= LEAST_ANSWERS;
  return enough ? { train, asked } : { train: [...sequences], asked: [] };
}

/** 1 / log2(rank + 1) of each withheld event among all items. */
function gainsOf(net: SequenceNet, asked: readonly Window[]): number[] {
  const gains: number[] = [];
  for (let from = 0; from < asked.length; from += net.options.batch) {
    const ranks = net.ranks(asked.slice(from, from + net.options.batch));
    for (const rank of ranks) gains.push(1 / Math.log2(rank + 1));
  }
  return gains;
}

/**
 * Watches the ranking of the withheld events from epoch to epoch. One epoch is worse than the best only if it is so by more than
 * a standard error of the differences: a few hundred events cannot tell more, and a later epoch has a smaller rate.
 */
class Watch {
  best: { readonly mean: number; readonly gains: readonly number[] } | undefined;
  /** Epochs in a row that were worse than the best one. */
  worse = 0;

  add(gains: readonly number[]): void {
    const n = gains.length;
    if (n === 0) return;
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / n;
    if (this.best === undefined || mean > this.best.mean) this.best = { mean, gains };
    const { best } = this;
    const difference = best.mean - mean;
    const squares = gains.reduce(
      (sum, gain, i) => sum + ((best.gains[i] as number) - gain - difference) ** 2,
      0,
    );
    this.worse = difference > Math.sqrt(squares) / n ? this.worse + 1 : 0;
  }
}

/** From the full rate down to a twentieth on half a cosine (Loshchilov and Hutter 2017). */
function rateAt(epoch: number, { epochs, rate }: TrainingOptions): number {
  return rate * (0.05 + 0.475 * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs)));
}

/** What a training has come to after an epoch. */
interface Checkpoint {
  readonly epoch: number;
  readonly model: TrainingState;
  /** Place in the stream that cuts and shuffles windows. */
  readonly place: number;
  readonly best: Watch['best'];
  readonly worse: number;
  readonly kept: Float32Array;
}

/**
 * Trains a network for `epochs`, or until the withheld events have been ranked worse than in the best one for `patience` epochs; its
 * weights are those of the last epoch before. The loss would stop it too early: it rises by overconfidence while the ranking still gains.
 * @param sequences of each member, oldest first.
 * @param progress called after every batch with the share of the most epochs that is done, and with 1 at the end.
 * @param start where it begins: `from` sets weights in place of the drawn ones.
 * @returns the weights. @throws DomainError `out_of_memory` or `diverged`.
 */
export function trainSequences(
  sequences: readonly Window[],
  shape: Omit<NetOptions, 'trained' | 'memoryLimit'>,
  options: TrainingOptions,
  rng: Rng,
  progress: FitProgress,
  start: { readonly checkpoints?: Checkpoints; readonly from?: (parameters: Parameters) => void } = {},
): Float32Array {
  const memoryLimit = options.memoryMb * MEGABYTE;
  const net = new SequenceNet({ ...shape, trained: true, memoryLimit }, rng.fork('network'));
  start.from?.(net.parameters);
  const { asked, train } = withhold(sequences, options.validation, shape.length, rng.fork('validation'));
  const order = new CountedRng(rng.fork('windows'));
  const trainer = new SequenceTrainer(net, train, order);
  const watch = new Watch();
  let weights = net.parameters.snapshot();
  let done = 0;
  const saved = start.checkpoints?.saved as Checkpoint | undefined;
  if (saved) {
    net.parameters.resumeTraining(saved.model);
    order.skipTo(saved.place);
    [watch.best, watch.worse, weights, done] = [saved.best, saved.worse, saved.kept, saved.epoch];
  }
  for (let epoch = done + 1; epoch <= options.epochs && watch.worse < options.patience; epoch++) {
    const step = { rate: rateAt(epoch, options), clip: CLIP };
    const loss = trainer.epoch(step, (share) => progress((0.999 * (epoch - 1 + share)) / options.epochs));
    const gains = gainsOf(net, asked);
    watch.add(gains);
    if (watch.worse === 0) weights = net.parameters.snapshot();
    progress((0.999 * epoch) / options.epochs, { epoch, loss, ...watched(gains) });
    start.checkpoints?.offer((): Checkpoint => {
      const { best, worse } = watch;
      return { epoch, model: net.parameters.trainingState(), place: order.place, best, worse, kept: weights };
    });
  }
  progress(1);
  return weights;
}

const watched = (gains: readonly number[]): { validation?: number } =>
  gains.length === 0 ? {} : { validation: gains.reduce((sum, gain) => sum + gain, 0) / gains.length };
