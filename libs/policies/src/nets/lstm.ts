import type { Floats, Kernels } from '../kernels/index.js';
import type { Parameters } from './parameters.js';
import { Gates } from './recurrent.js';
import type { RecurrentCell } from './recurrent.js';

const at = (values: Float32Array, i: number): number => values[i] as number;

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000): i, f, o = sigmoid, g =
 * tanh of W x + U h; c' = f c + i g; h' = o tanh(c'). Gates are in the order i, f, o, g.
 */
export class LstmCell implements RecurrentCell {
  private readonly gates: Gates;
  /** Values of i, f and o, of g, and of c and tanh(c'); c has the zeros before the first step in front. */
  private readonly ifo: Floats;
  private readonly g: Floats;
  private readonly c: Floats;
  private readonly tanhC: Floats;
  private readonly dh: Floats;
  private readonly dc: Floats;
  private readonly kernels: Kernels;
  private batch = 0;
  private steps = 0;

  constructor(
    parameters: Parameters,
    private readonly units: number,
    steps: number,
    batch: number,
  ) {
    this.kernels = parameters.kernels;
    this.gates = new Gates(parameters, 'lstm', units, 4, steps, batch);
    const { arena } = this.kernels;
    this.ifo = arena.floats(steps * batch * 3 * units);
    this.g = arena.floats(steps * batch * units);
    this.c = arena.floats((steps + 1) * batch * units);
    this.tanhC = arena.floats(steps * batch * units);
    this.dh = arena.floats(batch * units);
    this.dc = arena.floats(batch * units);
  }

  forward(x: Floats, batch: number, steps: number): Floats {
    this.batch = batch;
    this.steps = steps;
    this.gates.begin(x, batch, steps);
    this.c.part(0, batch * this.units).view.fill(0);
    for (let t = 0; t < steps; t++) this.step(t);
    return this.gates.states.part(batch * this.units, steps * batch * this.units);
  }

  private step(t: number): void {
    const { batch, gates, kernels, units } = this;
    gates.step(t, batch);
    this.openGates(t);
    const [ifo, g, c] = [this.ifo.view, this.g.view, this.c.view];
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      for (let i = 0; i < units; i++) {
        const gate = row * 3 * units + i;
        c[(row + batch) * units + i] =
          at(ifo, gate + units) * at(c, row * units + i) + at(ifo, gate) * at(g, row * units + i);
      }
    }
    const own = { from: t * batch * units, length: batch * units };
    const squashed = this.tanhC.part(own.from, own.length);
    kernels.activate('tanh', this.c.part(own.from + own.length, own.length), squashed);
    const [h, tanhC] = [gates.states.view, this.tanhC.view];
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      for (let i = 0; i < units; i++)
        h[(row + batch) * units + i] = at(ifo, row * 3 * units + 2 * units + i) * at(tanhC, row * units + i);
    }
  }

  private openGates(t: number): void {
    const { batch, gates, kernels, units } = this;
    const [input, state] = [gates.fromInput.view, gates.fromState.view];
    const [ifo, g] = [this.ifo.view, this.g.view];
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      const from = row * 4 * units;
      for (let i = 0; i < 3 * units; i++)
        ifo[row * 3 * units + i] = at(input, from + i) + at(state, from + i);
      for (let i = 0; i < units; i++)
        g[row * units + i] = at(input, from + 3 * units + i) + at(state, from + 3 * units + i);
    }
    const gate = this.ifo.part(t * batch * 3 * units, batch * 3 * units);
    kernels.activate('sigmoid', gate, gate);
    const proposal = this.g.part(t * batch * units, batch * units);
    kernels.activate('tanh', proposal, proposal);
  }

  backward(dy: Floats): Floats {
    const { batch, gates, steps } = this;
    this.dh.view.fill(0);
    this.dc.view.fill(0);
    for (let t = steps - 1; t >= 0; t--) this.stepBack(t, dy.view);
    return gates.end(batch, steps);
  }

  private stepBack(t: number, dy: Float32Array): void {
    const { batch, gates, units } = this;
    const [ifo, proposal, c, tanhC] = [this.ifo.view, this.g.view, this.c.view, this.tanhC.view];
    const [dh, dc, dInput] = [this.dh.view, this.dc.view, gates.dInput.view];
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      for (let k = 0; k < units; k++) {
        const own = (row - t * batch) * units + k;
        const gate = row * 3 * units + k;
        const to = row * 4 * units + k;
        const [i, f, o] = [at(ifo, gate), at(ifo, gate + units), at(ifo, gate + 2 * units)];
        const g = at(proposal, row * units + k);
        const squashed = at(tanhC, row * units + k);
        const d = at(dy, row * units + k) + at(dh, own);
        const dMemory = at(dc, own) + d * o * (1 - squashed * squashed);
        dInput[to] = dMemory * g * i * (1 - i);
        dInput[to + units] = dMemory * at(c, row * units + k) * f * (1 - f);
        dInput[to + 2 * units] = d * squashed * o * (1 - o);
        dInput[to + 3 * units] = dMemory * i * (1 - g * g);
        dc[own] = dMemory * f;
        dh[own] = 0;
      }
    }
    const width = batch * 4 * units;
    gates.dState.part(t * width, width).view.set(gates.dInput.part(t * width, width).view);
    gates.stepBack(t, batch, this.dh.part(0, batch * units));
  }
}
