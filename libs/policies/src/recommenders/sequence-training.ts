import type { Rng } from '#experiments';
import { SequenceNet } from '../nets/sequence-net.js';
import type { NetOptions, Window } from '../nets/sequence-net.js';
import { SequenceTrainer } from '../nets/sequence-trainer.js';

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

/** Takes the last events of a share of the sequences away. */
function withhold(
  sequences: readonly Int32Array[],
  share: number,
  length: number,
  rng: Rng,
): { train: Int32Array[]; asked: Window[] } {
  const train: Int32Array[] = [];
  const asked: Window[] = [];
  for (const items of sequences) {
    const chosen = items.length >= LEAST_EVENTS && rng.uniform() < share;
    train.push(chosen ? items.subarray(0, -WITHHELD) : items);
    if (chosen) asked.push({ items: items.subarray(-length - 1), answers: Math.min(WITHHELD, length) });
  }
  const enough = asked.length * WITHHELD >= LEAST_ANSWERS;
  return enough ? { train, asked } : { train: [...sequences], asked: [] };
}

/** Mean of 1 / log2(rank + 1) of the withheld events among all items. */
function validationGain(net: SequenceNet, asked: readonly Window[]): number {
  let total = 0;
  let count = 0;
  for (let from = 0; from < asked.length; from += net.options.batch) {
    const ranks = net.ranks(asked.slice(from, from + net.options.batch));
    for (const rank of ranks) total += 1 / Math.log2(rank + 1);
    count += ranks.length;
  }
  return total / count;
}

/** From the full rate down to a twentieth on half a cosine (Loshchilov and Hutter 2017). */
function rateAt(epoch: number, { epochs, rate }: TrainingOptions): number {
  return rate * (0.05 + 0.475 * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs)));
}

/**
 * Trains a network for `epochs`, or until the withheld events have not been ranked better for `patience` epochs; its weights are
 * those of the best epoch. The loss would stop it too early: it rises by overconfidence while the ranking still gains.
 * @param sequences item numbers of each member, oldest first.
 * @param progress called after every batch with the share of the most epochs that is done, and with 1 at the end.
 * @returns the weights. @throws DomainError `out_of_memory` or `diverged`.
 */
export function trainSequences(
  sequences: readonly Int32Array[],
  shape: Omit<NetOptions, 'trained' | 'memoryLimit'>,
  options: TrainingOptions,
  rng: Rng,
  progress: (share: number) => void,
): Float32Array {
  const memoryLimit = options.memoryMb * MEGABYTE;
  const net = new SequenceNet({ ...shape, trained: true, memoryLimit }, rng.fork('network'));
  const { asked, train } = withhold(sequences, options.validation, shape.length, rng.fork('validation'));
  const trainer = new SequenceTrainer(net, train, rng.fork('windows'));
  let best = { epoch: 0, gain: -1, weights: net.parameters.snapshot() };
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const step = { rate: rateAt(epoch, options), clip: CLIP };
    trainer.epoch(step, (share) => progress((0.999 * (epoch - 1 + share)) / options.epochs));
    const gain = asked.length > 0 ? validationGain(net, asked) : epoch;
    if (gain > best.gain) best = { epoch, gain, weights: net.parameters.snapshot() };
    if (epoch - best.epoch >= options.patience) break;
  }
  progress(1);
  return best.weights;
}
