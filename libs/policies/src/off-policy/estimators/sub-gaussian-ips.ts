import { defineParams } from '#experiments';
import { z } from 'zod';
import { column, meanTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { rewardSpan } from '../weights.js';

const params = defineParams(
  z.object({
    lambda: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('0 is IPS; at 1 every weight counts as one. Weights stay below 1 / lambda.'),
  }),
);

/** mean(w / (1 - l + l w) r). */
export const subGaussianIps: OffPolicyEstimator<{ lambda: number }> = {
  key: 'ips-sub-gaussian',
  title: 'Sub-Gaussian IPS',
  summary: 'A smooth cap on the weights, with tails as light as those of a normal law.',
  reference: 'Metelli, Russo and Restelli (2021), Subgaussian and differentiable importance sampling',
  params,
  estimate: (evidence, { lambda }) =>
    meanTerms(
      column(evidence, (i) => {
        const w = evidence.weight[i] as number;
        const below = 1 - lambda + lambda * w;
        return w === 0 ? 0 : (w / below) * (evidence.rows.reward[i] as number);
      }),
      {
        range: (bounds) =>
          (bounds.largestWeight / (1 - lambda + lambda * bounds.largestWeight)) * rewardSpan(bounds),
        details: { lambda },
      },
    ),
};
