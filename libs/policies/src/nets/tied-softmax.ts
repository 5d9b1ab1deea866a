import type { Floats, Ints, Kernels } from '../kernels/index.js';
import { head } from './layers.js';
import type { Embedding } from './layers.js';
import type { Parameter, Parameters } from './parameters.js';

/** Name of the parameter with a number per item. */
export const ITEM_BIAS = 'items.bias';

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
    this.bias = parameters.declare(ITEM_BIAS, items, { value: 0 });
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

  /** Per row, the rank of its target among all items, from 1; equal ones count half. */
  ranks(x: Floats, target: Ints): Float64Array {
    const { embedding, items } = this;
    const ranks = new Float64Array(target.length);
    for (let from = 0; from < ranks.length; from += this.piece) {
      const m = Math.min(this.piece, ranks.length - from);
      const logits = this.logitsOf(x.part(from * embedding.width, m * embedding.width), m).view;
      for (let row = 0; row < m; row++) {
        const values = logits.subarray(row * items, (row + 1) * items);
        ranks[from + row] = rankOf(values, target.view[from + row] as number);
      }
    }
    return ranks;
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

function rankOf(values: Float32Array, target: number): number {
  const own = values[target] as number;
  let above = 0;
  let equal = 0;
  for (const value of values) {
    if (value > own) above++;
    else if (value === own) equal++;
  }
  return above + (1 + equal) / 2;
}
