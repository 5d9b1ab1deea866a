import { defineParams } from '#experiments';
import { z } from 'zod';
import { openTo, redistribute } from './distributions.js';
import type { Wrapper } from './contract.js';

const share = z.number().min(0).max(1);
const params = defineParams(
  z.object({
    every: share.default(0).describe('Least probability of every action.'),
    actions: z
      .record(z.string().min(1).max(200), share)
      .default({})
      .describe('Least probability of single actions, by id, in place of the one for every action.'),
  }),
);

/**
 * Keeps a least share for single actions or all: p'_a = f_a + (1 - sum f) p_a. Additive, so that the ratios of what lies
 * above the floor stay, unlike clipping and scaling. Shares that come to more than 1 are scaled to 1.
 */
export const minimumShares: Wrapper<{ every: number; actions: Record<string, number> }> = {
  key: 'minimum-shares',
  title: 'Least shares',
  summary: 'Serves every action, or the ones named, at least so often; a fixed share for a control action.',
  reference: 'Kasy and Sautmann (2021), Adaptive treatment assignment in experiments for policy choice',
  params,
  wrap: (inner, _state, { every, actions }) =>
    redistribute(inner, (p, request) => {
      const open = openTo(inner, request);
      const least = request.actions.map(({ id }, i) =>
        open[i] === 1 ? (Object.hasOwn(actions, id) ? (actions[id] as number) : every) : 0,
      );
      const sum = least.reduce((total, one) => total + one, 0);
      const scale = sum > 1 ? 1 / sum : 1;
      const rest = Math.max(0, 1 - sum);
      return p.map((one, i) => (least[i] as number) * scale + rest * one);
    }),
};
