import type { Rng } from '#experiments';
import type { Checkpoints } from '../../contract.js';
import type { Parameters, TrainingState } from '../../nets/parameters.js';
import type { CountedRng } from '../../sampling/counted-rng.js';
import { shuffle } from '../../sampling/shuffle.js';

/** Splits off a share of the rows to watch the training by, at most `most`. */
export function holdOut(
  rows: number,
  share: number,
  most: number,
  rng: Rng,
): { train: Uint32Array; watch: Uint32Array } {
  const order = shuffle(
    Uint32Array.from({ length: rows }, (_, i) => i),
    rng,
  );
  const size = Math.min(most, Math.floor(rows * share));
  return { watch: order.slice(0, size), train: order.slice(size) };
}

/** What an epoch is judged by; the training stops when it has not become better for some epochs. */
export interface Stopping {
  readonly epochs: number;
  readonly patience: number;
}

/** What the chance of the epochs hangs on, besides the model itself. */
export interface Chance {
  readonly streams: readonly CountedRng[];
  /** Rows that every epoch shuffles further. */
  readonly order?: Uint32Array;
}

interface Checkpoint {
  readonly epoch: number;
  readonly model: TrainingState;
  readonly best: Best | undefined;
  readonly places: readonly number[];
  readonly order?: Uint32Array;
}

interface Best {
  readonly loss: number;
  readonly epoch: number;
  readonly weights: Float32Array;
}

/**
 * Runs epochs until the watched loss stops falling, and keeps the weights of the best one.
 * @param epoch trains once over the data and returns the watched loss; null where nothing is watched.
 * @returns the number of the best epoch, from 1.
 */
export function trainUntilBest(
  { epochs, patience }: Stopping,
  model: Pick<Parameters, 'snapshot' | 'restore' | 'trainingState' | 'resumeTraining'>,
  epoch: (number: number) => number | null,
  chance: Chance = { streams: [] },
  checkpoints?: Checkpoints,
): number {
  let { best, done } = goOn(model, chance, checkpoints?.saved as Checkpoint | undefined);
  for (let number = done + 1; number <= epochs; number++) {
    if (best !== undefined && number - 1 - best.epoch >= patience) break;
    const loss = epoch(number);
    if (loss !== null && (best === undefined || loss < best.loss))
      best = { loss, epoch: number, weights: model.snapshot() };
    done = number;
    checkpoints?.offer(() => checkpointOf(model, chance, best, done));
  }
  if (best === undefined) return epochs;
  model.restore(best.weights);
  return best.epoch;
}

/** Brings model and chance to where a checkpoint was taken; to the beginning without one. */
function goOn(
  model: Pick<Parameters, 'resumeTraining'>,
  { streams, order }: Chance,
  saved: Checkpoint | undefined,
): { best: Best | undefined; done: number } {
  if (saved === undefined) return { best: undefined, done: 0 };
  model.resumeTraining(saved.model);
  streams.forEach((stream, i) => stream.skipTo(saved.places[i] ?? 0));
  if (saved.order) order?.set(saved.order);
  return { best: saved.best, done: saved.epoch };
}

function checkpointOf(
  model: Pick<Parameters, 'trainingState'>,
  { streams, order }: Chance,
  best: Best | undefined,
  epoch: number,
): Checkpoint {
  return {
    epoch,
    model: model.trainingState(),
    best,
    places: streams.map(({ place }) => place),
    ...(order ? { order: order.slice() } : {}),
  };
}
