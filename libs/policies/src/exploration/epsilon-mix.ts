import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Exploration } from '../contract.js';

const params = defineParams(
  z.object({
    epsilon: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe('Share of slots filled uniformly at random from the actions that are left.'),
  }),
);

/** In each slot the best action that is left, or with probability epsilon any of them; ties share. */
export const epsilonMix: Exploration<{ epsilon: number }> = {
  key: 'epsilon-mix',
  title: 'Epsilon mix',
  summary: 'The best action that is left; in a fixed share of slots a uniformly random one instead.',
  params,
  compile:
    ({ epsilon }) =>
    (scores) =>
    (taken, into) => {
      let best = -Infinity;
      let ties = 0;
      let open = 0;
      for (let i = 0; i < taken.length; i++) {
        if (taken[i] !== 0) continue;
        const score = scores[i] as number;
        open++;
        if (score > best) {
          best = score;
          ties = 1;
        } else if (score === best) ties++;
      }
      for (let i = 0; i < taken.length; i++) {
        if (taken[i] !== 0) into[i] = 0;
        else into[i] = epsilon / open + (scores[i] === best ? (1 - epsilon) / ties : 0);
      }
    },
};
