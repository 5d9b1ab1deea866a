import { Kernels } from '../../kernels/index.js';
import { invertSpd } from '../../linear-algebra/spd-inverse.js';
import type { SparseRows } from '../als-solver.js';
import type { SparseVector } from './table.js';

/**
 * Ridge regression from attributes to any number of targets known on some rows: of the two equal forms
 * W = (F'F + lambda I)^-1 F' = F' (FF' + lambda I)^-1 the one with the smaller matrix is kept.
 */
export interface RidgeInverse {
  /** rows: the inverse is of FF' + lambda I, one line per row; attributes: of F'F + lambda I. */
  readonly side: 'rows' | 'attributes';
  readonly size: number;
  /** size * size singles, symmetric. */
  readonly inverse: Float32Array;
}

/** Adds F'F of sparse rows to the lower triangle of a width * width matrix. */
function addGram(gram: Float64Array, width: number, rows: readonly SparseVector[]): void {
  for (const { columns, values } of rows) {
    for (let a = 0; a < columns.length; a++) {
      const base = (columns[a] as number) * width;
      const value = values[a] as number;
      // Columns ascend, so only the lower triangle is written.
      for (let b = 0; b <= a; b++) {
        const cell = base + (columns[b] as number);
        gram[cell] = (gram[cell] as number) + value * (values[b] as number);
      }
    }
  }
}

/** For every attribute the rows that have it, as sparse vectors over rows. */
export function transposed(rows: readonly SparseVector[], width: number): SparseVector[] {
  const columns = Array.from({ length: width }, (): number[] => []);
  const values = Array.from({ length: width }, (): number[] => []);
  rows.forEach((row, r) => {
    row.columns.forEach((c, k) => {
      (columns[c] as number[]).push(r);
      (values[c] as number[]).push(row.values[k] as number);
    });
  });
  return columns.map((list, c) => ({
    columns: Uint32Array.from(list),
    values: Float64Array.from(values[c] ?? []),
  }));
}

/**
 * @param rows sparse rows with ascending columns below `width`.
 * @param lambda strength of the regularisation, > 0.
 * @throws DomainError `not_positive_definite` when the rows are not finite.
 */
export function ridgeInverse(rows: readonly SparseVector[], width: number, lambda: number): RidgeInverse {
  const side = rows.length <= width ? 'rows' : 'attributes';
  const size = Math.min(rows.length, width);
  const kernels = new Kernels();
  const block = kernels.arena.doubles(size * size);
  const matrix = block.view;
  if (side === 'rows') addGram(matrix, size, transposed(rows, width));
  else addGram(matrix, size, rows);
  for (let i = 0; i < size; i++) matrix[i * size + i] = (matrix[i * size + i] as number) + lambda;
  invertSpd(kernels, block, size);
  return { side, size, inverse: Float32Array.from(block.view) };
}

type Eight = [number, number, number, number, number, number, number, number];

/**
 * into += the sum of value * line of the inverse. Eight lines at a time, bit for bit as one after the other, but with
 * every entry of `into` loaded and stored once for all of them: long histories are made of nothing else.
 */
function addLines(
  { inverse, size }: RidgeInverse,
  lines: Iterable<readonly [line: number, value: number]>,
  into: Float64Array,
): void {
  const all = [...lines];
  const [from, values] = [all.map(([line]) => line * size), all.map(([, value]) => value)];
  let n = 0;
  for (; n + 8 <= all.length; n += 8) {
    const [r0, r1, r2, r3, r4, r5, r6, r7] = from.slice(n, n + 8) as Eight;
    const [v0, v1, v2, v3, v4, v5, v6, v7] = values.slice(n, n + 8) as Eight;
    for (let k = 0; k < size; k++) {
      into[k] =
        (into[k] as number) +
        v0 * (inverse[r0 + k] as number) +
        v1 * (inverse[r1 + k] as number) +
        v2 * (inverse[r2 + k] as number) +
        v3 * (inverse[r3 + k] as number) +
        v4 * (inverse[r4 + k] as number) +
        v5 * (inverse[r5 + k] as number) +
        v6 * (inverse[r6 + k] as number) +
        v7 * (inverse[r7 + k] as number);
    }
  }
  for (; n < all.length; n++) {
    const [row, value] = [from[n] as number, values[n] as number];
    for (let k = 0; k < size; k++) into[k] = (into[k] as number) + value * (inverse[row + k] as number);
  }
}

/** The rows one behind the other, which are read several times as fast as arrays of their own. */
export function flatRows(rows: readonly SparseVector[]): SparseRows {
  const start = new Uint32Array(rows.length + 1);
  rows.forEach((row, r) => (start[r + 1] = (start[r] as number) + row.columns.length));
  const columns = new Uint32Array(start[rows.length] as number);
  const weights = new Float64Array(columns.length);
  rows.forEach((row, r) => {
    columns.set(row.columns, start[r]);
    weights.set(row.values, start[r]);
  });
  return { start, columns, weights };
}

function addSparse(
  into: Float64Array,
  { start, columns, weights }: SparseRows,
  r: number,
  weight: number,
): void {
  const end = start[r + 1] as number;
  for (let k = start[r] as number; k < end; k++) {
    const c = columns[k] as number;
    into[c] = (into[c] as number) + weight * (weights[k] as number);
  }
}

/**
 * Weights of the attributes that fit a target best.
 * @param target of the rows that are not 0, by row.
 * @returns width doubles.
 */
export function ridgeWeights(
  ridge: RidgeInverse,
  rows: SparseRows,
  width: number,
  target: ReadonlyMap<number, number>,
): Float64Array {
  const weights = new Float64Array(width);
  if (ridge.side === 'rows') {
    const dual = new Float64Array(ridge.size);
    addLines(ridge, target, dual);
    for (let r = 0; r < dual.length; r++) addSparse(weights, rows, r, dual[r] as number);
    return weights;
  }
  const right = new Float64Array(width);
  for (const [row, value] of target) addSparse(right, rows, row, value);
  addLines(
    ridge,
    [...right.entries()].filter(([, value]) => value !== 0),
    weights,
  );
  return weights;
}

/** Inner product of a sparse and a dense vector. */
export function dot(row: SparseVector, dense: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < row.columns.length; k++) {
    sum += (row.values[k] as number) * (dense[row.columns[k] as number] as number);
  }
  return sum;
}

/** The same of row r. */
export function dotRow({ start, columns, weights }: SparseRows, r: number, dense: Float64Array): number {
  const end = start[r + 1] as number;
  let sum = 0;
  for (let k = start[r] as number; k < end; k++)
    sum += (weights[k] as number) * (dense[columns[k] as number] as number);
  return sum;
}

/** The row with a constant attribute behind the others: what every title has. */
export function withConstant(row: SparseVector, width: number, constant: number): SparseVector {
  const columns = new Uint32Array(row.columns.length + 1);
  const values = new Float64Array(columns.length);
  columns.set(row.columns);
  values.set(row.values);
  columns[row.columns.length] = width;
  values[row.columns.length] = constant;
  return { columns, values };
}
