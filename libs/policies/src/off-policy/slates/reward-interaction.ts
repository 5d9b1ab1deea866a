import type { SlateEstimator } from './contract.js';
import { bySlot, plainTerms } from './variants.js';

/** mean(sum_k w_{1:k} r_k). */
export const rewardInteraction: SlateEstimator = {
  key: 'rips',
  title: 'Reward-interaction IPS',
  summary:
    'Weights each slot by the probability of everything down to it. Right when members look from the top.',
  reference:
    'McInerney, Brost, Chandar, Mehrotra and Carterette (2020), Counterfactual evaluation of slate recommendations with sequential reward interactions',
  estimate: (rows) => plainTerms(bySlot(rows, rows.prefixWeight)),
};
