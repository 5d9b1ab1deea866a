import { defineParams } from '#experiments';
import { z } from 'zod';
import { meanTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { correctedBy, correctedRange } from '../weights.js';

/** mean(qe + w (r - q)). */
export const doublyRobust: OffPolicyEstimator<Record<string, never>> = {
  key: 'dr',
  title: 'Doubly robust',
  summary:
    'The reward model, corrected by the weighted errors that it made on the log. Right when either the propensities or the model are, and steadier than IPS.',
  reference: 'Dudik, Langford and Li (2011), Doubly robust policy evaluation and learning',
  params: defineParams(z.object({})),
  estimate: (evidence) => {
    const model = evidence.model();
    return meanTerms(correctedBy(evidence, model, evidence.weight), {
      range: (bounds) => correctedRange(model, bounds, bounds.largestWeight),
    });
  },
};
