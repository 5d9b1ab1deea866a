import { meanTerms } from '../contract.js';
import type { PairedDifference } from '../gate-clauses.js';
import { empiricalBernstein, normalInterval, pointEstimate } from '../statistics.js';
import type { Clusters } from '../statistics.js';
import { extremes } from '../weights.js';
import { slateRewards, slotColumn } from './contract.js';
import type { SlateRows } from './contract.js';

/** Least and largest reward of a slot, and the share of the largest total that a slate may have. */
interface Ranges {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Largest sum over a slate of what its rewards are above the least of their slots. */
  readonly largestAbove: number;
  /** Largest sum over a slate of what its rewards are below the most of their slots. */
  readonly largestBelow: number;
}

/**
 * Candidate minus log, slate by slate. The value is that of cascade-DR. Its weights are products over slots, too large
 * for a bound that holds at every sample size, so the bound caps them: with rewards measured from the least of their
 * slot, min(w_{1:k}, limit) can only make the candidate look worse, and measured from the most only better, because
 * weights have mean 1 (Bottou et al. 2013, section 5). Both ends get the empirical-Bernstein bound of Maurer and Pontil.
 * @param terms cascade-DR's, one per slate.
 * @param limit cap of the weights, chosen before the log was looked at.
 */
export function slateDifference(
  rows: SlateRows,
  terms: Float64Array,
  clusters: Clusters,
  level: number,
  limit: number,
): PairedDifference {
  const total = slateRewards(rows);
  const point = pointEstimate(meanTerms(terms.map((v, i) => v - (total[i] as number))), clusters);
  const ranges = rangesOf(rows);
  const least = cappedDifference(rows, limit, ranges.low);
  const most = cappedDifference(rows, limit, ranges.high);
  return {
    ...point,
    normal: normalInterval(point, level),
    bound: {
      lower: empiricalBernstein(least, clusters, limit * ranges.largestAbove, level).lower,
      upper: empiricalBernstein(most, clusters, limit * ranges.largestBelow, level).upper,
    },
  };
}

/** sum_k from_k + min(w_{1:k}, limit) (r_k - from_k) - r_k, which is sum_k (min(w_{1:k}, limit) - 1) (r_k - from_k). */
function cappedDifference(
  { n, slots, prefixWeight, reward }: SlateRows,
  limit: number,
  from: readonly number[],
): Float64Array {
  const terms = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < slots; k++) {
      const at = i * slots + k;
      const capped = Math.min(prefixWeight[at] as number, limit);
      sum += (capped - 1) * ((reward[at] as number) - (from[k] as number));
    }
    terms[i] = sum;
  }
  return terms;
}

/** As far as the log shows them. */
function rangesOf(rows: SlateRows): Ranges {
  const { n, slots, reward } = rows;
  const ends = Array.from({ length: slots }, (_, k) => extremes(slotColumn(reward, slots, k)));
  const low = ends.map(([least]) => least);
  const high = ends.map(([, largest]) => largest);
  let largestAbove = 0;
  let largestBelow = 0;
  for (let i = 0; i < n; i++) {
    let above = 0;
    let below = 0;
    for (let k = 0; k < slots; k++) {
      const r = reward[i * slots + k] as number;
      above += r - (low[k] as number);
      below += (high[k] as number) - r;
    }
    largestAbove = Math.max(largestAbove, above);
    largestBelow = Math.max(largestBelow, below);
  }
  return { low, high, largestAbove, largestBelow };
}
