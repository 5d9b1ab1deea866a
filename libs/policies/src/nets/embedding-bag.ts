import type { Floats, Kernels } from '../kernels/index.js';
import { head } from './layers.js';
import type { Parameter, Parameters, Start } from './parameters.js';

/** Weighted sets of numbers: set r has the entries start[r] to start[r + 1]. */
export class Bags {
  readonly start: number[] = [0];
  readonly index: number[] = [];
  readonly weight: number[] = [];

  get rows(): number {
    return this.start.length - 1;
  }

  put(index: number, weight: number): void {
    this.index.push(index);
    this.weight.push(weight);
  }

  /** Ends the set that is being filled. */
  close(): void {
    this.start.push(this.index.length);
  }
}

/** y[r] = sum of weight table[index] over a set: what is known of a thing by any number of features. */
export class EmbeddingBag {
  readonly table: Parameter;
  private readonly y: Floats;
  private bags: Bags | undefined;
  private readonly kernels: Kernels;

  constructor(
    parameters: Parameters,
    name: string,
    size: number,
    readonly width: number,
    capacity: number,
    start: Start,
  ) {
    this.kernels = parameters.kernels;
    this.table = parameters.declare(name, size * width, start);
    this.y = this.kernels.arena.floats(capacity * width);
  }

  forward(bags: Bags): Floats {
    this.bags = bags;
    const { width } = this;
    const y = head(this.y, bags.rows * width);
    const [out, table] = [y.view, this.table.weights.view];
    out.fill(0);
    for (let r = 0; r < bags.rows; r++) {
      const base = r * width;
      for (let k = bags.start[r] as number; k < (bags.start[r + 1] as number); k++) {
        const weight = bags.weight[k] as number;
        const from = (bags.index[k] as number) * width;
        for (let j = 0; j < width; j++)
          out[base + j] = (out[base + j] as number) + weight * (table[from + j] as number);
      }
    }
    return y;
  }

  /** Adds to the gradient of the table. */
  backward(dy: Floats): void {
    const bags = this.bags as Bags;
    const { width } = this;
    const [d, gradient] = [dy.view, this.table.gradient.view];
    for (let r = 0; r < bags.rows; r++) {
      const base = r * width;
      for (let k = bags.start[r] as number; k < (bags.start[r + 1] as number); k++) {
        const weight = bags.weight[k] as number;
        const to = (bags.index[k] as number) * width;
        for (let j = 0; j < width; j++)
          gradient[to + j] = (gradient[to + j] as number) + weight * (d[base + j] as number);
      }
    }
  }
}
