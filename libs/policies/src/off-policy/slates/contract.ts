import type { Keyed } from '#experiments';
import type { Terms } from '../contract.js';

/** Logged slates in columns; tables are rows * slots, row by row. */
export interface SlateRows {
  readonly n: number;
  readonly slots: number;
  /** Reward of every slot. */
  readonly reward: Float64Array;
  /** Candidate's probability of the slate up to a slot, over the log's: w_{1:k}. */
  readonly prefixWeight: Float64Array;
  /** Candidate's probability of the item at its slot, whatever stands elsewhere, over the log's: w_k. */
  readonly slotWeight?: Float64Array;
  /** One per row, from pseudoInverseWeights. */
  readonly pseudoWeight?: Float64Array;
  /** Expected reward from a slot on: of the item served, and on average over the candidate's choice there. */
  readonly baseline?: { readonly predicted: Float64Array; readonly expected: Float64Array };
  readonly unit?: Uint32Array;
}

export interface SlateEstimator extends Keyed {
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  /** What it needs besides the weights of prefixes. */
  readonly needs?: 'slotWeight' | 'pseudoWeight' | 'baseline';
  /** Null where the rows lack what it needs. */
  estimate(rows: SlateRows): Terms | null;
}

/** Sum of the rewards of every slate. */
export function slateRewards({ n, slots, reward }: SlateRows): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < slots; k++) sums[i] = (sums[i] as number) + (reward[i * slots + k] as number);
  return sums;
}

/** Column k of a rows * slots table. */
export function slotColumn(table: Float64Array, slots: number, k: number): Float64Array {
  return Float64Array.from({ length: table.length / slots }, (_, i) => table[i * slots + k] as number);
}
