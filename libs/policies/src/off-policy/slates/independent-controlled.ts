import type { SlateEstimator } from './contract.js';
import { bySlot, controlledTerms } from './variants.js';

/** mean(sum_k w_k r_k) - sum_k b_k (mean(w_k) - 1). */
export const independentControlled: SlateEstimator = {
  key: 'iips-cv',
  title: 'Independent IPS with control variates',
  summary: 'Independent IPS without the part of its noise that the mean weights of the slots give away.',
  reference: 'Owen (2013), Monte Carlo theory, methods and examples, section 8.9',
  needs: 'slotWeight',
  estimate: (rows) => (rows.slotWeight ? controlledTerms(bySlot(rows, rows.slotWeight)) : null),
};
