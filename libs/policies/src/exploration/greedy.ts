import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Exploration } from '../contract.js';

/** Action indices by score descending; equal scores keep request order. */
export function orderByScore(scores: Float64Array): Uint32Array {
  const order = Uint32Array.from(scores, (_, index) => index);
  return order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
}

/** The best first, always: every propensity is 1, so nothing can be learned about what was left out. */
export const greedy: Exploration<Record<string, never>> = {
  key: 'greedy',
  title: 'Greedy',
  summary: 'Orders by score and explores nothing. Its log cannot judge any other policy.',
  params: defineParams(z.object({})),
  compile: () => (scores) => {
    const order = orderByScore(scores);
    return (taken, into) => {
      into.fill(0);
      for (const index of order) {
        if (taken[index] === 0) {
          into[index] = 1;
          return;
        }
      }
    };
  },
};
