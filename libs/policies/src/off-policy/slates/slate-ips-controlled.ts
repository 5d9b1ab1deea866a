import type { SlateEstimator } from './contract.js';
import { controlledTerms, wholeSlate } from './variants.js';

/** mean(w R) - b (mean(w) - 1). */
export const slateIpsControlled: SlateEstimator = {
  key: 'slate-ips-cv',
  title: 'Slate IPS with a control variate',
  summary: 'Slate IPS without the part of its noise that the mean weight gives away.',
  reference: 'Owen (2013), Monte Carlo theory, methods and examples, section 8.9',
  estimate: (rows) => controlledTerms(wholeSlate(rows)),
};
