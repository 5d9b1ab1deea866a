import { DomainError } from '#experiments';
import type { Rng } from '#experiments';
import type { FitProgress, FitStart } from '../contract.js';
import { Kernels, withKernels } from '../kernels/index.js';
import type { Doubles } from '../kernels/index.js';
import { ShortRowSolver } from './als-short-rows.js';

/** Rows of factors that are added up in one go: they stay in the cache. */
const ROWS_AT_ONCE = 128;

/** Observed pairs row by row: row r has columns[start[r] .. start[r + 1]) with the confidences beside them. */
export interface SparseRows {
  readonly start: Uint32Array;
  readonly columns: Uint32Array;
  readonly weights: Float64Array;
}

/** Sorts pairs into rows; pairs that occur twice are one entry with the sum of their weights. */
export function sparseRows(
  rows: number,
  row: Uint32Array,
  column: Uint32Array,
  weight: Float64Array,
): SparseRows {
  const order = Uint32Array.from(row, (_, index) => index).sort(
    (i, j) => (row[i] as number) - (row[j] as number) || (column[i] as number) - (column[j] as number),
  );
  const start = new Uint32Array(rows + 1);
  const columns = new Uint32Array(row.length);
  const weights = new Float64Array(row.length);
  let size = 0;
  let previous = -1;
  for (const i of order) {
    const again = previous >= 0 && row[previous] === row[i] && column[previous] === column[i];
    if (!again) {
      columns[size++] = column[i] as number;
      start[(row[i] as number) + 1] = size;
    }
    weights[size - 1] = (weights[size - 1] as number) + (weight[i] as number);
    previous = i;
  }
  for (let r = 1; r <= rows; r++) start[r] = Math.max(start[r] as number, start[r - 1] as number);
  return { start, columns: columns.slice(0, size), weights: weights.slice(0, size) };
}

/** The same pairs seen from the columns. */
export function transposeRows(matrix: SparseRows, columnCount: number): SparseRows {
  const row = new Uint32Array(matrix.columns.length);
  for (let r = 0; r + 1 < matrix.start.length; r++) row.fill(r, matrix.start[r], matrix.start[r + 1]);
  return sparseRows(columnCount, matrix.columns, row, matrix.weights);
}

/** V'V of `count` rows of `dim` factors. */
export function gramOf(factors: Float64Array, count: number, dim: number): Float64Array {
  return withKernels((kernels) => {
    const { arena } = kernels;
    const gram = arena.doubles(dim * dim);
    const part = arena.doubles(Math.min(count, ROWS_AT_ONCE) * dim);
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const rows = Math.min(ROWS_AT_ONCE, count - from);
      part.view.set(factors.subarray(from * dim, (from + rows) * dim));
      kernels.product(gram, part, part, { m: dim, n: dim, k: rows, turnA: true, add: true });
    }
    return gram.view.slice();
  });
}

export interface AlsWeights {
  /** Weight of every unobserved pair (alpha_0). */
  readonly unobserved: number;
  readonly regularisation: number;
  /** Exponent of the frequency scaling (nu): 0 regularises all rows alike, 1 in proportion to their pairs. */
  readonly frequency: number;
}

/** Solves one row's factors against fixed ones, in the memory of its own kernels. */
export class RowSolver {
  /** The dimension with room up to a multiple of four; what is there stays 0. */
  private readonly width: number;
  private readonly kernels = new Kernels();
  private readonly gram: Doubles;
  private readonly normal: Doubles;
  private readonly inverse: Doubles;
  private readonly x: Doubles;
  private readonly rows: Doubles;
  private readonly confidences: Doubles;
  private gramSeen: Float64Array | undefined;

  constructor(
    private readonly dim: number,
    private readonly weights: AlsWeights,
    /** How many rows there are on the fixed side: each is an unobserved pair. */
    private readonly fixedCount: number,
  ) {
    const { arena } = this.kernels;
    this.width = 4 * Math.ceil(dim / 4);
    this.gram = arena.doubles(this.width ** 2);
    this.normal = arena.doubles(this.width ** 2);
    this.inverse = arena.doubles(this.width);
    this.x = arena.doubles(this.width);
    this.rows = arena.doubles(ROWS_AT_ONCE * this.width);
    this.confidences = arena.doubles(ROWS_AT_ONCE);
  }

