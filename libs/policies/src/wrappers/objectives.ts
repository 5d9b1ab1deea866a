import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Wrapper } from './contract.js';

const weight = z.number().min(-1e6).max(1e6);
const params = defineParams(
  z.object({
    reward: weight.default(1).describe('Weight of the reward itself.'),
    signals: z
      .record(z.string().min(1).max(100), weight)
      .default({})
      .describe('Weights of further signals by name; negative for what should be small.'),
  }),
);

/** Several objectives as one number: the policy learns from w_0 reward + sum_j w_j signal_j. */
export const objectives: Wrapper<{ reward: number; signals: Record<string, number> }> = {
  key: 'objectives',
  title: 'Weighted objectives',
  summary: 'The policy learns from a weighted sum of the reward and further signals.',
  reference: 'Roijers and others (2013), A survey of multi-objective sequential decision-making',
  params,
  signals: ({ signals }) =>
    Object.keys(signals).map((name) => ({
      name,
      pointer: `/signals/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    })),
  reward: (decision, _state, weights) => {
    let sum = weights.reward * decision.reward;
    for (const [name, w] of Object.entries(weights.signals)) sum += w * (decision.signals?.[name] ?? 0);
    return sum;
  },
};
