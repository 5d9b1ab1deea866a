import type { Floats, Ints, Kernels } from '../kernels/index.js';
import { head } from './layers.js';
import type { Embedding } from './layers.js';
import type { Parameter, Parameters } from './parameters.js';

/** Most logits that are held at once: 64 MB. */
const LOGITS = 16 * 1024 ** 2;

/**
 * Softmax over all items with the items' own embeddings as output weights (Press and Wolf 2017) and a bias per item: the loss
 * is the cross-entropy of the item that came next. Rows are worked off in pieces, so that the memory does not grow with
 * rows x items.
 */
export class TiedSoftmax {
  readonly bias: Parameter;
  private readonly dx: Floats;
  private readonly logits: Floats;
  private readonly piece: number;
  private readonly kernels: Kernels;

  constructor(
    parameters: Parameters,
    private readonly embedding: Embedding,
    private readonly items: number,
    capacity: number,
  ) {
    this.kernels = parameters.kernels;
    this.bias = parameters.declare('items.bias', items, { value: 0 });
    this.piece = Math.max(1, Math.min(capacity, Math.floor(LOGITS / items)));
    this.logits = this.kernels.arena.floats(this.piece * items);
    this.dx = this.kernels.arena.floats(capacity * embedding.width);
  }

  /**
   * Mean loss of the rows of `x`, with its gradient: in the weights, and for x as returned.
   * @param target the item of each row, none negative.
   */
  trainingLoss(x: Floats, target: Ints): { loss: number; dx: Floats } {
    const { embedding, items, kernels } = this;
    const { table, width } = embedding;
    const rows = target.length;
    const dx = head(this.dx, rows * width);
    let loss = 0;
    for (let from = 0; from < rows; from += this.piece) {
      const m = Math.min(this.piece, rows - from);
      const part = x.part(from * width, m * width);
      const logits = this.logitsOf(part, m);
      loss += kernels.crossEntropy(logits, target.part(from, m), items, 1 / rows);
      kernels.addColumnSums(this.bias.gradient, logits, m);
      const piece = { m, n: width, k: items };
      kernels.product(dx.part(from * width, m * width), logits, table.weights, piece);
      kernels.product(table.gradient, logits, part, { m: items, n: width, k: m, turnA: true, add: true });
    }
    return { loss, dx };
  }

  /** Sum of the losses of the rows; the gradients stay as they are. */
  loss(x: Floats, target: Ints): number {
    const { width } = this.embedding;
    let loss = 0;
    for (let from = 0; from < target.length; from += this.piece) {
      const m = Math.min(this.piece, target.length - from);
      const logits = this.logitsOf(x.part(from * width, m * width), m);
      loss += this.kernels.crossEntropy(logits, target.part(from, m), this.items, 1);
    }
    return loss;
  }

  private logitsOf(x: Floats, rows: number): Floats {
    const { embedding, items, kernels } = this;
    const logits = head(this.logits, rows * items);
    const shape = { m: rows, n: items, k: embedding.width, turnB: true };
    kernels.product(logits, x, embedding.table.weights, shape);
    kernels.addBias(logits, this.bias.weights, rows);
    return logits;
  }
}