  /**
   * Minimises sum_observed c (1 - w'v)^2 + alpha_0 sum_all (w'v)^2 + reg |w|^2 over w, where
   * reg = lambda (n + alpha_0 N)^nu, by the normal equations and Cholesky.
   * @param gram V'V of the fixed factors; not to be changed between calls.
   * @param into receives w.
   */
  solve(
    factors: Float64Array,
    gram: Float64Array,
    columns: Uint32Array,
    confidences: Float64Array,
    into: Float64Array,
  ): void {
    const { dim, inverse, normal, weights, width, x } = this;
    const { engine } = this.kernels;
    const n = columns.length;
    const reg = weights.regularisation * (n + weights.unobserved * this.fixedCount) ** weights.frequency;
    this.begin(gram, reg);
    for (let from = 0; from < n; from += ROWS_AT_ONCE)
      this.addRows(factors, columns, confidences, from, Math.min(n, from + ROWS_AT_ONCE));
    const pivot = engine.factorUpper(normal.at, width, width, inverse.at);
    if (pivot < width)
      throw new DomainError('not_positive_definite', `pivot ${pivot} of ${dim} is not positive`);
    engine.solveUpper(normal.at, width, width, inverse.at, x.at);
    const { view } = x;
    for (let i = 0; i < dim; i++) into[i] = view[i] as number;
  }

  private begin(given: Float64Array, reg: number): void {
    const { dim, gram, normal, weights, width, x } = this;
    const share = weights.unobserved;
    if (this.gramSeen !== given) {
      const kept = gram.view;
      for (let i = 0; i < dim; i++)
        for (let j = 0; j < dim; j++) kept[i * width + j] = share * (given[i * dim + j] as number);
      this.gramSeen = given;
    }
    const matrix = normal.view;
    matrix.set(gram.view);
    for (let i = 0; i < width; i++) matrix[i * width + i] = (matrix[i * width + i] as number) + reg;
    x.view.fill(0);
  }

  private addRows(
    factors: Float64Array,
    columns: Uint32Array,
    confidences: Float64Array,
    from: number,
    to: number,
  ): void {
    const { dim, normal, rows, width, x } = this;
    const into = rows.view;
    for (let p = from; p < to; p++) {
      const base = (columns[p] as number) * dim;
      const at = (p - from) * width;
      for (let i = 0; i < dim; i++) into[at + i] = factors[base + i] as number;
    }
    this.confidences.view.set(confidences.subarray(from, to));
    this.kernels.engine.addRows(normal.at, width, rows.at, this.confidences.at, to - from, x.at);
  }
}

/** Solves all rows of one side against the other. */
function sweep(
  rows: SparseRows,
  target: Float64Array,
  fixed: Float64Array,
  dim: number,
  weights: AlsWeights,
  tick: () => void,
): void {
  const fixedCount = fixed.length / dim;
  const gram = gramOf(fixed, fixedCount, dim);
  const solver = new RowSolver(dim, weights, fixedCount);
  // An eigen decomposition costs about as much as a few dozen rows.
  const short =
    rows.start.length > 2 * dim ? new ShortRowSolver(dim, weights, fixedCount, fixed, gram) : undefined;
  for (let r = 0; r + 1 < rows.start.length; r++) {
    const from = rows.start[r] as number;
    const to = rows.start[r + 1] as number;
    const columns = rows.columns.subarray(from, to);
    const confidences = rows.weights.subarray(from, to);
    const into = target.subarray(r * dim, (r + 1) * dim);
    if (short !== undefined && to - from <= short.longest) short.solve(columns, confidences, into);
    else solver.solve(fixed, gram, columns, confidences, into);
    tick();
  }
}

