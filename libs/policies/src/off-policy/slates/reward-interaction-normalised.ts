import type { SlateEstimator } from './contract.js';
import { bySlot, normalisedTerms } from './variants.js';

/** sum_k mean(w_{1:k} r_k) / mean(w_{1:k}). */
export const rewardInteractionNormalised: SlateEstimator = {
  key: 'rips-sn',
  title: 'Self-normalised reward-interaction IPS',
  summary: 'Reward-interaction IPS with each slot divided by its mean weight.',
  reference:
    'McInerney, Brost, Chandar, Mehrotra and Carterette (2020), Counterfactual evaluation of slate recommendations with sequential reward interactions',
  estimate: (rows) => normalisedTerms(bySlot(rows, rows.prefixWeight)),
};
