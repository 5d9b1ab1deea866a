import { defineParams } from '#experiments';
import type { Context } from '#experiments';
import { z } from 'zod';
import type { Ranking, Wrapper } from '../wrappers/contract.js';
import { greedyOrder, openByScore, unitScores, wearScores } from './order.js';
import { similarityFields, valuesOf } from './similarity.js';

/** Share of the member's own mix in the list's, so that the divergence is finite. */
const SMOOTHING = 0.01;

const schema = z.object({
  weight: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe(
      'Weight (lambda) of the match with the mix of the member against the scores: 0 changes nothing.',
    ),
  feature: z
    .string()
    .min(1)
    .max(100)
    .default('genres')
    .describe('Feature of the actions whose mix is matched.'),
  attribute: z
    .string()
    .min(1)
    .max(100)
    .default('genres')
    .describe(
      'Context attribute with the mix of the member: the values of the feature for the titles watched lately, repeats counting.',
    ),
  pool: similarityFields.pool,
  places: similarityFields.places,
});
type Params = z.output<typeof schema>;

/** Shares of the values listed; null for none. */
export function mixOf(context: Context, attribute: string): ReadonlyMap<string, number> | null {
  const values = valuesOf(context, attribute);
  if (values.length === 0) return null;
  const shares = new Map<string, number>();
  for (const value of values) shares.set(value, (shares.get(value) ?? 0) + 1 / values.length);
  return shares;
}

/** Sum over the values of p log(p / ((1 - a) q + a p)) in nats; q are shares of `total`. */
function divergence(
  p: ReadonlyMap<string, number>,
  q: ReadonlyMap<string, number>,
  added: ReadonlyMap<string, number>,
  total: number,
): number {
  let sum = 0;
  for (const [value, share] of p) {
    const listed = ((q.get(value) ?? 0) + (added.get(value) ?? 0)) / total;
    sum += share * Math.log(share / ((1 - SMOOTHING) * listed + SMOOTHING * share));
  }
  return sum;
}

function rerank(ranking: Ranking, params: Params): Float64Array {
  const wanted = mixOf(ranking.request.context, params.attribute);
  if (wanted === null) return ranking.scores;
  const pool = openByScore(ranking, params.pool);
  const score = unitScores(ranking.scores, pool);
  const genres = Array.from(pool, (index) => {
    const values = valuesOf(ranking.request.actions[index]?.features ?? {}, params.feature);
    return new Map(values.map((value) => [value, 1 / values.length]));
  });
  const listed = new Map<string, number>();
  let [placed, sum] = [0, 0];
  const order = greedyOrder(
    pool,
    params.places,
    (i) => {
      const mean = (sum + (score[i] as number)) / (placed + 1);
      const far = divergence(wanted, listed, genres[i] as Map<string, number>, placed + 1);
      return (1 - params.weight) * mean - params.weight * far;
    },
    (put) => {
      placed++;
      sum += score[put] as number;
      for (const [value, share] of genres[put] as Map<string, number>)
        listed.set(value, (listed.get(value) ?? 0) + share);
    },
  );
  return wearScores(ranking.scores, order);
}

/**
 * Greedy maximum of (1 - w) mean score - w KL(mix of the member || mix of the list), where each action shares one unit
 * among its values. Mean in place of the paper's sum of scores, so that the weight means the same at every length.
 */
export const calibration: Wrapper<Params> = {
  key: 'calibration',
  title: 'Calibration to the genre mix',
  summary:
    'Gives each genre its share: seven dramas and three comedies to who watches 70 % drama, 30 % comedy.',
  reference: 'Steck (2018), Calibrated recommendations',
  params: defineParams(schema),
  rerank,
};