/**
 * What alternating least squares minimises, per observed pair: sum_observed c (1 - w'v)^2 + alpha_0 sum_all (w'v)^2 and
 * both sides' regularisation. The middle sum is the product of the Gram matrices, so no pair is visited twice.
 */
function objective(
  byUnit: SparseRows,
  byItem: SparseRows,
  factors: readonly [units: Float64Array, items: Float64Array],
  dim: number,
  weights: AlsWeights,
): number {
  const [units, items] = factors;
  let sum =
    weights.unobserved *
    innerProduct(gramOf(units, units.length / dim, dim), gramOf(items, items.length / dim, dim), dim);
  for (let r = 0; r + 1 < byUnit.start.length; r++) {
    for (let p = byUnit.start[r] as number; p < (byUnit.start[r + 1] as number); p++) {
      const base = (byUnit.columns[p] as number) * dim;
      let score = 0;
      for (let j = 0; j < dim; j++) score += (units[r * dim + j] as number) * (items[base + j] as number);
      sum += (byUnit.weights[p] as number) * (1 - score) ** 2;
    }
  }
  sum += penalty(byUnit, units, items.length / dim, dim, weights);
  sum += penalty(byItem, items, units.length / dim, dim, weights);
  return sum / Math.max(1, byUnit.columns.length);
}

/** Of two symmetric matrices. */
function innerProduct(a: Float64Array, b: Float64Array, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) sum += 2 * (a[i * dim + j] as number) * (b[i * dim + j] as number);
    sum += (a[i * dim + i] as number) * (b[i * dim + i] as number);
  }
  return sum;
}

function penalty(
  rows: SparseRows,
  factors: Float64Array,
  fixedCount: number,
  dim: number,
  weights: AlsWeights,
): number {
  let sum = 0;
  for (let r = 0; r + 1 < rows.start.length; r++) {
    const n = (rows.start[r + 1] as number) - (rows.start[r] as number);
    let norm = 0;
    for (let j = r * dim; j < (r + 1) * dim; j++) norm += (factors[j] as number) ** 2;
    sum += weights.regularisation * (n + weights.unobserved * fixedCount) ** weights.frequency * norm;
  }
  return sum;
}

/**
 * Alternating least squares from N(0, 0.1 / sqrt(dim)) starts, units first.
 * @param progress called with the share done, about a hundred times, and with the objective after every sweep.
 * @param start `from`: item factors to begin with.
 * @returns item factors, one row of `dim` per item.
 */
export function alternatingLeastSquares(
  byUnit: SparseRows,
  byItem: SparseRows,
  dim: number,
  iterations: number,
  weights: AlsWeights,
  rng: Rng,
  progress: FitProgress,
  { checkpoints, from }: FitStart<Float32Array> = {},
): Float64Array {
  const units = byUnit.start.length - 1;
  const items = byItem.start.length - 1;
  const spread = 0.1 / Math.sqrt(dim);
  const draw = (count: number) => Float64Array.from({ length: count * dim }, () => spread * rng.normal());
  const unitFactors = draw(units);
  const itemFactors = draw(items);
  const total = iterations * (units + items);
  const stride = Math.max(1, Math.floor(total / 100));
  let done = 0;
  const tick = (): void => {
    if (++done % stride === 0) progress(done / total);
  };
  if (from) itemFactors.set(from);
  const saved = checkpoints?.saved as { readonly rounds: number; readonly items: Float64Array } | undefined;
  // The units' factors follow from the items'.
  if (saved) itemFactors.set(saved.items);
  const first = saved?.rounds ?? 0;
  done = first * (units + items);
  for (let round = first; round < iterations; round++) {
    sweep(byUnit, unitFactors, itemFactors, dim, weights, tick);
    sweep(byItem, itemFactors, unitFactors, dim, weights, tick);
    const loss = objective(byUnit, byItem, [unitFactors, itemFactors], dim, weights);
    progress((round + 1) / iterations, { epoch: round + 1, loss });
    checkpoints?.offer(() => ({ rounds: round + 1, items: itemFactors.slice() }));
  }
  return itemFactors;
}
