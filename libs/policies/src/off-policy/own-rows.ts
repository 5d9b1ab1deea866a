import { DomainError } from '#experiments';
import { clustersOf } from './statistics.js';
import type { Clusters } from './statistics.js';

/** The rows that say what the log's policy earns by itself: all but those of a slice that explores on purpose. */
export interface OwnRows {
  readonly n: number;
  readonly clusters: Clusters;
  /** These rows of a column, or of a table with `width` numbers a row. */
  pick(values: Float64Array, width?: number): Float64Array;
}

/**
 * Exploring costs reward. Counted as the log's own, it would lower what a candidate is compared with. Propensities are
 * given the slice, so that either part of the log is a log by itself.
 * @param explored 1 where the row is of such a slice; absent: none is.
 * @throws DomainError `invalid_log` where fewer than 2 rows are left.
 */
export function ownRows(explored: Uint8Array | undefined, clusters: Clusters, n: number): OwnRows {
  if (!explored?.includes(1)) return { n, clusters, pick: (values) => values };
  const kept = Uint32Array.from([...explored.keys()].filter((i) => explored[i] !== 1));
  if (kept.length < 2)
    throw new DomainError(
      'invalid_log',
      'fewer than 2 rows are outside the exploration slice, so nobody knows what the log earns by itself',
    );
  const { of } = clusters;
  return {
    n: kept.length,
    clusters: clustersOf(of ? kept.map((i) => of[i] as number) : undefined, kept.length),
    pick: (values, width = 1) => {
      const picked = new Float64Array(kept.length * width);
      kept.forEach((i, at) => picked.set(values.subarray(i * width, (i + 1) * width), at * width));
      return picked;
    },
  };
}
