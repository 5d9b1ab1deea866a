import type { Rng } from '#experiments';
import type { Floats, Ints, Kernels } from '../kernels/index.js';
import { glorot } from './parameters.js';
import type { Parameter, Parameters, Start } from './parameters.js';

/** The first `length` elements. */
export function head(block: Floats, length: number): Floats {
  return block.length === length ? block : block.part(0, length);
}

/**
 * Layers own the buffers of their results, for at most `capacity` rows: what `forward` and `backward` return is valid until the
 * next call. `backward` takes the gradient of the last forward's result, adds to the gradients of the weights and returns the
 * gradient of the argument.
 */

/** y = x W + b. */
export class Dense {
  private readonly weights: Parameter;
  private readonly bias: Parameter;
  private readonly y: Floats;
  private readonly dx: Floats;
  private x: Floats | undefined;
  private readonly kernels: Kernels;

  constructor(
    parameters: Parameters,
    name: string,
    private readonly inputs: number,
    private readonly outputs: number,
    capacity: number,
  ) {
    this.kernels = parameters.kernels;
    this.weights = parameters.declare(`${name}.weights`, inputs * outputs, glorot(inputs, outputs));
    this.bias = parameters.declare(`${name}.bias`, outputs, { value: 0 });
    this.y = this.kernels.arena.floats(capacity * outputs);
    this.dx = this.kernels.arena.floats(capacity * inputs);
  }

  forward(x: Floats, rows: number): Floats {
    const { inputs, outputs, kernels } = this;
    const y = head(this.y, rows * outputs);
    this.x = x;
    kernels.product(y, x, this.weights.weights, { m: rows, n: outputs, k: inputs });
    kernels.addBias(y, this.bias.weights, rows);
    return y;
  }

  /** What the last `forward` was given, and what it gave. */
  get input(): Floats | undefined {
    return this.x;
  }

  get output(): Floats {
    return this.y;
  }

  backward(dy: Floats, rows: number): Floats {
    const { inputs, outputs, kernels } = this;
    const dx = head(this.dx, rows * inputs);
    const x = this.x as Floats;
    kernels.product(this.weights.gradient, x, dy, { m: inputs, n: outputs, k: rows, turnA: true, add: true });
    kernels.addColumnSums(this.bias.gradient, dy, rows);
    kernels.product(dx, dy, this.weights.weights, { m: rows, n: inputs, k: outputs, turnB: true });
    return dx;
  }
}

/** Rows standardised, then scaled and shifted (Ba, Kiros and Hinton 2016). */
export class LayerNorm {
  private readonly gamma: Parameter;
  private readonly beta: Parameter;
  private readonly y: Floats;
  private readonly dx: Floats;
  private readonly kept: { standard: Floats; inverse: Floats };
  private readonly kernels: Kernels;

  constructor(
    parameters: Parameters,
    name: string,
    private readonly width: number,
    capacity: number,
  ) {
    this.kernels = parameters.kernels;
    const { arena } = this.kernels;
    this.gamma = parameters.declare(`${name}.gamma`, width, { value: 1 });
    this.beta = parameters.declare(`${name}.beta`, width, { value: 0 });
    this.y = arena.floats(capacity * width);
    this.dx = arena.floats(capacity * width);
    this.kept = { standard: arena.floats(capacity * width), inverse: arena.floats(capacity) };
  }

  forward(x: Floats, rows: number): Floats {
    const y = head(this.y, rows * this.width);
    this.kernels.layerNorm(y, x, this.gamma.weights, this.beta.weights, this.kept, rows);
    return y;
  }

  backward(dy: Floats, rows: number): Floats {
    const dx = head(this.dx, rows * this.width);
    const gradients = { gamma: this.gamma.gradient, beta: this.beta.gradient };
    this.kernels.layerNormBackward(dx, dy, this.gamma.weights, this.kept, gradients, rows);
    return dx;
  }
}

const HALF_WORD = 65_536;

/**
 * Sets a share of the elements to 0 and scales the others up, in training only (Srivastava et al. 2014). The masks are drawn by
 * xorshift (Marsaglia 2003), sixteen bits each, from a seed that the generator gives: tens of millions are needed per epoch.
 */
export class Dropout {
  private readonly mask: Floats;
  /** Of the masks to come. */
  word: number;
  private readonly kernels: Kernels;
  private active = false;

  constructor(
    parameters: Parameters,
    private readonly share: number,
    capacity: number,
    rng: Rng,
  ) {
    this.kernels = parameters.kernels;
    this.mask = this.kernels.arena.floats(share > 0 ? capacity : 0);
    this.word = 1 + rng.below(0x7fff_fffe);
    parameters.streams.push(this);
  }

  /** y = x with a fresh mask on it; y may be x. */
  forward(y: Floats, x: Floats, training: boolean): void {
    this.active = training && this.share > 0;
    if (this.active) this.draw(x.length);
    if (this.active) this.kernels.multiply(y, x, head(this.mask, x.length));
    else if (y.at !== x.at) y.view.set(x.view);
  }

  /** The gradient, in place. */
  backward(dy: Floats): void {
    if (this.active) this.kernels.multiply(dy, dy, head(this.mask, dy.length));
  }

  private draw(length: number): void {
    const { view } = this.mask;
    const threshold = Math.round(this.share * HALF_WORD);
    const kept = 1 / (1 - this.share);
    let word = this.word;
    for (let i = 0; i < length; i += 2) {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      view[i] = (word & 0xffff) < threshold ? 0 : kept;
      if (i + 1 < length) view[i + 1] = word >>> 16 < threshold ? 0 : kept;
    }
    this.word = word;
  }
}

/** Vectors by number; a negative number is a vector of zeros. */
export class Embedding {
  readonly table: Parameter;
  private readonly y: Floats;
  private index: Ints | undefined;
  private readonly kernels: Kernels;

  /**
   * @param scale factor on the vectors that are handed out.
   * @param start of the vectors; by default that of Glorot and Bengio.
   */
  constructor(
    parameters: Parameters,
    name: string,
    size: number,
    readonly width: number,
    private readonly scale: number,
    capacity: number,
    start: Start = glorot(size, width),
  ) {
    this.kernels = parameters.kernels;
    this.table = parameters.declare(name, size * width, start);
    this.y = this.kernels.arena.floats(capacity * width);
  }

  forward(index: Ints): Floats {
    const y = head(this.y, index.length * this.width);
    this.index = index;
    this.kernels.gather(y, this.table.weights, index, this.width, this.scale);
    return y;
  }

  /** Nothing is looked up this time. */
  skip(): void {
    this.index = undefined;
  }

  backward(dy: Floats): void {
    if (this.index === undefined) return;
    this.kernels.scatterAdd(this.table.gradient, dy, this.index, this.width, this.scale);
  }
}
