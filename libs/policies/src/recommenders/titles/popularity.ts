import type { TrainingSet } from '../../contract.js';

/** Members per title, each counted once per title. */
export function membersPerTitle(data: TrainingSet): Float64Array {
  const pairs = new Set<number>();
  const members = new Float64Array(data.items.length);
  data.item.forEach((item, row) => {
    const pair = (data.unit[row] as number) * data.items.length + item;
    if (pairs.has(pair)) return;
    pairs.add(pair);
    members[item] = (members[item] as number) + 1;
  });
  return members;
}

/** Counts as shares of the greatest. */
export function shares(counts: Float64Array): Float64Array {
  const most = counts.reduce((top, count) => Math.max(top, count), 1);
  return counts.map((count) => count / most);
}
