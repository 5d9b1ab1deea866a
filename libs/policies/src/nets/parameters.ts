import { DomainError } from '#experiments';
import type { Rng } from '#experiments';
import type { Floats, Kernels } from '../kernels/index.js';

/** How a parameter starts: N(0, spread^2), or one value everywhere. */
export type Start = { readonly spread: number } | { readonly value: number };

/** Start of Glorot and Bengio (2010) for a layer between so many units. */
export const glorot = (inputs: number, outputs: number): Start => ({
  spread: Math.sqrt(2 / (inputs + outputs)),
});

/** One array of weights and its gradient, which layers add to. Both are there once the parameters are built. */
export class Parameter {
  weights!: Floats;
  gradient!: Floats;

  constructor(
    readonly name: string,
    readonly length: number,
    readonly start: Start,
  ) {}
}

export interface StepOptions {
  readonly rate: number;
  /** Longest gradient: a longer one is shortened to it. */
  readonly clip: number;
  /** Share of every weight, times the rate, that is taken off per step (Loshchilov and Hutter 2019); 0 when it is absent. */
  readonly decay?: number;
}

/** All that a training goes on from: weights, the memory of the optimiser, and the masks to come. */
export interface TrainingState {
  readonly weights: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
  readonly steps: number;
  readonly words: readonly number[];
}

/**
 * All weights of a model, one after the other in one block, so that a step of the optimiser or a snapshot is one call. Layers
 * declare theirs, then `build` lays them out.
 */
export class Parameters {
  private readonly declared: Parameter[] = [];
  private blocks: { weights: Floats; gradient: Floats; mean: Floats; square: Floats } | undefined;
  private steps = 0;
  /** Streams of chance that layers draw from while they are trained, each by its present word. */
  readonly streams: { word: number }[] = [];

  constructor(readonly kernels: Kernels) {}

  declare(name: string, length: number, start: Start): Parameter {
    const parameter = new Parameter(name, length, start);
    this.declared.push(parameter);
    return parameter;
  }

  get length(): number {
    return this.declared.reduce((sum, { length }) => sum + length, 0);
  }

  get list(): readonly Parameter[] {
    return this.declared;
  }

  /** Takes the memory and draws the first weights. @param trained without it the optimiser's memory is not taken. */
  build(rng: Rng, trained = true): void {
    const { arena } = this.kernels;
    const weights = arena.floats(this.length);
    const other = () => arena.floats(trained ? this.length : 0);
    this.blocks = { weights, gradient: other(), mean: other(), square: other() };
    let at = 0;
    for (const parameter of this.declared) {
      parameter.weights = weights.part(at, parameter.length);
      parameter.gradient = this.blocks.gradient.part(trained ? at : 0, trained ? parameter.length : 0);
      at += parameter.length;
      const { start } = parameter;
      const values = parameter.weights.view;
      if ('value' in start) values.fill(start.value);
      else for (let i = 0; i < values.length; i++) values[i] = start.spread * rng.normal();
    }
  }

  /** A copy of all weights, in the order of declaration. */
  snapshot(): Float32Array {
    return this.built.weights.view.slice();
  }

  /** @throws DomainError `invalid_state` when the snapshot is of another model. */
  restore(snapshot: Float32Array): void {
    const { view } = this.built.weights;
    if (snapshot.length !== view.length) {
      throw new DomainError('invalid_state', `${snapshot.length} weights where the model has ${view.length}`);
    }
    view.set(snapshot);
  }

  /** A copy of all that a training goes on from. */
  trainingState(): TrainingState {
    const { weights, mean, square } = this.built;
    return {
      weights: weights.view.slice(),
      mean: mean.view.slice(),
      square: square.view.slice(),
      steps: this.steps,
      words: this.streams.map(({ word }) => word),
    };
  }

  /** @throws DomainError `invalid_state` when the state is of another model. */
  resumeTraining(state: TrainingState): void {
    this.restore(state.weights);
    this.built.mean.view.set(state.mean);
    this.built.square.view.set(state.square);
    this.steps = state.steps;
    this.streams.forEach((stream, i) => (stream.word = state.words[i] ?? stream.word));
  }

  clearGradients(): void {
    this.built.gradient.view.fill(0);
  }

  /** One step of Adam against the collected gradients. @returns their length before clipping. */
  step({ rate, clip, decay = 0 }: StepOptions): number {
    const { weights, gradient, mean, square } = this.built;
    const norm = Math.sqrt(this.kernels.sumSquares(gradient));
    if (!Number.isFinite(norm)) {
      throw new DomainError('diverged', 'the training diverged: a smaller learning rate may help');
    }
    const scale = norm > clip ? clip / norm : 1;
    if (decay > 0) this.kernels.addScaled(weights, weights, -rate * decay);
    this.kernels.adam(weights, gradient, mean, square, { rate, step: ++this.steps, scale });
    return norm;
  }

  private get built() {
    if (this.blocks === undefined) throw new Error('the parameters are not built');
    return this.blocks;
  }
}
