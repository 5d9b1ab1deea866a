import type { SlateEstimator } from './contract.js';
import { bySlot, controlledTerms } from './variants.js';

/** mean(sum_k w_{1:k} r_k) - sum_k b_k (mean(w_{1:k}) - 1). */
export const rewardInteractionControlled: SlateEstimator = {
  key: 'rips-cv',
  title: 'Reward-interaction IPS with control variates',
  summary: 'Reward-interaction IPS without the part of its noise that the mean weights give away.',
  reference: 'Owen (2013), Monte Carlo theory, methods and examples, section 8.9',
  estimate: (rows) => controlledTerms(bySlot(rows, rows.prefixWeight)),
};
