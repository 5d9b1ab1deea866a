import type { SlateEstimator } from './contract.js';
import { normalisedTerms, wholeSlate } from './variants.js';

/** sum(w R) / sum(w). */
export const slateIpsNormalised: SlateEstimator = {
  key: 'slate-ips-sn',
  title: 'Self-normalised slate IPS',
  summary: 'Slate IPS divided by the mean weight.',
  reference: 'Swaminathan et al. (2017), Off-policy evaluation for slate recommendation',
  estimate: (rows) => normalisedTerms(wholeSlate(rows)),
};
