import type { Interval, Terms } from './contract.js';
import { clusterSums, quantileOf } from './statistics.js';
import type { Clusters } from './statistics.js';

const { imul } = Math;

/** mulberry32 (Tommy Ettinger): numbers in [0, 1) from a 32-bit state, the same in every language. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = imul(state ^ (state >>> 15), state | 1);
    t ^= t + imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface BootstrapOptions {
  readonly resamples: number;
  readonly seed: number;
  readonly level: number;
  /**
   * Above this many clusters, clusters are first put together in as many groups, at random: the between-group
   * spread estimates the same variance, and a resample costs a draw per group, not per cluster.
   */
  readonly groups: number;
}

/**
 * Percentile intervals by the cluster bootstrap (Field and Welsh 2007): whole units are drawn with replacement, and
 * every estimator is computed on the same resamples, drawn one resample after the other. Reward models are not
 * refitted.
 * @returns one interval per estimator; null where a resample left the estimate undefined.
 */
export function bootstrapIntervals(
  all: readonly Terms[],
  clusters: Clusters,
  options: BootstrapOptions,
): (Interval | null)[] {
  const grouped = grouping(clusters, all, options);
  const width = 1 + all.reduce((sum, terms) => sum + terms.columns.length, 0);
  const table = sumsByGroup(all, grouped, width);
  const draws = all.map(() => new Float64Array(options.resamples));
  const next = mulberry32(options.seed);
  const counts = new Uint32Array(grouped.count);
  const totals = new Float64Array(width);
  for (let b = 0; b < options.resamples; b++) {
    counts.fill(0);
    for (let g = 0; g < grouped.count; g++) {
      const drawn = Math.floor(next() * grouped.count);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    weightedTotals(table, counts, width, totals);
    let at = 1;
    all.forEach((terms, e) => {
      const means = totals.slice(at, at + terms.columns.length).map((sum) => sum / (totals[0] as number));
      (draws[e] as Float64Array)[b] = terms.value(means);
      at += terms.columns.length;
    });
  }
  const tail = (1 - options.level) / 2;
  return draws.map((values) => {
    if (!values.every(Number.isFinite)) return null;
    values.sort();
    return { lower: quantileOf(values, tail), upper: quantileOf(values, 1 - tail) };
  });
}

function grouping(clusters: Clusters, all: readonly Terms[], options: BootstrapOptions): Clusters {
  if (clusters.count <= options.groups) return clusters;
  const next = mulberry32(options.seed ^ 0x9e3779b9);
  const group = Uint32Array.from({ length: clusters.count }, () => Math.floor(next() * options.groups));
  const n = (all[0]?.columns[0] as Float64Array | undefined)?.length ?? 0;
  const of = clusters.of;
  return {
    count: options.groups,
    of: of ? Uint32Array.from(of, (c) => group[c] as number) : group.subarray(0, n),
  };
}

/** Row g holds the number of rows of group g and then the sum of every column of every estimator. */
function sumsByGroup(all: readonly Terms[], groups: Clusters, width: number): Float64Array {
  const table = new Float64Array(groups.count * width);
  if (groups.of) for (const g of groups.of) table[g * width] = (table[g * width] as number) + 1;
  else for (let g = 0; g < groups.count; g++) table[g * width] = 1;
  let at = 1;
  for (const terms of all) {
    for (const values of terms.columns) {
      const sums = clusterSums(values, groups);
      for (let g = 0; g < groups.count; g++) table[g * width + at] = sums[g] as number;
      at++;
    }
  }
  return table;
}

function weightedTotals(table: Float64Array, counts: Uint32Array, width: number, into: Float64Array): void {
  into.fill(0);
  for (let g = 0; g < counts.length; g++) {
    const times = counts[g] as number;
    if (times === 0) continue;
    const row = g * width;
    for (let c = 0; c < width; c++) into[c] = (into[c] as number) + times * (table[row + c] as number);
  }
}
