import { meanTerms } from '../contract.js';
import type { SlateEstimator } from './contract.js';

/** mean(sum_k [w_{1:k} (r_k - Q_k) + w_{1:k-1} E_pi Q_k]), Q_k the expected reward from slot k on. */
export const cascadeDr: SlateEstimator = {
  key: 'cascade-dr',
  title: 'Cascade doubly robust',
  summary:
    'Reward-interaction IPS with a model of the reward from each slot on, which takes out most of the variance.',
  reference:
    'Kiyohara et al. (2022), Doubly robust off-policy evaluation for ranking policies under the cascade behavior model',
  needs: 'baseline',
  estimate: ({ n, slots, reward, prefixWeight, baseline }) => {
    if (!baseline) return null;
    const terms = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let k = 0; k < slots; k++) {
        const at = i * slots + k;
        const before = k === 0 ? 1 : (prefixWeight[at - 1] as number);
        const error = (reward[at] as number) - (baseline.predicted[at] as number);
        sum += (prefixWeight[at] as number) * error + before * (baseline.expected[at] as number);
      }
      terms[i] = sum;
    }
    return meanTerms(terms);
  },
};
