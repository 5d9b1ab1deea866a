import { defineParams } from '#experiments';
import { z } from 'zod';
import type { StaticPolicy } from '../contract.js';

/** The order in which the request names its actions, or an editor's list before it. */
export const fixedOrder: StaticPolicy<{ order: string[] }> = {
  key: 'fixed-order',
  title: 'Fixed order',
  summary: 'Keeps the given order; actions named in the list come first, in the order of the list.',
  reference: 'Editorial default',
  learns: 'never',
  params: defineParams(
    z.object({
      order: z
        .array(z.string().min(1).max(200))
        .max(10_000)
        .default([])
        .describe('Action ids that come first, in this order; the others follow in request order.'),
    }),
  ),
  stateVersion: 1,
  encode: () => null,
  decode: () => null,
  compile: (_state, { order }) => {
    const rank = new Map(order.map((id, index) => [id, index]));
    return {
      decides: 'slate',
      scores: ({ actions }) =>
        Float64Array.from(actions, (action, index) => {
          const listed = rank.get(action.id);
          return listed === undefined ? -(order.length + index) : -listed;
        }),
    };
  },
};
