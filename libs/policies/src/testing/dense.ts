import { createRng } from '#experiments';
import type { TrainingSet } from '../contract.js';

/** Matrices as lists of rows, by the definitions and nothing else: what tests compare fast code with. */
export type Matrix = number[][];

export const zeros = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => new Array<number>(columns).fill(0));

export const at = (a: Matrix, i: number, j: number): number => a[i]?.[j] as number;

export const transpose = (a: Matrix): Matrix => (a[0] ?? []).map((_, j) => a.map((row) => row[j] as number));

export function multiply(a: Matrix, b: Matrix): Matrix {
  const columns = transpose(b);
  return a.map((row) =>
    columns.map((column) => row.reduce((sum, x, k) => sum + x * (column[k] as number), 0)),
  );
}

/** By Gauss and Jordan with the largest pivot. */
export function invert(a: Matrix): Matrix {
  const n = a.length;
  const work = a.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c; r < n; r++) if (Math.abs(at(work, r, c)) > Math.abs(at(work, pivot, c))) pivot = r;
    [work[c], work[pivot]] = [work[pivot] as number[], work[c] as number[]];
    const scale = at(work, c, c);
    work[c] = (work[c] as number[]).map((value) => value / scale);
    for (let r = 0; r < n; r++) {
      const factor = at(work, r, c);
      if (r !== c) work[r] = (work[r] as number[]).map((value, j) => value - factor * at(work, c, j));
    }
  }
  return work.map((row) => row.slice(n));
}

/** A small history without structure; items come in a random order, and some members repeat one. */
export function randomHistory(units: number, items: number, seed: string): TrainingSet {
  const rng = createRng(seed);
  const unit: number[] = [];
  const item: number[] = [];
  for (let u = 0; u < units; u++) {
    const events = 2 + rng.below(items - 2);
    for (let n = 0; n < events; n++) {
      unit.push(u);
      item.push(Math.floor(items * rng.uniform() ** 1.5));
    }
  }
  return {
    units: Array.from({ length: units }, (_, u) => `u${u}`),
    items: Array.from({ length: items }, (_, i) => `a${i}`),
    unit: Uint32Array.from(unit),
    item: Uint32Array.from(item),
    value: new Float64Array(unit.length).fill(1),
    at: Float64Array.from(unit, (_, n) => n * 3_600_000),
    itemFeatures: Array.from({ length: items }, () => ({})),
  };
}

/** Members x items, 1 where the member has the item. */
export function incidence(data: TrainingSet): Matrix {
  const x = zeros(data.units.length, data.items.length);
  data.unit.forEach((u, row) => ((x[u] as number[])[data.item[row] as number] = 1));
  return x;
}
