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

/** What is used where nothing else was asked for. */
export const BOOTSTRAP = { resamples: 1000, seed: 20240601, groups: 2000 };

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
  const blocks = sumsByGroup(all, grouped, width);
  const draws = all.map(() => new Float64Array(options.resamples));
  const next = mulberry32(options.seed);
  const counts = new Uint32Array(grouped.count);
  const totals = new Float64Array(4 * blocks.length);
  for (let b = 0; b < options.resamples; b++) {
    counts.fill(0);
    for (let g = 0; g < grouped.count; g++) {
      const drawn = Math.floor(next() * grouped.count);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    weightedTotals(blocks, counts, totals);
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

/**
 * Sums by group, four quantities side by side: the number of rows first, then every column of every estimator. Blocks
 * of four keep the running totals of a resample in registers.
 */
function sumsByGroup(all: readonly Terms[], groups: Clusters, width: number): Float64Array[] {
  const ones = new Float64Array((all[0]?.columns[0] as Float64Array | undefined)?.length ?? 0).fill(1);
  const columns = [ones, ...all.flatMap((terms) => terms.columns)];
  const blocks = Array.from({ length: Math.ceil(width / 4) }, () => new Float64Array(4 * groups.count));
  columns.forEach((values, c) => {
    const block = blocks[c >> 2] as Float64Array;
    clusterSums(values, groups).forEach((sum, g) => (block[4 * g + (c & 3)] = sum));
  });
  return blocks;
}

function weightedTotals(blocks: readonly Float64Array[], counts: Uint32Array, into: Float64Array): void {
  blocks.forEach((block, b) => {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let g = 0; g < counts.length; g++) {
      const times = counts[g] as number;
      if (times === 0) continue;
      const at = 4 * g;
      s0 += times * (block[at] as number);
      s1 += times * (block[at + 1] as number);
      s2 += times * (block[at + 2] as number);
      s3 += times * (block[at + 3] as number);
    }
    into[4 * b] = s0;
    into[4 * b + 1] = s1;
    into[4 * b + 2] = s2;
    into[4 * b + 3] = s3;
  });
}
