import { pairStatistic } from './best-arm.js';

/** Most cells that the rewards of one action are kept in. */
export const MOST_CELLS = 64;

/**
 * Rewards of one action since its last change, oldest first, in cells of `size` rewards; the last may hold fewer.
 * `counts` and `sums` have one entry per cell.
 */
export interface RewardCells {
  readonly size: number;
  readonly counts: readonly number[];
  readonly sums: readonly number[];
}

export const noCells: RewardCells = { size: 1, counts: [], sums: [] };

/** Rates before and after a change. */
export interface Change {
  readonly before: number;
  readonly after: number;
}

/** Adds a reward in [0, 1]; when the cells run out, neighbours are merged, so memory stays bounded. */
function append({ size, counts, sums }: RewardCells, reward: number): RewardCells {
  const last = counts.length - 1;
  if (last >= 0 && (counts[last] as number) < size) {
    return {
      size,
      counts: counts.with(last, (counts[last] as number) + 1),
      sums: sums.with(last, (sums[last] as number) + reward),
    };
  }
  if (counts.length < MOST_CELLS) return { size, counts: [...counts, 1], sums: [...sums, reward] };
  const pairs = (values: readonly number[]): number[] =>
    Array.from(
      { length: MOST_CELLS / 2 },
      (_, i) => (values[2 * i] as number) + (values[2 * i + 1] as number),
    );
  return { size: 2 * size, counts: [...pairs(counts), 1], sums: [...pairs(sums), reward] };
}

/**
 * Adds one reward and, whenever a cell is full, looks for a change: the generalised likelihood ratio of two rates
 * against one over all splits between cells, against ln(n^(3/2) / delta) (Besson, Kaufmann, Maillard, Seznec 2022,
 * the threshold of their experiments). After a change only what followed it is kept.
 * @param delta about the probability of a false alarm per action.
 */
export function observe(
  cells: RewardCells,
  reward: number,
  delta: number,
): { readonly cells: RewardCells; readonly change: Change | null } {
  const next = append(cells, reward);
  const last = next.counts.length - 1;
  if (last === 0 || next.counts[last] !== next.size) return { cells: next, change: null };
  const { split, statistic, change, n } = bestSplit(next);
  if (statistic <= 1.5 * Math.log(n) - Math.log(delta)) return { cells: next, change: null };
  return {
    cells: { size: next.size, counts: next.counts.slice(split), sums: next.sums.slice(split) },
    change,
  };
}

function bestSplit({ counts, sums }: RewardCells): {
  split: number;
  statistic: number;
  change: Change;
  n: number;
} {
  const n = counts.reduce((total, count) => total + count, 0);
  const sum = sums.reduce((total, one) => total + one, 0);
  let best = { split: 0, statistic: -1, change: { before: 0, after: 0 } };
  let before = 0;
  let sumBefore = 0;
  for (let split = 1; split < counts.length; split++) {
    before += counts[split - 1] as number;
    sumBefore += sums[split - 1] as number;
    // Sums of fractions may differ from their parts by rounding.
    const rest = Math.min(n - before, Math.max(0, sum - sumBefore));
    const statistic = pairStatistic(before, sumBefore, n - before, rest);
    if (statistic > best.statistic) {
      best = { split, statistic, change: { before: sumBefore / before, after: rest / (n - before) } };
    }
  }
  return { ...best, n };
}
