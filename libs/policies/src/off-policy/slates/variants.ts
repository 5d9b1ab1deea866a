import { choleskyInPlace, solveCholesky } from '../../linear-algebra/cholesky.js';
import type { Terms } from '../contract.js';
import { meanTerms } from '../contract.js';
import { meanOf } from '../statistics.js';
import { slateRewards, slotColumn } from './contract.js';
import type { SlateRows } from './contract.js';

/** Parts of the reward, each with the weight that belongs to it. */
export interface WeightedPart {
  readonly weight: Float64Array;
  readonly reward: Float64Array;
}

/** The whole slate as one part, weighted by the probability of the whole slate. */
export function wholeSlate(rows: SlateRows): WeightedPart[] {
  return [{ weight: slotColumn(rows.prefixWeight, rows.slots, rows.slots - 1), reward: slateRewards(rows) }];
}

/** Every slot as a part, with the weights of a table. */
export function bySlot(rows: SlateRows, weights: Float64Array): WeightedPart[] {
  return Array.from({ length: rows.slots }, (_, k) => ({
    weight: slotColumn(weights, rows.slots, k),
    reward: slotColumn(rows.reward, rows.slots, k),
  }));
}

const products = ({ weight, reward }: WeightedPart): Float64Array =>
  weight.map((w, i) => w * (reward[i] as number));

function totals(parts: readonly WeightedPart[]): Float64Array {
  const sum = new Float64Array((parts[0] as WeightedPart).weight.length);
  for (const part of parts) products(part).forEach((value, i) => (sum[i] = (sum[i] as number) + value));
  return sum;
}

/** mean(sum_k w_k r_k). */
export const plainTerms = (parts: readonly WeightedPart[]): Terms => meanTerms(totals(parts));

/** sum_k mean(w_k r_k) / mean(w_k). */
export function normalisedTerms(parts: readonly WeightedPart[]): Terms {
  const count = parts.length;
  return {
    columns: [...parts.map(products), ...parts.map(({ weight }) => weight)],
    value(means) {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += (means[k] as number) / (means[count + k] as number);
      return sum;
    },
    slope(means) {
      const slope = new Float64Array(2 * count);
      for (let k = 0; k < count; k++) {
        const down = means[count + k] as number;
        slope[k] = 1 / down;
        slope[count + k] = -(means[k] as number) / (down * down);
      }
      return slope;
    },
    uncertainty: 'sampling',
  };
}

/**
 * mean(sum_k w_k r_k) - sum_k b_k (mean(w_k) - 1): weights have mean 1, so their deviation from it is known noise. The
 * b that leave the least variance are those of a regression of the terms on the weights (Owen 2013, section 8.9).
 */
export function controlledTerms(parts: readonly WeightedPart[]): Terms {
  const total = totals(parts);
  const weights = parts.map(({ weight }) => weight);
  const b = regression(total, weights);
  return {
    columns: [total, ...weights],
    value: (means) =>
      weights.reduce(
        (value, _w, k) => value - (b[k] as number) * ((means[k + 1] as number) - 1),
        means[0] as number,
      ),
    slope: () => Float64Array.of(1, ...b.map((value) => -value)),
    uncertainty: 'sampling',
  };
}

function regression(y: Float64Array, columns: readonly Float64Array[]): Float64Array {
  const n = columns.length;
  const means = columns.map(meanOf);
  const mean = meanOf(y);
  const gram = new Float64Array(n * n);
  const moment = new Float64Array(n);
  for (let i = 0; i < y.length; i++) {
    for (let j = 0; j < n; j++) {
      const x = ((columns[j] as Float64Array)[i] as number) - (means[j] as number);
      moment[j] = (moment[j] as number) + x * ((y[i] as number) - mean);
      for (let m = 0; m <= j; m++) {
        const other = ((columns[m] as Float64Array)[i] as number) - (means[m] as number);
        gram[j * n + m] = (gram[j * n + m] as number) + x * other;
      }
    }
  }
  // Weights that do not vary, or vary together, get a tiny penalty instead of a division by zero.
  const scale = columns.reduce((sum, _c, j) => sum + (gram[j * n + j] as number), 0);
  for (let j = 0; j < n; j++) gram[j * n + j] = (gram[j * n + j] as number) + 1e-9 * scale + 1e-300;
  choleskyInPlace(gram, n);
  solveCholesky(gram, n, moment);
  return moment;
}
