import type { SlateEstimator } from './contract.js';
import { plainTerms, wholeSlate } from './variants.js';

/** mean(w sum_k r_k). */
export const slateIps: SlateEstimator = {
  key: 'slate-ips',
  title: 'Slate IPS',
  summary:
    'Weights the reward of the whole slate by the probability of the whole slate. Assumes nothing; its variance grows with every slot.',
  reference: 'Swaminathan et al. (2017), Off-policy evaluation for slate recommendation',
  estimate: (rows) => plainTerms(wholeSlate(rows)),
};
