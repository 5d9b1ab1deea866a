import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Ranking, Wrapper } from '../wrappers/contract.js';
import { greedyOrder, openByScore, unitScores, wearScores } from './order.js';
import { similarityFields, similarityOf } from './similarity.js';

const schema = z.object({
  relevance: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe('Weight of the score against being different from what stands above: 1 changes nothing.'),
  ...similarityFields,
});
type Params = z.output<typeof schema>;

function rerank(ranking: Ranking, params: Params): Float64Array {
  const pool = openByScore(ranking, params.pool);
  const score = unitScores(ranking.scores, pool);
  const alike = similarityOf(ranking, pool, params);
  // Of each member, its similarity to the most similar of those that are placed.
  const closest = new Float64Array(pool.length);
  const order = greedyOrder(
    pool,
    params.places,
    (i) => params.relevance * (score[i] as number) - (1 - params.relevance) * (closest[i] as number),
    (put) => {
      for (let i = 0; i < pool.length; i++) closest[i] = Math.max(closest[i] as number, alike(i, put));
    },
  );
  return wearScores(ranking.scores, order);
}

/** argmax over what is left of w score(i) - (1 - w) max over placed j of similarity(i, j); scores brought to [0, 1]. */
export const diversityMmr: Wrapper<Params> = {
  key: 'diversity-mmr',
  title: 'Diversity: marginal relevance',
  summary: 'Puts next what fits best and is least like the most similar title above it.',
  reference: 'Carbonell and Goldstein (1998), The use of MMR, diversity-based reranking',
  params: defineParams(schema),
  rerank,
};
