import { meanTerms } from '../contract.js';
import { slateRewards } from './contract.js';
import type { SlateEstimator } from './contract.js';

/** mean(R q_e' pinv(E_b[1 1']) 1_s). */
export const pseudoInverse: SlateEstimator = {
  key: 'pseudo-inverse',
  title: 'Pseudo-inverse',
  summary:
    'Needs only the reward of the whole slate. Right when that is a sum of what each item gives at its slot.',
  reference: 'Swaminathan et al. (2017), Off-policy evaluation for slate recommendation',
  needs: 'pseudoWeight',
  estimate: (rows) => {
    const { pseudoWeight } = rows;
    if (!pseudoWeight) return null;
    return meanTerms(slateRewards(rows).map((r, i) => r * (pseudoWeight[i] as number)));
  },
};
