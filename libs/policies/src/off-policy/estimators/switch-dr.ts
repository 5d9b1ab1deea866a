import { defineParams } from '#experiments';
import { z } from 'zod';
import { column, meanTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { tuningScores } from '../tuning.js';
import { correctedBy, correctedRange } from '../weights.js';

const params = defineParams(
  z.object({
    tau: z
      .number()
      .min(0)
      .default(10)
      .describe('Rows with a larger weight are left to the reward model; 0 is the direct method.'),
  }),
);

/** mean(qe + w 1[w <= tau] (r - q)). */
export const switchDr: OffPolicyEstimator<{ tau: number }> = {
  key: 'switch-dr',
  title: 'SWITCH doubly robust',
  summary: 'Doubly robust where weights are moderate, the reward model alone where they are large.',
  reference: 'Wang, Agarwal and Dudik (2017), Optimal and adaptive off-policy evaluation',
  params,
  estimate: (evidence, { tau }) => {
    const kept = column(evidence, (i) => {
      const w = evidence.weight[i] as number;
      return w <= tau ? w : 0;
    });
    const model = evidence.model();
    const terms = correctedBy(evidence, model, kept);
    return meanTerms(terms, {
      range: (bounds) => correctedRange(model, bounds, Math.min(tau, bounds.largestWeight)),
      details: { tau, ...tuningScores(evidence, model, kept, terms) },
    });
  },
};
