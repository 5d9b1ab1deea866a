import { DomainError } from '#experiments';
import { Kernels, withKernels } from '../kernels/index.js';
import type { Doubles } from '../kernels/index.js';
import { segmentProduct } from '../linear-algebra/cholesky.js';
import { symmetricEigen } from '../linear-algebra/eigen.js';
import type { AlsWeights } from './als-solver.js';

/** Rows with at most this share of the dimension are cheaper by n x n systems than by dim x dim ones. */
const SHORT_SHARE = 0.6;

/**
 * Solves the same least squares as RowSolver for rows with few observed pairs, which most rows of a catalogue are. In
 * the eigenbasis of V'V the unobserved part is the diagonal D = alpha_0 values + reg whatever the row, so that by the
 * push-through identity (D + U' C U)^-1 U' C 1 = D^-1 U' (C^-1 + U D^-1 U')^-1 1 only an n x n system is left.
 */
export class ShortRowSolver {
  /** Longest row that solve takes. */
  readonly longest: number;
  private readonly kernels = new Kernels();
  private readonly values: Float64Array;
  private readonly vectors: Float64Array;
  private readonly rotated: Float64Array;
  private readonly diagonal: Float64Array;
  private readonly rows: Doubles;
  private readonly scaled: Doubles;
  private readonly system: Doubles;
  private readonly inverse: Doubles;
  private readonly y: Doubles;
  private readonly w: Doubles;

  constructor(
    private readonly dim: number,
    private readonly weights: AlsWeights,
    private readonly fixedCount: number,
    factors: Float64Array,
    gram: Float64Array,
  ) {
    this.longest = Math.floor(SHORT_SHARE * dim);
    const { values, vectors } = symmetricEigen(gram, dim);
    this.values = values.map((value) => Math.max(0, value));
    this.vectors = vectors;
    this.rotated = rotateRows(factors, vectors, dim);
    this.diagonal = new Float64Array(dim);
    const { arena } = this.kernels;
    this.rows = arena.doubles(this.longest * dim);
    this.scaled = arena.doubles(this.longest * dim);
    this.system = arena.doubles(this.longest ** 2);
    this.inverse = arena.doubles(this.longest);
    this.y = arena.doubles(this.longest);
    this.w = arena.doubles(dim);
  }

  /** @param columns at most `longest` of them. @param into receives the factors of the row. */
  solve(columns: Uint32Array, confidences: Float64Array, into: Float64Array): void {
    const { diagonal, dim, inverse, kernels, rows, scaled, system, weights, y } = this;
    const n = columns.length;
    const reg = weights.regularisation * (n + weights.unobserved * this.fixedCount) ** weights.frequency;
    for (let k = 0; k < dim; k++) diagonal[k] = 1 / (weights.unobserved * (this.values[k] as number) + reg);
    this.gather(columns);
    kernels.product(system, scaled, rows, { m: n, n, k: dim, turnB: true });
    const { view } = system;
    for (let p = 0; p < n; p++)
      view[p * n + p] = (view[p * n + p] as number) + 1 / (confidences[p] as number);
    y.view.fill(1);
    const { engine } = kernels;
    const pivot = engine.factorUpper(system.at, n, n, inverse.at);
    if (pivot < n) throw new DomainError('not_positive_definite', `pivot ${pivot} of ${n} is not positive`);
    engine.solveUpper(system.at, n, n, inverse.at, y.at);
    this.rotateBack(n, into);
  }

  /** The rows U of the columns, and U D^-1. */
  private gather(columns: Uint32Array): void {
    const { diagonal, dim, rotated } = this;
    const rows = this.rows.view;
    const scaled = this.scaled.view;
    for (let p = 0; p < columns.length; p++) {
      const base = (columns[p] as number) * dim;
      for (let k = 0; k < dim; k++) {
        const value = rotated[base + k] as number;
        rows[p * dim + k] = value;
        scaled[p * dim + k] = value * (diagonal[k] as number);
      }
    }
  }

  /** into = Q D^-1 U' y. */
  private rotateBack(n: number, into: Float64Array): void {
    const { dim, kernels, scaled, vectors, w, y } = this;
    kernels.product(w, y, scaled, { m: 1, n: dim, k: n });
    const turned = w.view;
    for (let i = 0; i < dim; i++) into[i] = segmentProduct(vectors, i * dim, turned, 0, dim);
  }
}

/** Rows that are turned in one go. */
const ROWS_AT_ONCE = 512;

/** Every row v of `factors` as Q'v. */
function rotateRows(factors: Float64Array, vectors: Float64Array, dim: number): Float64Array {
  const rotated = new Float64Array(factors.length);
  withKernels((kernels) => {
    const { arena } = kernels;
    const basis = arena.copyDoubles(vectors);
    const [from, to] = [arena.doubles(ROWS_AT_ONCE * dim), arena.doubles(ROWS_AT_ONCE * dim)];
    for (let base = 0; base < factors.length; base += ROWS_AT_ONCE * dim) {
      const part = factors.subarray(base, base + ROWS_AT_ONCE * dim);
      from.view.set(part);
      kernels.product(to, from, basis, { m: part.length / dim, n: dim, k: dim });
      rotated.set(to.view.subarray(0, part.length), base);
    }
  });
  return rotated;
}
