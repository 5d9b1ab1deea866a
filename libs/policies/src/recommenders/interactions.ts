import type { TrainingSet } from '../contract.js';
import { sparseRows, transposeRows } from './als-solver.js';
import type { SparseRows } from './als-solver.js';

/** Who has what: each pair once, whatever the strength and the number of its signals. */
export interface Interactions {
  readonly byUnit: SparseRows;
  readonly byItem: SparseRows;
  /** Members per item. */
  readonly members: Float64Array;
  /** Members per item, as a share of the most popular item's. */
  readonly popularity: Float32Array;
}

/** The pairs of a training set as sparse rows of ones, seen from both sides. */
export function interactionsOf(data: TrainingSet): Interactions {
  const byUnit = sparseRows(
    data.units.length,
    data.unit,
    data.item,
    new Float64Array(data.item.length).fill(1),
  );
  byUnit.weights.fill(1);
  const byItem = transposeRows(byUnit, data.items.length);
  const members = Float64Array.from(
    data.items,
    (_, i) => (byItem.start[i + 1] as number) - (byItem.start[i] as number),
  );
  const most = members.reduce((top, count) => Math.max(top, count), 1);
  return { byUnit, byItem, members, popularity: Float32Array.from(members, (count) => count / most) };
}

/**
 * Adds row `item` of X'WX to `into`, where X is members x items and W holds a weight per member: how strongly the other
 * items are tied to this one by the members they share.
 * @param weigh weight of a member, by row number.
 */
export function addTies(
  { byItem, byUnit }: Interactions,
  item: number,
  weigh: (unit: number) => number,
  into: Float64Array,
): void {
  for (let p = byItem.start[item] as number; p < (byItem.start[item + 1] as number); p++) {
    const unit = byItem.columns[p] as number;
    const weight = weigh(unit);
    for (let q = byUnit.start[unit] as number; q < (byUnit.start[unit + 1] as number); q++) {
      const other = byUnit.columns[q] as number;
      into[other] = (into[other] as number) + weight;
    }
  }
}
