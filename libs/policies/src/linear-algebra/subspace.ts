import type { Rng } from '#experiments';
import type { Doubles, Kernels } from '../kernels/index.js';
import { choleskyInPlace, invertFactor } from './cholesky.js';
import { symmetricEigen } from './eigen.js';
import { packedColumn } from './packed.js';

/** Further directions that are carried along, so that the last wanted ones settle as well. */
const SPARE = 32;
const PLAIN_ROUNDS = 3;
const FILTER_ROUNDS = 6;
/** How much more than the last direction the first may grow in a filter, before rounding drowns the last. */
const MOST_GROWTH = 1e12;
const MOST_DEGREE = 12;

/** Puts the matrix times a block of `width` columns, n * width doubles row after row, into `into`. */
export type ApplyToBlock = (block: Float64Array, width: number, into: Float64Array) => void;

/**
 * The eigenvectors of the largest eigenvalues of a symmetric positive semidefinite matrix: subspace iteration from a
 * random start, then with Chebyshev polynomials that damp the rest of the spectrum (Zhou, Saad, Tiago and Chelikowsky
 * 2006), and a Rayleigh-Ritz step.
 * @param n rows of the matrix. @param count eigenvectors wanted; at most n are found.
 * @returns n rows of the eigenvectors' entries, largest eigenvalue first, and how many there are.
 */
export function topEigenvectors(
  kernels: Kernels,
  n: number,
  count: number,
  apply: ApplyToBlock,
  rng: Rng,
): { readonly vectors: Float64Array; readonly count: number } {
  const wanted = Math.min(count, n);
  const width = Math.min(n, wanted + SPARE);
  const mark = kernels.arena.mark();
  const subspace = new Subspace(kernels, n, width, apply, rng);
  for (let round = 0; round < PLAIN_ROUNDS; round++) subspace.multiply();
  for (let round = 0; round < FILTER_ROUNDS; round++) subspace.filter();
  subspace.rotate();
  const vectors = subspace.leading(wanted);
  kernels.arena.release(mark);
  return { vectors, count: wanted };
}

class Subspace {
  private block: Doubles;
  private image: Doubles;
  private readonly small: Doubles;

  constructor(
    private readonly kernels: Kernels,
    private readonly n: number,
    private readonly width: number,
    private readonly apply: ApplyToBlock,
    rng: Rng,
  ) {
    const { arena } = kernels;
    this.block = arena.doubles(n * width);
    this.image = arena.doubles(n * width);
    this.small = arena.doubles(width * width);
    const start = this.block.view;
    for (let k = 0; k < start.length; k++) start[k] = rng.normal();
    this.orthonormalise();
  }

  /** One step of plain subspace iteration. */
  multiply(): void {
    this.apply(this.block.view, this.width, this.image.view);
    this.swap();
    this.orthonormalise();
  }

  /** Turns the basis into the Ritz vectors, largest value first; returns the values. */
  rotate(): Float64Array {
    const { n, width } = this;
    this.apply(this.block.view, width, this.image.view);
    const { values, vectors } = symmetricEigen(this.cross(this.block, this.image), width);
    const order = Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number));
    const turn = this.small.view;
    for (let r = 0; r < width; r++) {
      for (let c = 0; c < width; c++)
        turn[r * width + c] = vectors[r * width + (order[c] as number)] as number;
    }
    this.kernels.product(this.image, this.block, this.small, { m: n, n: width, k: width });
    this.swap();
    return Float64Array.from(order, (place) => values[place] as number);
  }

  /** Multiplies by the Chebyshev polynomial of the matrix that stays within 1 up to the least Ritz value. */
  filter(): void {
    const { n, width } = this;
    const values = this.rotate();
    const [largest, bound] = [values[0] as number, values[width - 1] as number];
    if (!(bound > 1e-12 * largest)) return;
    const growth = Math.log((4 * largest) / bound);
    const degrees = Math.max(1, Math.min(MOST_DEGREE, Math.floor(Math.log(2 * MOST_GROWTH) / growth)));
    let before = this.block.view.slice();
    let current = new Float64Array(n * width);
    this.apply(before, width, current);
    for (let k = 0; k < current.length; k++)
      current[k] = scaled(current[k] as number, before[k] as number, bound);
    for (let degree = 2; degree <= degrees; degree++) {
      const next = new Float64Array(n * width);
      this.apply(current, width, next);
      for (let k = 0; k < next.length; k++) {
        const value = scaled(next[k] as number, current[k] as number, bound);
        next[k] = 2 * value - (before[k] as number);
      }
      [before, current] = [current, next];
    }
    this.block.view.set(current);
    this.orthonormalise();
  }

  /** The first columns of the basis, row after row. */
  leading(count: number): Float64Array {
    const { n, width } = this;
    const block = this.block.view;
    return Float64Array.from(
      { length: n * count },
      (_, k) => block[Math.floor(k / count) * width + (k % count)] as number,
    );
  }

  /** A'B. */
  private cross(a: Doubles, b: Doubles): Float64Array {
    const { n, width } = this;
    this.kernels.product(this.small, a, b, { m: width, n: width, k: n, turnA: true });
    return this.small.view.slice();
  }

  /**
   * Makes the columns orthonormal, after they got the same length, through the Cholesky factor of their Gram matrix, twice, since once loses half of the
   * digits. A tiny ridge carries blocks of deficient rank.
   */
  private orthonormalise(): void {
    const { n, width } = this;
    normaliseColumns(this.block.view, n, width);
    for (let pass = 0; pass < 2; pass++) {
      const gram = this.cross(this.block, this.block);
      let trace = 0;
      for (let c = 0; c < width; c++) trace += gram[c * width + c] as number;
      const ridge = trace > 0 ? 1e-14 * trace : 1;
      for (let c = 0; c < width; c++) gram[c * width + c] = (gram[c * width + c] as number) + ridge;
      choleskyInPlace(gram, width);
      const inverse = invertFactor(gram, width);
      const turn = this.small.view.fill(0);
      for (let c = 0; c < width; c++) {
        const column = packedColumn(c, width);
        turn.set(inverse.subarray(column + c, column + width), c * width + c);
      }
      this.kernels.product(this.image, this.block, this.small, { m: n, n: width, k: width });
      this.swap();
    }
  }

  private swap(): void {
    [this.block, this.image] = [this.image, this.block];
  }
}

function normaliseColumns(block: Float64Array, n: number, width: number): void {
  const lengths = new Float64Array(width);
  for (let k = 0; k < n * width; k++)
    lengths[k % width] = (lengths[k % width] as number) + (block[k] as number) ** 2;
  const inverse = lengths.map((square) => (square > 0 ? 1 / Math.sqrt(square) : 0));
  for (let k = 0; k < n * width; k++) block[k] = (block[k] as number) * (inverse[k % width] as number);
}

/** 2 / bound times the matrix, less 1: maps [0, bound] to [-1, 1]. */
const scaled = (image: number, value: number, bound: number): number => (2 * image) / bound - value;
