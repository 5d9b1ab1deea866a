/** Pairs of a watched and another title that a member is folded in by, about. */
const PAIRS = 2_000;
const LEAST_NEGATIVES = 4;
const ITERATIONS = 30;
const SETTLED = 1e-6;

/**
 * Finds a member's factors from the items that the member has, against fixed item factors: minimises the objective of the
 * training over the member's vector alone, mean -log sigmoid(s_i - s_j) + regularisation |u|^2, which is convex. Each
 * item is compared with a few others that are spread evenly over the catalogue, so nothing is drawn. By gradient steps
 * of the length of Barzilai and Borwein (1988).
 */
export class BprFoldIn {
  private readonly items: number;
  private readonly gradient: Float64Array;

  constructor(
    private readonly factors: Float64Array,
    private readonly biases: Float64Array,
    private readonly dimension: number,
    private readonly regularisation: number,
  ) {
    this.items = biases.length;
    this.gradient = new Float64Array(dimension);
  }

  /** @param own distinct row numbers, at least one. @returns the member's factors. */
  solve(own: readonly number[]): Float64Array {
    const { dimension, gradient } = this;
    const member = new Float64Array(dimension);
    const pairs = this.pairsOf(own);
    if (pairs.length === 0) return member;
    const previous = new Float64Array(dimension);
    const moved = new Float64Array(dimension);
    let step = 1;
    for (let n = 0; n < ITERATIONS; n++) {
      this.differentiate(member, pairs);
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

  /** Alternating: an item of the member's, and one that is not. */
  private pairsOf(own: readonly number[]): Uint32Array {
    const mine = new Set(own);
    const others = this.items - mine.size;
    if (others <= 0) return new Uint32Array(0);
    const each = Math.max(LEAST_NEGATIVES, Math.ceil(PAIRS / own.length));
    const pairs = new Uint32Array(2 * each * own.length);
    // Steps of the golden section visit the catalogue evenly, however many are taken.
    let place = 0.5;
    for (let n = 0; n < pairs.length; n += 2) {
      let other: number;
      do {
        place = (place + 0.618_033_988_749_895) % 1;
        other = Math.floor(place * this.items);
      } while (mine.has(other));
      pairs[n] = own[(n / 2) % own.length] as number;
      pairs[n + 1] = other;
    }
    return pairs;
  }

  /** Puts the gradient at `member` into this.gradient. */
  private differentiate(member: Float64Array, pairs: Uint32Array): void {
    const { biases, dimension, factors, gradient, items, regularisation } = this;
    const scores = new Map<number, number>();
    const slopes = new Map<number, number>();
    const scoreOf = (item: number): number => {
      let score = scores.get(item);
      if (score === undefined) {
        score = biases[item] as number;
        for (let k = 0; k < dimension; k++)
          score += (member[k] as number) * (factors[item * dimension + k] as number);
        scores.set(item, score);
      }
      return score;
    };
    for (let n = 0; n < pairs.length; n += 2) {
      const [mine, other] = [pairs[n] as number, pairs[n + 1] as number];
      const slope = -1 / (1 + Math.exp(scoreOf(mine) - scoreOf(other)));
      slopes.set(mine, (slopes.get(mine) ?? 0) + slope);
      slopes.set(other, (slopes.get(other) ?? 0) - slope);
    }
    void items;
    for (let k = 0; k < dimension; k++) gradient[k] = 2 * regularisation * (member[k] as number);
    const share = 2 / pairs.length;
    for (const [item, slope] of slopes) {
      for (let k = 0; k < dimension; k++)
        gradient[k] = (gradient[k] as number) + share * slope * (factors[item * dimension + k] as number);
    }
  }
}
