import { segmentProduct } from '../linear-algebra/cholesky.js';

/** Titles that the member does not have and is folded in against. */
const NEGATIVES = 128;
/** Pairs of a title of the member's with one of those, about. */
const PAIRS = 2_000;
const LEAST_EACH = 4;
const ITERATIONS = 20;
const SETTLED = 1e-6;

/** What a member is folded in by: pairs (mine[n], others[n]) of places in `items`. */
interface Comparison {
  readonly items: Uint32Array;
  readonly mine: Uint32Array;
  readonly others: Uint32Array;
}

/**
 * Finds a member's factors from the items that the member has, against fixed item factors: minimises the objective of the
 * training over the member's vector alone, mean -log sigmoid(s_i - s_j) + regularisation |u|^2, which is convex. The
 * items are compared with others that are spread evenly over the catalogue, so nothing is drawn. By gradient steps
 * of the length of Barzilai and Borwein (1988).
 */
export class BprFoldIn {
  private readonly gradient: Float64Array;

  constructor(
    private readonly factors: Float64Array,
    private readonly biases: Float64Array,
    private readonly dimension: number,
    private readonly regularisation: number,
  ) {
    this.gradient = new Float64Array(dimension);
  }

  /** @param own distinct row numbers, at least one. @returns the member's factors. */
  solve(own: readonly number[]): Float64Array {
    const { dimension, gradient } = this;
    const member = new Float64Array(dimension);
    const comparison = compare(own, this.biases.length);
    if (comparison === null) return member;
    const previous = new Float64Array(dimension);
    const moved = new Float64Array(dimension);
    let step = 1;
    for (let n = 0; n < ITERATIONS; n++) {
      this.differentiate(member, comparison);
      let [ss, sy, gg] = [0, 0, 0];
      for (let k = 0; k < dimension; k++) {
        const change = (gradient[k] as number) - (previous[k] as number);
        ss += (moved[k] as number) ** 2;
        sy += (moved[k] as number) * change;
        gg += (gradient[k] as number) ** 2;
      }
      if (gg < SETTLED * SETTLED) break;
      if (sy > 0) step = ss / sy;
      for (let k = 0; k < dimension; k++) {
        previous[k] = gradient[k] as number;
        moved[k] = -step * (gradient[k] as number);
        member[k] = (member[k] as number) + (moved[k] as number);
      }
    }
    return member;
  }

  /** Puts the gradient at `member` into this.gradient. */
  private differentiate(member: Float64Array, { items, mine, others }: Comparison): void {
    const { biases, dimension, factors, gradient } = this;
    const scores = new Float64Array(items.length);
    for (let n = 0; n < items.length; n++) {
      const item = items[n] as number;
      scores[n] = (biases[item] as number) + segmentProduct(member, 0, factors, item * dimension, dimension);
    }
    const slopes = new Float64Array(items.length);
    for (let n = 0; n < mine.length; n++) {
      const [i, j] = [mine[n] as number, others[n] as number];
      const slope = 1 / (1 + Math.exp((scores[i] as number) - (scores[j] as number)));
      slopes[i] = (slopes[i] as number) - slope;
      slopes[j] = (slopes[j] as number) + slope;
    }
    for (let k = 0; k < dimension; k++) gradient[k] = 2 * this.regularisation * (member[k] as number);
    for (let n = 0; n < items.length; n++) {
      const base = (items[n] as number) * dimension;
      const slope = (slopes[n] as number) / mine.length;
      for (let k = 0; k < dimension; k++)
        gradient[k] = (gradient[k] as number) + slope * (factors[base + k] as number);
    }
  }
}

/** Each item of the member's with equally many others; null when the member has everything. */
function compare(own: readonly number[], catalogue: number): Comparison | null {
  const has = new Set(own);
  const negatives: number[] = [];
  const step = Math.max(1, catalogue / (NEGATIVES + 1));
  for (let place = step / 2; place < catalogue; place += step) {
    const item = Math.floor(place);
    if (!has.has(item)) negatives.push(item);
  }
  if (negatives.length === 0) return null;
  const each = Math.min(negatives.length, Math.max(LEAST_EACH, Math.ceil(PAIRS / own.length)));
  // Each item goes on in the list of the others where the one before it stopped.
  return {
    items: Uint32Array.from([...own, ...negatives]),
    mine: Uint32Array.from({ length: own.length * each }, (_, n) => Math.floor(n / each)),
    others: Uint32Array.from({ length: own.length * each }, (_, n) => own.length + (n % negatives.length)),
  };
}
