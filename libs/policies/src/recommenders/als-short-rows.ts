import { choleskyInPlace, solveCholesky } from '../linear-algebra/cholesky.js';
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
  private readonly values: Float64Array;
  private readonly vectors: Float64Array;
  private readonly rotated: Float64Array;
  private readonly inverseDiagonal: Float64Array;
  private readonly system: Float64Array;
  private readonly scaled: Float64Array;

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
    this.inverseDiagonal = new Float64Array(dim);
    this.system = new Float64Array(this.longest * this.longest);
    this.scaled = new Float64Array(this.longest * dim);
  }

  /** @param columns at most `longest` of them. @param into receives the factors of the row. */
  solve(columns: Uint32Array, confidences: Float64Array, into: Float64Array): void {
    const { dim, inverseDiagonal, rotated, scaled, system, weights } = this;
    const n = columns.length;
    const reg = weights.regularisation * (n + weights.unobserved * this.fixedCount) ** weights.frequency;
    for (let k = 0; k < dim; k++)
      inverseDiagonal[k] = 1 / (weights.unobserved * (this.values[k] as number) + reg);
    for (let p = 0; p < n; p++) {
      const base = (columns[p] as number) * dim;
      for (let k = 0; k < dim; k++) {
        scaled[p * dim + k] = (rotated[base + k] as number) * (inverseDiagonal[k] as number);
      }
      for (let r = 0; r <= p; r++) {
        const other = (columns[r] as number) * dim;
        let sum = r === p ? 1 / (confidences[p] as number) : 0;
        for (let k = 0; k < dim; k++) sum += (scaled[p * dim + k] as number) * (rotated[other + k] as number);
        system[p * n + r] = sum;
      }
    }
    const y = new Float64Array(n).fill(1);
    choleskyInPlace(system, n);
    solveCholesky(system, n, y);
    this.rotateBack(y, into);
  }

  /** into = Q D^-1 U' y. */
  private rotateBack(y: Float64Array, into: Float64Array): void {
    const { dim, scaled, vectors } = this;
    const w = new Float64Array(dim);
    for (let p = 0; p < y.length; p++) {
      const weight = y[p] as number;
      for (let k = 0; k < dim; k++) w[k] = (w[k] as number) + weight * (scaled[p * dim + k] as number);
    }
    for (let i = 0; i < dim; i++) {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += (vectors[i * dim + k] as number) * (w[k] as number);
      into[i] = sum;
    }
  }
}

/** Every row v of `factors` as Q'v. */
function rotateRows(factors: Float64Array, vectors: Float64Array, dim: number): Float64Array {
  const rotated = new Float64Array(factors.length);
  for (let base = 0; base < factors.length; base += dim) {
    for (let i = 0; i < dim; i++) {
      const value = factors[base + i] as number;
      const row = i * dim;
      for (let k = 0; k < dim; k++) {
        rotated[base + k] = (rotated[base + k] as number) + value * (vectors[row + k] as number);
      }
    }
  }
  return rotated;
}
