import { defineParams } from '#experiments';
import { z } from 'zod';
import type { OffPolicyEstimator } from '../contract.js';

/** mean_i sum_a pi(a | x_i) q(x_i, a). */
export const directMethod: OffPolicyEstimator<Record<string, never>> = {
  key: 'dm',
  title: 'Direct method',
  summary:
    'What the reward model expects under the candidate. Steady, and wrong by as much as the model is: the spread of its rows is no measure of that, so it has no interval.',
  reference: 'Beygelzimer and Langford (2009), The offset tree for learning with partial labels',
  params: defineParams(z.object({})),
  estimate: (evidence) => ({
    columns: [evidence.model().expected],
    value: (means) => means[0] as number,
    uncertainty: 'model',
  }),
};
