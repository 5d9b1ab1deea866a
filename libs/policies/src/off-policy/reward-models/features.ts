import type { LoggedRows } from '../contract.js';

/** Context features of a row and the one-hot code of its stratum. */
export interface RowFeatures {
  readonly width: number;
  /** Writes the features of a row to the start of `into`. */
  fill(row: number, into: Float64Array): void;
}

export function rowFeatures(rows: LoggedRows): RowFeatures {
  const contextWidth = rows.context?.width ?? 0;
  const values = rows.context?.values;
  const { stratum } = rows;
  return {
    width: contextWidth + (stratum?.count ?? 0),
    fill(row, into) {
      const base = row * contextWidth;
      for (let j = 0; j < contextWidth; j++) into[j] = (values as Float64Array)[base + j] as number;
      if (!stratum) return;
      for (let s = 0; s < stratum.count; s++) into[contextWidth + s] = stratum.of[row] === s ? 1 : 0;
    },
  };
}

/** Training rows by action. */
export function rowsByAction(rows: LoggedRows, training: Uint32Array): Uint32Array[] {
  const sizes = new Uint32Array(rows.actions);
  for (const i of training) sizes[rows.action[i] as number] = (sizes[rows.action[i] as number] as number) + 1;
  const lists = Array.from(sizes, (size) => new Uint32Array(size));
  const filled = new Uint32Array(rows.actions);
  for (const i of training) {
    const a = rows.action[i] as number;
    (lists[a] as Uint32Array)[filled[a] as number] = i;
    filled[a] = (filled[a] as number) + 1;
  }
  return lists;
}

/** Weighted mean reward of rows; 0 where they weigh nothing. */
export function meanReward(rows: LoggedRows, training: Uint32Array, rowWeight?: Float64Array): number {
  let sum = 0;
  let weight = 0;
  for (const i of training) {
    const v = rowWeight ? (rowWeight[i] as number) : 1;
    sum += v * (rows.reward[i] as number);
    weight += v;
  }
  return weight > 0 ? sum / weight : 0;
}

/**
 * How rows become inputs of one linear function per block. With interactions every action has a block of its own on
 * (features, 1): all products of context and action. Without, one block holds (features, one-hot action, 1).
 */
export interface LinearDesign {
  readonly blocks: number;
  readonly width: number;
  blockOf(action: number): number;
  fill(row: number, action: number, into: Float64Array): void;
}

export function linearDesign(rows: LoggedRows, interactions: boolean): LinearDesign {
  const features = rowFeatures(rows);
  const d = features.width;
  if (interactions) {
    return {
      blocks: rows.actions,
      width: d + 1,
      blockOf: (action) => action,
      fill(row, _action, into) {
        features.fill(row, into);
        into[d] = 1;
      },
    };
  }
  return {
    blocks: 1,
    width: d + rows.actions + 1,
    blockOf: () => 0,
    fill(row, action, into) {
      features.fill(row, into);
      for (let a = 0; a < rows.actions; a++) into[d + a] = a === action ? 1 : 0;
      into[d + rows.actions] = 1;
    },
  };
}
