import type { Floats, Kernels } from '../kernels/index.js';
import type { Parameters } from './parameters.js';
import { Gates } from './recurrent.js';
import type { RecurrentCell } from './recurrent.js';

const at = (values: Float32Array, i: number): number => values[i] as number;

/**
 * Gated recurrent units (Cho et al. 2014, in the form of cuDNN): r and z = sigmoid(W x + U h), n = tanh(W x + r (U h)),
 * h' = (1 - z) n + z h. Gates are in the order r, z, n.
 */
export class GruCell implements RecurrentCell {
  private readonly gates: Gates;
  private readonly rz: Floats;
  private readonly n: Floats;
  private readonly dh: Floats;
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
    this.gates = new Gates(parameters, 'gru', units, 3, steps, batch);
    this.rz = this.kernels.arena.floats(steps * batch * 2 * units);
    this.n = this.kernels.arena.floats(steps * batch * units);
    this.dh = this.kernels.arena.floats(batch * units);
  }

  forward(x: Floats, batch: number, steps: number): Floats {
    this.batch = batch;
    this.steps = steps;
    this.gates.begin(x, batch, steps);
    for (let t = 0; t < steps; t++) this.step(t);
    return this.gates.states.part(batch * this.units, steps * batch * this.units);
  }

  private step(t: number): void {
    const { batch, gates, kernels, units } = this;
    gates.step(t, batch);
    const input = gates.fromInput.view;
    const state = gates.fromState.view;
    const [rz, n] = [this.rz.view, this.n.view];
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      for (let i = 0; i < 2 * units; i++)
        rz[row * 2 * units + i] = at(input, row * 3 * units + i) + at(state, row * 3 * units + i);
    }
    const gate = this.rz.part(t * batch * 2 * units, batch * 2 * units);
    kernels.activate('sigmoid', gate, gate);
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      const from = row * 3 * units + 2 * units;
      for (let i = 0; i < units; i++)
        n[row * units + i] = at(input, from + i) + at(rz, row * 2 * units + i) * at(state, from + i);
    }
    const proposal = this.n.part(t * batch * units, batch * units);
    kernels.activate('tanh', proposal, proposal);
    const h = gates.states.view;
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      for (let i = 0; i < units; i++) {
        const z = at(rz, row * 2 * units + units + i);
        h[(row + batch) * units + i] = (1 - z) * at(n, row * units + i) + z * at(h, row * units + i);
      }
    }
  }

  backward(dy: Floats): Floats {
    const { batch, gates, steps } = this;
    this.dh.view.fill(0);
    for (let t = steps - 1; t >= 0; t--) this.stepBack(t, dy.view);
    return gates.end(batch, steps);
  }

  private stepBack(t: number, dy: Float32Array): void {
    const { batch, gates, units } = this;
    const [rz, proposal, h, dh] = [this.rz.view, this.n.view, gates.states.view, this.dh.view];
    const [state, dInput, dState] = [gates.fromState.view, gates.dInput.view, gates.dState.view];
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      for (let i = 0; i < units; i++) {
        const own = (row - t * batch) * units + i;
        const to = row * 3 * units + i;
        const r = at(rz, row * 2 * units + i);
        const z = at(rz, row * 2 * units + units + i);
        const n = at(proposal, row * units + i);
        const d = at(dy, row * units + i) + at(dh, own);
        const dn = d * (1 - z) * (1 - n * n);
        const dr = dn * at(state, to + 2 * units) * r * (1 - r);
        const dz = d * (at(h, row * units + i) - n) * z * (1 - z);
        dInput[to] = dState[to] = dr;
        dInput[to + units] = dState[to + units] = dz;
        dInput[to + 2 * units] = dn;
        dState[to + 2 * units] = dn * r;
        dh[own] = d * z;
      }
    }
    gates.stepBack(t, batch, this.dh.part(0, batch * units));
  }
}
