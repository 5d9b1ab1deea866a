import { defineParams } from '#experiments';
import { z } from 'zod';
import { column, ratioTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';

/** sum(w r) / sum(w). */
export const snips: OffPolicyEstimator<Record<string, never>> = {
  key: 'snips',
  title: 'Self-normalised IPS',
  summary:
    'IPS divided by the mean weight, so that it stays within the range of the rewards and a shift of all rewards shifts it as much.',
  reference: 'Swaminathan and Joachims (2015), The self-normalized estimator for counterfactual learning',
  params: defineParams(z.object({})),
  estimate: (evidence) =>
    ratioTerms(
      column(evidence, (i) => (evidence.weight[i] as number) * (evidence.rows.reward[i] as number)),
      evidence.weight,
    ),
};
