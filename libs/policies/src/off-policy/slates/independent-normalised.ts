import type { SlateEstimator } from './contract.js';
import { bySlot, normalisedTerms } from './variants.js';

/** sum_k mean(w_k r_k) / mean(w_k). */
export const independentNormalised: SlateEstimator = {
  key: 'iips-sn',
  title: 'Self-normalised independent IPS',
  summary: 'Independent IPS with each slot divided by its mean weight.',
  reference:
    'Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay and Wen (2018), Offline evaluation of ranking policies with click models',
  needs: 'slotWeight',
  estimate: (rows) => (rows.slotWeight ? normalisedTerms(bySlot(rows, rows.slotWeight)) : null),
};
