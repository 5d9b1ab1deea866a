import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Wrapper } from './contract.js';

const params = defineParams(
  z.object({
    most: z.int().min(1).max(10_000).default(3).describe('How often a unit may see the same action.'),
    attribute: z
      .string()
      .min(1)
      .max(100)
      .default('seen')
      .describe(
        'Context attribute that lists the ids of the actions the unit saw lately, one entry per time.',
      ),
  }),
);

/**
 * Nobody sees the same action for ever. The caller says in the context what the unit saw: nothing is looked up or kept
 * about the unit, and the cap is decided before the policy, so that propensities hold.
 */
export const fatigue: Wrapper<{ most: number; attribute: string }> = {
  key: 'fatigue',
  title: 'Fatigue cap',
  summary: 'Leaves out actions that the unit has seen too often lately, as listed in its context.',
  reference: 'Aharon and others (2019), Soft frequency capping for improved ad click prediction',
  params,
  eligible: (request, { attribute, most }) => {
    const mask = new Uint8Array(request.actions.length).fill(1);
    const seen = Object.hasOwn(request.context, attribute) ? request.context[attribute] : undefined;
    if (!Array.isArray(seen)) return mask;
    const times = new Map<unknown, number>();
    for (const id of seen as readonly unknown[]) times.set(id, (times.get(id) ?? 0) + 1);
    request.actions.forEach(({ id }, i) => {
      if ((times.get(id) ?? 0) >= most) mask[i] = 0;
    });
    return mask;
  },
};
