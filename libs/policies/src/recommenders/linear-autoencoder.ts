import { z } from 'zod';
import type { TrainingSet } from '../contract.js';
import { Kernels } from '../kernels/index.js';
import type { Doubles } from '../kernels/index.js';
import { invertSpd } from '../linear-algebra/spd-inverse.js';
import { addTies, interactionsOf } from './interactions.js';
import type { Interactions } from './interactions.js';
import { collectorOf } from './item-rows.js';
import { keptOrAllField } from './item-to-item.js';
import type { ItemToItem } from './item-to-item.js';

/** Parameters that the linear models with a closed form share. */
export const linearFields = {
  lambda: z
    .number()
    .positive()
    .max(1e6)
    .default(100)
    .describe('Strength of the ridge: higher trusts only what many members share.'),
  mostItems: z
    .int()
    .min(1)
    .max(12_000)
    .default(5_000)
    .describe(
      'Titles that are modelled, the most watched first; the others score 0. Training takes 8 bytes for every pair of them.',
    ),
  kept: keptOrAllField,
};

/** Row numbers of the most popular items, ascending. */
function mostPopular(members: Float64Array, count: number): Uint32Array {
  const order = Uint32Array.from(members, (_, i) => i);
  order.sort((a, b) => (members[b] as number) - (members[a] as number) || a - b);
  return order.slice(0, count).sort();
}

/** X'X + diag(ridge) of the chosen items, its lower triangle. */
function ridgedGram(
  interactions: Interactions,
  chosen: Uint32Array,
  ridge: (members: number) => number,
  kernels: Kernels,
): Doubles {
  const n = chosen.length;
  const block = kernels.arena.doubles(n * n);
  const gram = block.view;
  const ties = new Float64Array(interactions.members.length);
  chosen.forEach((item, i) => {
    ties.fill(0);
    addTies(interactions, item, () => 1, ties);
    for (let j = 0; j <= i; j++) gram[i * n + j] = ties[chosen[j] as number] as number;
    gram[i * n + i] = (gram[i * n + i] as number) + ridge(interactions.members[item] as number);
  });
  return block;
}

/**
 * The item-to-item weights B that best give X back from itself with a zero diagonal, under a ridge: with
 * P = (X'X + diag(ridge))^-1, B_ij = -P_ij / P_jj.
 * @param ridge of an item with so many members, > 0.
 */
export function fitLinear(
  data: TrainingSet,
  limits: { readonly mostItems: number; readonly kept: number | null },
  ridge: (members: number) => number,
  progress: (share: number) => void,
): ItemToItem {
  const interactions = interactionsOf(data);
  const chosen = mostPopular(interactions.members, limits.mostItems);
  const n = chosen.length;
  const kernels = new Kernels();
  const block = ridgedGram(interactions, chosen, ridge, kernels);
  progress(0.1);
  invertSpd(kernels, block, n, (share) => progress(0.1 + 0.7 * share));
  const inverse = block.view;
  const collector = collectorOf(data.items.length, data.items.length, limits.kept);
  const row = new Float64Array(data.items.length);
  const place = new Int32Array(data.items.length).fill(-1);
  chosen.forEach((item, i) => (place[item] = i));
  for (let item = 0; item < data.items.length; item++) {
    row.fill(0);
    const i = place[item] as number;
    if (i >= 0) {
      chosen.forEach((other, j) => {
        if (j !== i) row[other] = -(inverse[i * n + j] as number) / (inverse[j * n + j] as number);
      });
    }
    collector.add(row);
  }
  progress(1);
  return {
    items: [...data.items],
    rows: collector.rows(),
    popularity: interactions.popularity,
  };
}
