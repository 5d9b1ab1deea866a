import { defineParams } from '#experiments';
import type { Rng } from '#experiments';
import { z } from 'zod';
import type { RecommenderPolicy, TrainingSet } from '../contract.js';
import { Kernels } from '../kernels/index.js';
import { topEigenvectors } from '../linear-algebra/subspace.js';
import type { SparseRows } from './als-solver.js';
import { addTies, interactionsOf } from './interactions.js';
import type { Interactions } from './interactions.js';
import { collectorOf } from './item-rows.js';
import {
  asSet,
  decodeItemToItem,
  encodeItemToItem,
  historyLimitField,
  keptOrAllField,
  rankByRows,
} from './item-to-item.js';
import type { ItemToItem } from './item-to-item.js';

const schema = z.object({
  frequencies: z
    .int()
    .min(1)
    .max(512)
    .default(32)
    .describe('Smoothest patterns over titles that the ideal filter lets pass.'),
  alpha: z
    .number()
    .min(0)
    .max(10)
    .default(0.3)
    .describe('Weight of the ideal filter beside the direct ties.'),
  kept: keptOrAllField,
  historyLimit: historyLimitField,
});
type Params = z.output<typeof schema>;

const inverseRoot = (degree: number): number => (degree > 0 ? 1 / Math.sqrt(degree) : 0);

/** Titles whose weights are worked out at a time. */
const ROWS = 128;

/** N'N times a block, where N = D_u^-1/2 X D_i^-1/2. */
function applyTies(
  { byUnit, members }: Interactions,
  unitShare: Float64Array,
  block: Float64Array,
  width: number,
  product: Float64Array,
): void {
  product.fill(0);
  const sums = new Float64Array(width);
  for (let unit = 0; unit + 1 < byUnit.start.length; unit++) {
    sums.fill(0);
    eachItem(byUnit, unit, (item) => {
      const scale = inverseRoot(members[item] as number);
      const base = item * width;
      for (let k = 0; k < width; k++) sums[k] = (sums[k] as number) + scale * (block[base + k] as number);
    });
    eachItem(byUnit, unit, (item) => {
      const scale = inverseRoot(members[item] as number) * (unitShare[unit] as number);
      const base = item * width;
      for (let k = 0; k < width; k++)
        product[base + k] = (product[base + k] as number) + scale * (sums[k] as number);
    });
  }
}

function eachItem(rows: SparseRows, row: number, visit: (column: number) => void): void {
  for (let p = rows.start[row] as number; p < (rows.start[row + 1] as number); p++)
    visit(rows.columns[p] as number);
}

function fit(data: TrainingSet, params: Params, rng: Rng, progress: (share: number) => void): ItemToItem {
  const interactions = interactionsOf(data);
  const { byUnit, members, popularity } = interactions;
  const n = data.items.length;
  const unitShare = Float64Array.from(data.units, (_, unit) => {
    const degree = (byUnit.start[unit + 1] as number) - (byUnit.start[unit] as number);
    return degree > 0 ? 1 / degree : 0;
  });
  const kernels = new Kernels();
  const { vectors, count } = topEigenvectors(
    kernels,
    n,
    params.frequencies,
    (block, width, into) => applyTies(interactions, unitShare, block, width, into),
    rng,
  );
  progress(0.5);
  const basis = kernels.arena.copyDoubles(vectors);
  const smooth = kernels.arena.doubles(ROWS * n);
  const collector = collectorOf(n, n, params.kept);
  const row = new Float64Array(n);
  for (let item = 0; item < n; item++) {
    const offset = item % ROWS;
    if (offset === 0) {
      const rows = Math.min(ROWS, n - item);
      const part = basis.part(item * count, rows * count);
      kernels.product(smooth, part, basis, { m: rows, n, k: count, turnB: true });
      progress(0.5 + (0.5 * item) / n);
    }
    row.fill(0);
    addTies(interactions, item, (unit) => unitShare[unit] as number, row);
    const from = inverseRoot(members[item] as number);
    const filtered = smooth.view.subarray(offset * n, (offset + 1) * n);
    for (let other = 0; other < n; other++) {
      const degree = members[other] as number;
      const passed = params.alpha * Math.sqrt(degree) * (filtered[other] as number);
      row[other] = from * ((row[other] as number) * inverseRoot(degree) + passed);
    }
    collector.add(row);
  }
  progress(1);
  return { items: [...data.items], rows: collector.rows(), popularity };
}

/**
 * Graph filtering: with N = D_u^-1/2 X D_i^-1/2 the weights are W = N'N + alpha D_i^-1/2 V V' D_i^1/2, where V holds the
 * right singular vectors of N of the largest singular values: the ties of one step, and an ideal low-pass filter.
 */
export const gfCf: RecommenderPolicy<Params, ItemToItem> = {
  key: 'gf-cf',
  title: 'Graph filter (GF-CF)',
  summary: 'Smooths what a member watched over the graph of titles and ranks by what appears.',
  reference:
    'Shen, Wu, Zhang, Shan, Zhang, Letaief, Li (2021), How powerful is graph convolution for recommendation?',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  encode: encodeItemToItem,
  decode: decodeItemToItem,
  compile: (state, params) => rankByRows(state, { limit: params.historyLimit, weigh: asSet }),
};
