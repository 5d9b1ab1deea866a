import { defineParams } from '#experiments';
import { z } from 'zod';
import type { RecommenderPolicy, TrainingSet } from '../contract.js';
import { addTies, interactionsOf } from './interactions.js';
import { RowCollector } from './item-rows.js';
import {
  asSet,
  decodeItemToItem,
  encodeItemToItem,
  historyLimitField,
  keptField,
  rankByRows,
} from './item-to-item.js';
import type { ItemToItem } from './item-to-item.js';

const schema = z.object({
  alpha: z
    .number()
    .min(0)
    .max(3)
    .default(1)
    .describe('Exponent of the step probabilities: 1 is the plain walk, more prefers well-trodden ways.'),
  beta: z
    .number()
    .min(0)
    .max(2)
    .default(0.4)
    .describe('Exponent of the popularity that a title is divided by: 0 leaves popular titles on top.'),
  kept: keptField.default(200),
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
  const { byUnit, members, popularity } = interactions;
  const n = data.items.length;
  const collector = new RowCollector(n, params.kept);
  const row = new Float64Array(n);
  const degree = (unit: number): number =>
    (byUnit.start[unit + 1] as number) - (byUnit.start[unit] as number);
  const step = Float64Array.from(data.units, (_, unit) => degree(unit) ** -params.alpha);
  for (let item = 0; item < n; item++) {
    row.fill(0);
    addTies(interactions, item, (unit) => step[unit] as number, row);
    row[item] = 0;
    const leave = (members[item] as number) ** -params.alpha;
    for (let other = 0; other < n; other++) {
      if (row[other] === 0) continue;
      row[other] = ((row[other] as number) * leave) / (members[other] as number) ** params.beta;
    }
    collector.add(row);
    if (item % 100 === 0) progress(item / n);
  }
  progress(1);
  return { items: [...data.items], rows: collector.rows(), popularity };
}

/**
 * Random walk of three steps, member to title to member to title: P = (D_i^-1 X')(D_u^-1 X), each step probability to the
 * power alpha, divided by the popularity c_j^beta of where it ends; the largest entries of each row are kept.
 */
export const rp3Beta: RecommenderPolicy<Params, ItemToItem> = {
  key: 'rp3-beta',
  title: 'Walk on the graph of members and titles',
  summary:
    'Ranks titles by where a short random walk over members and titles ends, with popular titles held back.',
  reference:
    'Paudel, Christoffel, Newell, Bernstein (2017), Updatable, accurate, diverse, and scalable recommendations for ' +
    'interactive applications',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  encode: encodeItemToItem,
  decode: decodeItemToItem,
  compile: (state, params) => rankByRows(state, { limit: params.historyLimit, weigh: asSet }),
};
