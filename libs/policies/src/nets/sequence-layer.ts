import type { Floats } from '../kernels/index.js';

/** A batch of sequences, each padded to the same number of steps. */
export interface SequenceShape {
  readonly batch: number;
  readonly steps: number;
  /** Per sequence, the first step that is not padding. */
  readonly first: Int32Array;
}

/** Turns the vectors of the items of sequences into one vector per step, which knows the steps up to its own. */
export interface SequenceLayer {
  /**
   * Row of step s of sequence b: by sequence, b * steps + s with padding before the first item; by step, s * batch + b with
   * padding after the last one.
   */
  readonly rows: 'by sequence' | 'by step';
  forward(x: Floats, shape: SequenceShape, training: boolean): Floats;
  backward(dy: Floats): Floats;
}

/** What a network is made of, whatever the layer. */
export interface SequenceNetOptions {
  readonly dimension: number;
  /** Most steps of a sequence, and sequences of a batch. */
  readonly length: number;
  readonly batch: number;
  readonly blocks: number;
  readonly dropout: number;
}
