import { transposed } from './ridge.js';
import type { SparseVector } from './table.js';

/** Titles with their likeness, the most alike first. */
export interface Neighbours {
  readonly titles: Uint32Array;
  readonly alike: Float64Array;
}

/** The most alike titles by the inner product of their rows; ties go to the earlier title. */
export class NearestTitles {
  private readonly byAttribute: readonly SparseVector[];
  private readonly sums: Float64Array;
  private readonly found = new Map<number, Neighbours>();

  /** @param counts whether a title may be a neighbour. */
  constructor(
    private readonly rows: readonly SparseVector[],
    width: number,
    private readonly most: number,
    private readonly counts: (title: number) => boolean,
  ) {
    this.byAttribute = transposed(rows, width);
    this.sums = new Float64Array(rows.length);
  }

  /** Neighbours of a known title, itself left out; looked up once, then kept. */
  ofKnown(title: number): Neighbours {
    let neighbours = this.found.get(title);
    if (neighbours === undefined) {
      neighbours = this.of(this.rows[title] as SparseVector, title);
      this.found.set(title, neighbours);
    }
    return neighbours;
  }

  /** Neighbours of any row. */
  of(row: SparseVector, except = -1): Neighbours {
    const { sums } = this;
    sums.fill(0);
    row.columns.forEach((c, k) => {
      const { columns, values } = this.byAttribute[c] as SparseVector;
      const value = row.values[k] as number;
      for (let p = 0; p < columns.length; p++) {
        const i = columns[p] as number;
        sums[i] = (sums[i] as number) + value * (values[p] as number);
      }
    });
    const titles: number[] = [];
    sums.forEach((sum, i) => {
      if (sum > 0 && i !== except && this.counts(i)) titles.push(i);
    });
    titles.sort((a, b) => (sums[b] as number) - (sums[a] as number) || a - b);
    const nearest = Uint32Array.from(titles.slice(0, this.most));
    return { titles: nearest, alike: Float64Array.from(nearest, (i) => sums[i] as number) };
  }
}
