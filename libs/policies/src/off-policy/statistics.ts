import { normalCdf, normalDensity } from '../sampling/normal.js';
import type { Interval, Terms } from './contract.js';

export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/** Sample variance; `ddof` 1 for the unbiased one, 0 for the population's. */
export function varianceOf(values: Float64Array, ddof: 0 | 1): number {
  const mean = meanOf(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) - mean) ** 2;
  return values.length > ddof ? sum / (values.length - ddof) : NaN;
}

/** The z with P(|Z| <= z) = level, by Newton's method on the distribution function. */
export function normalQuantile(level: number): number {
  const goal = (1 + level) / 2;
  let z = 1;
  for (let step = 0; step < 50; step++) {
    const move = (normalCdf(z) - goal) / normalDensity(z);
    z -= Math.max(-1, Math.min(1, move));
    if (Math.abs(move) < 1e-14) break;
  }
  return z;
}

/** Which rows belong together: `of` is the cluster of each row, null where every row is its own. */
export interface Clusters {
  readonly count: number;
  readonly of: Uint32Array | null;
}

/** Numbers the units that occur from 0, in order of appearance. */
export function clustersOf(unit: Uint32Array | undefined, n: number): Clusters {
  if (!unit) return { count: n, of: null };
  const seen = new Map<number, number>();
  const of = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const id = unit[i] as number;
    let number = seen.get(id);
    if (number === undefined) seen.set(id, (number = seen.size));
    of[i] = number;
  }
  return { count: seen.size, of };
}

/** Sums of a column by cluster. */
export function clusterSums(values: Float64Array, clusters: Clusters): Float64Array {
  if (!clusters.of) return values;
  const sums = new Float64Array(clusters.count);
  for (let i = 0; i < values.length; i++) {
    const c = clusters.of[i] as number;
    sums[c] = (sums[c] as number) + (values[i] as number);
  }
  return sums;
}

export interface PointEstimate {
  readonly value: number;
  readonly standardError: number;
}

/**
 * Estimate and its standard error: the delta method on the column means, with rows of one cluster summed first
 * (Liang and Zeger 1986). A plain mean gets the factor G / (G - 1), so that one row per cluster gives sd / sqrt(n)
 * with the sample deviation; ratios go without, as self-normalised weights are usually reported (Owen 2013, 9.2).
 */
export function pointEstimate(terms: Terms, clusters: Clusters): PointEstimate {
  const means = Float64Array.from(terms.columns, meanOf);
  const value = terms.value(means);
  const slope = terms.slope ? terms.slope(means) : Float64Array.of(1);
  const n = (terms.columns[0] as Float64Array).length;
  const influence = new Float64Array(n);
  terms.columns.forEach((values, c) => {
    const factor = slope[c] as number;
    const mean = means[c] as number;
    for (let i = 0; i < n; i++)
      influence[i] = (influence[i] as number) + factor * ((values[i] as number) - mean);
  });
  const sums = clusterSums(influence, clusters);
  let squares = 0;
  for (let g = 0; g < sums.length; g++) squares += (sums[g] as number) ** 2;
  const groups = sums.length;
  const correction = terms.slope ? 1 : groups / (groups - 1);
  return { value, standardError: groups > 1 ? Math.sqrt(squares * correction) / n : NaN };
}

export function normalInterval({ value, standardError }: PointEstimate, level: number): Interval {
  const half = normalQuantile(level) * standardError;
  return { lower: value - half, upper: value + half };
}

/**
 * Empirical-Bernstein bound of a mean (Maurer and Pontil 2009, theorem 4, both sides):
 * mean -+ [sqrt(2 s^2 L / n) + 7 M L / (3 (n - 1))], L = ln(4 / (1 - level)). It holds at every n, however skewed the
 * terms. Rows of one unit are summed first: the bound needs independent terms.
 * @param range M, the width of the range that one row's term can have.
 */
export function empiricalBernstein(
  values: Float64Array,
  clusters: Clusters,
  range: number,
  level: number,
): Interval {
  const sums = clusterSums(values, clusters);
  const n = sums.length;
  const perRow = n / values.length;
  const scaled = clusters.of ? sums.map((sum) => sum * perRow) : sums;
  const widest = clusters.of ? range * perRow * largestCluster(clusters) : range;
  const logarithm = Math.log(4 / (1 - level));
  const mean = meanOf(scaled);
  const half =
    Math.sqrt((2 * varianceOf(scaled, 1) * logarithm) / n) + (7 * widest * logarithm) / (3 * (n - 1));
  return { lower: mean - half, upper: mean + half };
}

function largestCluster(clusters: Clusters): number {
  const sizes = new Uint32Array(clusters.count);
  for (const c of clusters.of ?? []) sizes[c] = (sizes[c] as number) + 1;
  return sizes.reduce((most, size) => Math.max(most, size), 1);
}

/** Quantile of sorted numbers with linear interpolation (type 7, the default of numpy and R). */
export function quantileOf(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const i = Math.floor(position);
  const low = sorted[i] as number;
  const high = sorted[Math.min(i + 1, sorted.length - 1)] as number;
  return low + (position - i) * (high - low);
}
