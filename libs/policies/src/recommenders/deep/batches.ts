import type { Rng } from '#experiments';
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

/**
 * Runs epochs until the watched loss stops falling, and keeps the weights of the best one.
 * @param epoch trains once over the data and returns the watched loss; null where nothing is watched.
 * @returns the number of the best epoch, from 1.
 */
export function trainUntilBest(
  { epochs, patience }: Stopping,
  model: { snapshot(): Float32Array; restore(weights: Float32Array): void },
  epoch: (number: number) => number | null,
): number {
  let best: { readonly loss: number; readonly epoch: number; readonly weights: Float32Array } | undefined;
  for (let number = 1; number <= epochs; number++) {
    const loss = epoch(number);
    if (loss === null) continue;
    if (best === undefined || loss < best.loss) best = { loss, epoch: number, weights: model.snapshot() };
    else if (number - best.epoch >= patience) break;
  }
  if (best === undefined) return epochs;
  model.restore(best.weights);
  return best.epoch;
}
