import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Ranking, Wrapper } from '../wrappers/contract.js';
import { greedyOrder, openByScore, unitScores, wearScores } from './order.js';
import { similarityFields, similarityOf } from './similarity.js';

/** Below this share of its first value, what a title adds to the volume is rounding. */
const NOTHING_LEFT = 1e-10;

const schema = z.object({
  relevance: z
    .number()
    .min(0)
    .max(0.99)
    .default(0.7)
    .describe('Weight of the score (theta) against the volume that the list spans: near 1 changes little.'),
  ...similarityFields,
});
type Params = z.output<typeof schema>;

/**
 * Greedy MAP of the process with kernel L = Diag(q) S Diag(q), q = exp(alpha score), alpha = theta / (2 (1 - theta)):
 * maximises theta sum of scores + (1 - theta) log det S over lists, up to a factor. Each step keeps the Cholesky row of
 * every member that is left, so a place costs O(pool * places).
 */
export function dppOrder(ranking: Ranking, params: Params): Uint32Array {
  const pool = openByScore(ranking, params.pool);
  const score = unitScores(ranking.scores, pool);
  const alike = similarityOf(ranking, pool, params);
  const weight = params.relevance / (1 - params.relevance);
  const rows = Array.from(pool, () => new Float64Array(Math.min(params.places, pool.length)));
  // Of S alone; the quality enters the gain as 2 log q = weight * score, which cannot overflow.
  const rest = new Float64Array(pool.length).fill(1);
  let step = 0;
  return greedyOrder(
    pool,
    params.places,
    (i) => {
      const volume = rest[i] as number;
      return volume > NOTHING_LEFT ? weight * (score[i] as number) + Math.log(volume) : -Infinity;
    },
    (put) => {
      const base = rows[put] as Float64Array;
      const root = Math.sqrt(rest[put] as number);
      for (let i = 0; i < pool.length; i++) {
        if (i === put) continue;
        const row = rows[i] as Float64Array;
        let product = alike(i, put);
        for (let k = 0; k < step; k++) product -= (base[k] as number) * (row[k] as number);
        row[step] = product / root;
        rest[i] = (rest[i] as number) - (row[step] as number) ** 2;
      }
      step++;
    },
  );
}

export const diversityDpp: Wrapper<Params> = {
  key: 'diversity-dpp',
  title: 'Diversity: determinantal',
  summary:
    'Chooses the list that spans the largest volume: relevant titles that differ from all of each other.',
  reference:
    'Chen, Zhang, Zhou (2018), Fast greedy MAP inference for determinantal point process to improve recommendation diversity',
  params: defineParams(schema),
  rerank: (ranking, params) => wearScores(ranking.scores, dppOrder(ranking, params)),
};
