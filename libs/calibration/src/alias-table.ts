import { binomialLogPmf, logGamma } from '#metrics';
import type { Sampler } from './sampler.js';

/** Cells rarer than this are left out of a table: never seen in any number of draws made here. */
const NEVER = 1e-18;

/** Draws from a law on finitely many cells in constant time (Walker 1977; Vose 1991). */
export class AliasTable {
  private readonly share: Float64Array;
  private readonly other: Int32Array;

  /** @param weights one per cell, not negative, any scale. */
  constructor(weights: readonly number[]) {
    const n = weights.length;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const scaled = weights.map((weight) => (weight * n) / total);
    this.share = new Float64Array(n).fill(1);
    this.other = Int32Array.from({ length: n }, (_, i) => i);
    const small = scaled.flatMap((weight, i) => (weight < 1 ? [i] : []));
    const large = scaled.flatMap((weight, i) => (weight < 1 ? [] : [i]));
    while (small.length > 0 && large.length > 0) {
      const low = small.pop() as number;
      const high = large[large.length - 1] as number;
      this.share[low] = scaled[low] as number;
      this.other[low] = high;
      scaled[high] = (scaled[high] as number) - (1 - (scaled[low] as number));
      if ((scaled[high] as number) < 1) small.push(large.pop() as number);
    }
  }

  /** Index of a cell. */
  draw(sampler: Sampler): number {
    const u = sampler.uniform() * this.share.length;
    const cell = Math.floor(u);
    return u - cell < (this.share[cell] as number) ? cell : (this.other[cell] as number);
  }
}

/** Draws whole numbers from `first` on with the given probabilities. */
export class CountTable {
  private readonly table: AliasTable;

  constructor(
    private readonly first: number,
    probabilities: readonly number[],
  ) {
    this.table = new AliasTable(probabilities);
  }

  draw(sampler: Sampler): number {
    return this.first + this.table.draw(sampler);
  }
}

/** The whole numbers from `min` to `max` that are ever seen under a law given by the logarithm of its probability. */
function tableOf(min: number, max: number, logPmf: (k: number) => number): CountTable {
  let first = -1;
  const probabilities: number[] = [];
  for (let k = min; k <= max; k++) {
    const p = Math.exp(logPmf(k));
    if (p < NEVER) {
      if (first < 0) continue;
      break;
    }
    if (first < 0) first = k;
    probabilities.push(p);
  }
  return new CountTable(first, probabilities);
}

/** Binomial draws: successes among n with probability p in (0, 1). */
export function binomialTable(n: number, p: number): CountTable {
  return tableOf(0, n, (k) => binomialLogPmf(k, n, p, 1 - p));
}

/** Poisson draws. @param mean > 0. */
export function poissonTable(mean: number): CountTable {
  const most = Math.ceil(mean + 40 + 12 * Math.sqrt(mean));
  return tableOf(0, most, (k) => k * Math.log(mean) - mean - logGamma(k + 1));
}
