import type { SlateEstimator } from './contract.js';
import { bySlot, plainTerms } from './variants.js';

/** mean(sum_k w_k r_k). */
export const independentIps: SlateEstimator = {
  key: 'iips',
  title: 'Independent IPS',
  summary:
    'Weights each slot by the probability of its item there. Steady; wrong where slots influence each other.',
  reference:
    'Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay and Wen (2018), Offline evaluation of ranking policies with click models',
  needs: 'slotWeight',
  estimate: (rows) => (rows.slotWeight ? plainTerms(bySlot(rows, rows.slotWeight)) : null),
};
