import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Exploration } from '../contract.js';

const params = defineParams(
  z.object({
    temperature: z
      .number()
      .positive()
      .max(1e6)
      .default(0.1)
      .describe(
        'Spread of the exploration, in units of the score: small is nearly greedy, large nearly uniform.',
      ),
  }),
);

/**
 * Plackett-Luce: slot after slot, softmax(score / temperature) over what is left. The law of the order is that of
 * sorting score + temperature * Gumbel noise; drawn slot by slot, every conditional propensity is exact.
 */
export const plackettLuce: Exploration<{ temperature: number }> = {
  key: 'plackett-luce',
  title: 'Plackett-Luce',
  summary:
    'Draws the order from a softmax of the scores, so every order is possible and its probability is known.',
  params,
  compile:
    ({ temperature }) =>
    (scores) =>
    (taken, into) => {
      // The largest open score is subtracted in each slot: far below it, weights of one global shift would underflow.
      let top = -Infinity;
      for (let i = 0; i < taken.length; i++) {
        if (taken[i] === 0 && (scores[i] as number) > top) top = scores[i] as number;
      }
      let sum = 0;
      for (let i = 0; i < taken.length; i++) {
        const weight = taken[i] === 0 ? Math.exp(((scores[i] as number) - top) / temperature) : 0;
        into[i] = weight;
        sum += weight;
      }
      for (let i = 0; i < taken.length; i++) into[i] = (into[i] as number) / sum;
    },
};
