import { defineParams } from '#experiments';
import { z } from 'zod';
import { column, meanTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { correctedBy, correctedRange } from '../weights.js';

/** Doubly robust whose model is fitted with weights pi(a|x) (1 - p) / p^2, scaled to mean 1. */
export const moreRobustDr: OffPolicyEstimator<Record<string, never>> = {
  key: 'mrdr',
  title: 'More robust doubly robust',
  summary:
    'Doubly robust with a reward model that is fitted to make the variance of the estimate small, not its own error.',
  reference: 'Farajtabar, Chow and Ghavamzadeh (2018), More robust doubly robust off-policy evaluation',
  params: defineParams(z.object({})),
  estimate: (evidence) => {
    const { propensity } = evidence.rows;
    const raw = column(
      evidence,
      (i) => ((evidence.weight[i] as number) * (1 - (propensity[i] as number))) / (propensity[i] as number),
    );
    const total = raw.reduce((sum, value) => sum + value, 0);
    // A log without randomness, or without any match, gives no weights: then the plain model is as good.
    const model = total > 0 ? evidence.model(raw.map((v) => (v * evidence.n) / total)) : evidence.model();
    return meanTerms(correctedBy(evidence, model, evidence.weight), {
      range: (bounds) => correctedRange(model, bounds, bounds.largestWeight),
    });
  },
};
