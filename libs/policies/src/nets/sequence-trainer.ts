import type { StepOptions } from './parameters.js';
import type { SequenceNet } from './sequence-net.js';
import type { Uniforms } from '../sampling/counted-rng.js';
import { shuffle } from '../sampling/shuffle.js';
import { answersOf, partOf } from './window.js';
import type { Window } from './window.js';

/** Share of windows whose signals are hidden, so that a history without them is read well too. */
const HIDDEN = 0.1;

/** Trains on sequences of items; every pair of neighbours is one question per epoch. */
export class SequenceTrainer {
  constructor(
    private readonly net: SequenceNet,
    private readonly sequences: readonly Window[],
    private readonly rng: Uniforms,
  ) {}

  /**
   * One pass over all sequences, cut anew into windows at a random offset, so that an item is seen after more and after less
   * history.
   * @param progress called with the share done after every batch.
   * @returns the mean loss.
   */
  epoch(step: StepOptions, progress: (share: number) => void): number {
    const windows = this.windows();
    const { batch } = this.net.options;
    let loss = 0;
    let answers = 0;
    for (let from = 0; from < windows.length; from += batch) {
      const part = windows.slice(from, from + batch);
      const count = part.reduce((sum, window) => sum + answersOf(window).length, 0);
      loss += count * this.net.train(part, step);
      answers += count;
      progress(Math.min(1, (from + batch) / windows.length));
    }
    return answers === 0 ? 0 : loss / answers;
  }

  private windows(): Window[] {
    const { length } = this.net.options;
    const windows: Window[] = [];
    for (const sequence of this.sequences) {
      const size = sequence.items.length;
      const offset = 1 + this.rng.below(length);
      for (let end = offset; end - length < size - 1; end += length) {
        const window = partOf(sequence, Math.max(0, end - length), Math.min(size, end + 1));
        if (answersOf(window).length > 0) windows.push(this.withSignals(window));
      }
    }
    shuffle(windows, this.rng);
    return windows;
  }

  private withSignals(window: Window): Window {
    if (window.signals === undefined || this.rng.uniform() >= HIDDEN) return window;
    const { signals: _signals, ...hidden } = window;
    return hidden;
  }
}
