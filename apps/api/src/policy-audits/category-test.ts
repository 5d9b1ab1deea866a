import { chiSquareSf } from '#metrics';

export interface ChiSquare {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly p: number;
}

/** A category is tested once its count has at least this variance; below it the normal law is not there yet. */
const LEAST_VARIANCE = 10;
/** A pivot below this share of its variance: the category is the rest of those before it. */
const REST = 1e-8;

/**
 * Pearson's chi-square for counts whose probabilities differ from draw to draw: d' V^-1 d, where d is observed minus
 * expected and V the exact covariance, the sum of diag(q) - q q' over the draws. With equal probabilities in all draws
 * it is the usual statistic.
 */
export class CategoryTest {
  private readonly difference: Float64Array;
  private readonly covariance: Float64Array;
  private readonly touched = new Set<number>();

  constructor(private readonly size: number) {
    this.difference = new Float64Array(size);
    this.covariance = new Float64Array(size * size);
  }

  /**
   * Counts one draw.
   * @param q probability of each category; sums to 1.
   * @param drawn the category that was drawn.
   */
  add(q: ReadonlyMap<number, number>, drawn: number): void {
    this.difference[drawn] = (this.difference[drawn] as number) + 1;
    this.touched.add(drawn);
    for (const [i, p] of q) {
      this.touched.add(i);
      this.difference[i] = (this.difference[i] as number) - p;
      const row = i * this.size;
      for (const [j, other] of q)
        this.covariance[row + j] = (this.covariance[row + j] as number) + (i === j ? p : 0) - p * other;
    }
  }

  /** Null while no category has been drawn often enough. */
  result(): ChiSquare | null {
    const tested = [...this.touched].filter(
      (i) => (this.covariance[i * this.size + i] as number) >= LEAST_VARIANCE,
    );
    const rows: { readonly index: number; readonly l: number[]; readonly y: number }[] = [];
    for (const index of tested) {
      const variance = this.covariance[index * this.size + index] as number;
      const l: number[] = [];
      let pivot = variance;
      let rest = this.difference[index] as number;
      for (const [k, row] of rows.entries()) {
        let value = this.covariance[index * this.size + row.index] as number;
        for (let m = 0; m < k; m++) value -= (l[m] as number) * (row.l[m] as number);
        value /= row.l[k] as number;
        l.push(value);
        pivot -= value * value;
        rest -= value * row.y;
      }
      if (pivot <= REST * variance) continue;
      const root = Math.sqrt(pivot);
      rows.push({ index, l: [...l, root], y: rest / root });
    }
    if (rows.length === 0) return null;
    const statistic = rows.reduce((sum, { y }) => sum + y * y, 0);
    return { statistic, degreesOfFreedom: rows.length, p: chiSquareSf(statistic, rows.length) };
  }
}
