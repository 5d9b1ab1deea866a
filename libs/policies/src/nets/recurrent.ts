import type { Rng } from '#experiments';
import type { Floats, Kernels } from '../kernels/index.js';
import { Dense, Dropout, head } from './layers.js';
import { glorot } from './parameters.js';
import type { Parameter, Parameters } from './parameters.js';
import type { SequenceLayer, SequenceNetOptions, SequenceShape } from './sequence-layer.js';

/** One layer of recurrent units over sequences whose rows are by step. */
export interface RecurrentCell {
  forward(x: Floats, batch: number, steps: number): Floats;
  backward(dy: Floats): Floats;
}

/**
 * What the cells share: input and state go through one matrix each to all gates at once, so that only the product with the
 * state has to be done step by step. States are kept with those before the first step (zeros) in front.
 */
export class Gates {
  private readonly input: Parameter;
  private readonly inputBias: Parameter;
  private readonly state: Parameter;
  private readonly stateBias: Parameter;
  readonly fromInput: Floats;
  readonly fromState: Floats;
  readonly states: Floats;
  readonly dInput: Floats;
  readonly dState: Floats;
  private readonly dx: Floats;
  readonly width: number;
  private readonly kernels: Kernels;
  private x: Floats | undefined;

  constructor(
    parameters: Parameters,
    name: string,
    readonly units: number,
    gates: number,
    steps: number,
    batch: number,
  ) {
    this.kernels = parameters.kernels;
    this.width = gates * units;
    const start = glorot(units, units);
    this.input = parameters.declare(`${name}.input`, units * this.width, start);
    this.inputBias = parameters.declare(`${name}.input-bias`, this.width, { value: 0 });
    this.state = parameters.declare(`${name}.state`, units * this.width, start);
    this.stateBias = parameters.declare(`${name}.state-bias`, this.width, { value: 0 });
    const { arena } = this.kernels;
    const rows = steps * batch;
    this.fromInput = arena.floats(rows * this.width);
    this.fromState = arena.floats(rows * this.width);
    this.states = arena.floats((rows + batch) * units);
    this.dInput = arena.floats(rows * this.width);
    this.dState = arena.floats(rows * this.width);
    this.dx = arena.floats(rows * units);
  }

  /** Input's share of all gates of all steps. */
  begin(x: Floats, batch: number, steps: number): void {
    const { kernels, units, width } = this;
    const rows = batch * steps;
    this.x = x;
    const all = head(this.fromInput, rows * width);
    kernels.product(all, x, this.input.weights, { m: rows, n: width, k: units });
    kernels.addBias(all, this.inputBias.weights, rows);
    this.states.part(0, batch * units).view.fill(0);
  }

  /** State's share of the gates of one step. */
  step(t: number, batch: number): void {
    const { kernels, units, width } = this;
    const into = this.fromState.part(t * batch * width, batch * width);
    const before = this.states.part(t * batch * units, batch * units);
    kernels.product(into, before, this.state.weights, { m: batch, n: width, k: units });
    kernels.addBias(into, this.stateBias.weights, batch);
  }

  /** dh += the gradient of one step's gates with respect to the state before it. */
  stepBack(t: number, batch: number, dh: Floats): void {
    const { units, width } = this;
    const gradient = this.dState.part(t * batch * width, batch * width);
    this.kernels.product(dh, gradient, this.state.weights, {
      m: batch,
      n: units,
      k: width,
      turnB: true,
      add: true,
    });
  }

  /** Gradients of the weights and of the input, once dInput and dState hold those of all gates. */
  end(batch: number, steps: number): Floats {
    const { kernels, units, width } = this;
    const rows = batch * steps;
    const dx = head(this.dx, rows * units);
    const shape = { m: units, n: width, k: rows, turnA: true, add: true };
    kernels.product(this.input.gradient, this.x as Floats, this.dInput, shape);
    kernels.product(this.state.gradient, this.states, this.dState, shape);
    kernels.addColumnSums(this.inputBias.gradient, head(this.dInput, rows * width), rows);
    kernels.addColumnSums(this.stateBias.gradient, head(this.dState, rows * width), rows);
    kernels.product(dx, this.dInput, this.input.weights, { m: rows, n: units, k: width, turnB: true });
    return dx;
  }
}

/** Dropout, a recurrent cell, dropout, and a dense layer: the network of Hidasi et al. (2016) with one layer of units. */
export class RecurrentLayer implements SequenceLayer {
  readonly rows = 'by step';
  private readonly before: Dropout;
  private readonly after: Dropout;
  private readonly dense: Dense;
  private readonly dropped: Floats;
  private shape: SequenceShape | undefined;

  constructor(
    parameters: Parameters,
    private readonly cell: RecurrentCell,
    options: SequenceNetOptions,
    rng: Rng,
  ) {
    const { kernels } = parameters;
    const rows = options.length * options.batch;
    const size = rows * options.dimension;
    this.before = new Dropout(parameters, options.dropout, size, rng);
    this.after = new Dropout(parameters, options.dropout, size, rng);
    this.dropped = kernels.arena.floats(size);
    this.dense = new Dense(parameters, 'dense', options.dimension, options.dimension, rows);
  }

  forward(x: Floats, shape: SequenceShape, training: boolean): Floats {
    const { batch, steps } = shape;
    this.shape = shape;
    this.before.forward(x, x, training);
    const states = this.cell.forward(x, batch, steps);
    const dropped = head(this.dropped, x.length);
    this.after.forward(dropped, states, training);
    return this.dense.forward(dropped, batch * steps);
  }

  backward(dy: Floats): Floats {
    const { batch, steps } = this.shape as SequenceShape;
    const dStates = this.dense.backward(dy, batch * steps);
    this.after.backward(dStates);
    const dx = this.cell.backward(dStates);
    this.before.backward(dx);
    return dx;
  }
}
