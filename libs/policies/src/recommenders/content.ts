import { z } from 'zod';
import { ridgeParams } from './graph/params.js';
import { attributeParams } from './titles/attributes.js';
import { unlearned } from './titles/model.js';
import type { Catalogue, MemberModel, TitleModel } from './titles/model.js';
import { NearestTitles } from './titles/nearest.js';
import { memberParams } from './titles/params.js';
import { titlePolicy } from './titles/policy.js';
import { dot } from './titles/ridge.js';
import { ridgeModel } from './titles/ridge-model.js';
import { inverseFrequencies, normalised, normalisedRows } from './titles/table.js';
import type { SparseVector } from './titles/table.js';

const schema = z.object({
  mode: z
    .enum(['ridge', 'profile', 'neighbours'])
    .default('ridge')
    .describe(
      'ridge: a regression per member from attributes to what they watched. profile: the mean of what they watched. ' +
        'neighbours: the titles most alike to what they watched.',
    ),
  ...ridgeParams,
  neighbours: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe('neighbours: watched titles that count per candidate, the most alike first.'),
  ...memberParams,
  ...attributeParams,
});
type Params = z.output<typeof schema>;

/** Rocchio's profile: the mean of the titles' normalised attributes by their weights, disliked ones against it. */
function profile({ table, reader }: Catalogue): MemberModel {
  const rows = normalisedRows(table, reader);
  const idf = inverseFrequencies(table);
  return (member) => {
    const mean = new Float64Array(table.names.length);
    let total = 0;
    for (const weight of member.values()) total += Math.abs(weight);
    for (const [index, weight] of member) {
      const { columns, values } = rows[index] as SparseVector;
      columns.forEach((c, k) => (mean[c] = (mean[c] as number) + (weight / total) * (values[k] as number)));
    }
    return (title) => dot(normalised(title, idf), mean);
  };
}

/** Sum of the cosines of the watched titles most alike to the candidate, by the member's weights. */
function neighbours({ table, reader, popularity }: Catalogue, params: Params): MemberModel {
  const rows = normalisedRows(table, reader);
  const idf = inverseFrequencies(table);
  const isWatched = (title: number): boolean => (popularity[title] as number) > 0;
  const nearest = new NearestTitles(rows, table.names.length, params.neighbours, isWatched);
  return (member) => (title, index) => {
    const found = index === undefined ? nearest.of(normalised(title, idf)) : nearest.ofKnown(index);
    return found.titles.reduce((sum, i, k) => sum + (member.get(i) ?? 0) * (found.alike[k] as number), 0);
  };
}

/**
 * Ranks titles by what they are: genres, people, year, tags and the words of a description, weighed by TF-IDF and each
 * title scaled to length 1. Members and titles that training has not met are served at once (see titlePolicy).
 */
export const content = titlePolicy<Params>(
  {
    key: 'content',
    title: 'Content-based',
    summary:
      'Ranks titles by their genres, people, year, tags and words, compared with what the member watched.',
    reference:
      'Pazzani, Billsus (2007), Content-based recommendation systems; ' +
      'Salton, Buckley (1988), Term-weighting approaches in automatic text retrieval; ' +
      'Hoerl, Kennard (1970), Ridge regression',
  },
  schema,
  {
    ridge: ridgeModel as TitleModel<Params, unknown>,
    profile: unlearned(profile),
    neighbours: unlearned(neighbours),
  },
);
