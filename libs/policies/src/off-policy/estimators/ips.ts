import { defineParams } from '#experiments';
import { z } from 'zod';
import { column, meanTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { rewardSpan } from '../weights.js';

/** mean(w r). */
export const ips: OffPolicyEstimator<Record<string, never>> = {
  key: 'ips',
  title: 'Inverse propensity score',
  summary:
    'Weights every reward by how much more often the candidate would have made that choice. Unbiased when the logged propensities are exact; rare choices make it jumpy.',
  reference: 'Horvitz and Thompson (1952), A generalization of sampling without replacement',
  params: defineParams(z.object({})),
  estimate: (evidence) =>
    meanTerms(
      column(evidence, (i) => (evidence.weight[i] as number) * (evidence.rows.reward[i] as number)),
      { range: (bounds) => bounds.largestWeight * rewardSpan(bounds) },
    ),
};
