/** Rows of numbers of which most are 0: row r has columns[start[r] .. start[r + 1]), ascending, weights beside them. */
export interface ItemRows {
  readonly start: Uint32Array;
  readonly columns: Uint32Array;
  readonly weights: Float32Array;
}

/**
 * Rows of which every entry is kept, in 16 bits: entry (r, c) is steps[r] * levels[r * columns + c], so that it is off by
 * at most 1 / 65,534 of the largest in its row.
 */
export interface DenseRows {
  readonly steps: Float32Array;
  readonly levels: Int16Array;
}

/** Collects rows that are given one after the other. */
export interface Collector {
  /** Adds the next row, given in full. */
  add(dense: Float64Array): void;
  rows(): ItemRows | DenseRows;
}

/** @param kept entries that are kept per row; null: all. */
export function collectorOf(rows: number, columns: number, kept: number | null): Collector {
  return kept === null ? new DenseCollector(rows, columns) : new RowCollector(rows, kept);
}

const LEVELS = 32_767;

class DenseCollector implements Collector {
  private readonly steps: Float32Array;
  private readonly levels: Int16Array;
  private row = 0;

  constructor(
    rows: number,
    private readonly columns: number,
  ) {
    this.steps = new Float32Array(rows);
    this.levels = new Int16Array(rows * columns);
  }

  add(dense: Float64Array): void {
    let largest = 0;
    for (const value of dense) largest = Math.max(largest, Math.abs(value));
    // Rounded up, so that the largest still fits after it became single.
    const step = Math.fround((largest / LEVELS) * (1 + 1e-6));
    this.steps[this.row] = step;
    const base = this.row++ * this.columns;
    if (step === 0) return;
    for (let c = 0; c < dense.length; c++) this.levels[base + c] = Math.round((dense[c] as number) / step);
  }

  rows(): DenseRows {
    return { steps: this.steps, levels: this.levels };
  }
}

/** Collects the largest entries of rows that are given one after the other. */
export class RowCollector implements Collector {
  private readonly start: Uint32Array;
  private columns = new Uint32Array(1024);
  private weights = new Float32Array(1024);
  private size = 0;
  private row = 0;

  /** @param kept entries of a row that are kept, those of the largest absolute value; of equals the first. */
  constructor(
    rows: number,
    private readonly kept: number,
  ) {
    this.start = new Uint32Array(rows + 1);
  }

  /** Adds the next row, given in full. */
  add(dense: Float64Array): void {
    const least = leastKept(dense, this.kept);
    this.reserve(Math.min(dense.length, this.kept));
    // Entries equal to the least one that is kept share the places that the larger ones leave.
    let equals = this.kept;
    for (const value of dense) if (Math.abs(value) > least) equals--;
    for (let column = 0; column < dense.length; column++) {
      const value = dense[column] as number;
      const magnitude = Math.abs(value);
      if (magnitude === 0 || magnitude < least || (magnitude === least && equals-- <= 0)) continue;
      this.columns[this.size] = column;
      this.weights[this.size++] = value;
    }
    this.start[++this.row] = this.size;
  }

  rows(): ItemRows {
    return {
      start: this.start,
      columns: this.columns.slice(0, this.size),
      weights: this.weights.slice(0, this.size),
    };
  }

  private reserve(more: number): void {
    if (this.size + more <= this.columns.length) return;
    const room = 2 * this.columns.length + more;
    const columns = new Uint32Array(room);
    const weights = new Float32Array(room);
    columns.set(this.columns);
    weights.set(this.weights);
    this.columns = columns;
    this.weights = weights;
  }
}

/** The kept-th largest absolute value; 0 when nothing needs to be left out. */
function leastKept(dense: Float64Array, kept: number): number {
  const values = new Float64Array(dense.length);
  let size = 0;
  for (const value of dense) if (value !== 0) values[size++] = Math.abs(value);
  return size <= kept ? 0 : select(values, size, size - kept);
}

/** The value that would stand at `place` if the first `size` were ascending (Hoare 1961); reorders them. */
function select(values: Float64Array, size: number, place: number): number {
  let low = 0;
  let high = size - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const swapped = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = swapped;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return values[place] as number;
}

/** The same entries seen from the columns. */
export function turnedRows(rows: ItemRows, columnCount: number): ItemRows {
  const start = new Uint32Array(columnCount + 1);
  for (const column of rows.columns) start[column + 1] = (start[column + 1] as number) + 1;
  for (let c = 0; c < columnCount; c++) start[c + 1] = (start[c + 1] as number) + (start[c] as number);
  const next = start.slice();
  const columns = new Uint32Array(rows.columns.length);
  const weights = new Float32Array(rows.columns.length);
  for (let r = 0; r + 1 < rows.start.length; r++) {
    for (let p = rows.start[r] as number; p < (rows.start[r + 1] as number); p++) {
      const column = rows.columns[p] as number;
      const to = next[column] as number;
      next[column] = to + 1;
      columns[to] = r;
      weights[to] = rows.weights[p] as number;
    }
  }
  return { start, columns, weights };
}
