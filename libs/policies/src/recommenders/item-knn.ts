import { defineParams } from '#experiments';
import { z } from 'zod';
import type { RecommenderPolicy, TrainingSet } from '../contract.js';
import { addTies, interactionsOf } from './interactions.js';
import { RowCollector, turnedRows } from './item-rows.js';
import { asSet, decodeItemToItem, encodeItemToItem, historyLimitField, rankByRows } from './item-to-item.js';
import type { ItemToItem } from './item-to-item.js';

const schema = z.object({
  neighbours: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('Most similar titles by which a title is judged.'),
  shrink: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe('Added to the denominator of a similarity: distrusts titles that few members share.'),
  historyLimit: historyLimitField,
});
type Params = z.output<typeof schema>;

function fit(
  data: TrainingSet,
  params: Params,
  _rng: unknown,
  progress: (share: number) => void,
): ItemToItem {
  const interactions = interactionsOf(data);
  const { members, popularity } = interactions;
  const n = data.items.length;
  const nearest = new RowCollector(n, params.neighbours);
  const row = new Float64Array(n);
  for (let item = 0; item < n; item++) {
    row.fill(0);
    addTies(interactions, item, () => 1, row);
    row[item] = 0;
    for (let other = 0; other < n; other++) {
      if (row[other] === 0) continue;
      const norm = Math.sqrt((members[item] as number) * (members[other] as number));
      row[other] = (row[other] as number) / (norm + params.shrink);
    }
    nearest.add(row);
    if (item % 100 === 0) progress(item / n);
  }
  progress(1);
  // Chosen per candidate, added up per watched title.
  return { items: [...data.items], rows: turnedRows(nearest.rows(), n), popularity };
}

/**
 * Item-based nearest neighbours: the similarity of two titles is the cosine of their columns in the 0/1 matrix of
 * members and titles, co-count / (sqrt(c_i c_j) + shrink). A candidate's score is the sum of its similarities with the
 * titles of the history that are among its nearest neighbours.
 */
export const itemKnn: RecommenderPolicy<Params, ItemToItem> = {
  key: 'item-knn',
  title: 'Item neighbours',
  summary: 'Ranks titles by how many of their viewers also watched what the member watched.',
  reference:
    'Sarwar, Karypis, Konstan, Riedl (2001), Item-based collaborative filtering recommendation algorithms; ' +
    'Aiolli (2013), Efficient top-N recommendation for very large scale binary rated datasets',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  encode: encodeItemToItem,
  decode: decodeItemToItem,
  compile: (state, params) => rankByRows(state, { limit: params.historyLimit, weigh: asSet }),
};
