import { z } from 'zod';

/** How a member's lists are read; shared by the policies that know titles by what they are. */
export const memberParams = {
  halfLife: z
    .number()
    .min(0)
    .max(1e5)
    .default(0)
    .describe(
      'Titles of the history after which a title weighs half as much; 0: the whole history weighs alike.',
    ),
  dislikeWeight: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .describe(
      'Weight of a title in context.disliked (skipped, thumbs down) against a liked one; 0: not looked at.',
    ),
  historyLimit: z
    .int()
    .min(1)
    .max(10_000)
    .default(2_000)
    .describe('Newest titles of each list that are looked at; bounds the time of a request.'),
};
