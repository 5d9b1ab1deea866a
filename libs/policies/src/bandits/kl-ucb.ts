import { z } from 'zod';
import { countedPolicy, fadingMemory, unitReward } from './counted-policy.js';
import { indexFields, playIndex } from './index-play.js';
import { klUcbIndex } from './indices.js';

/** KL-UCB for rewards in [0, 1], under a uniform part and planned over a batch. */
export const klUcb = countedPolicy({
  key: 'kl-ucb',
  title: 'KL-UCB',
  summary:
    'As UCB1, with a bound that knows that a rate lies between 0 and 1: much tighter where rates are low. Rewards are cut to [0, 1].',
  reference: 'Garivier and Cappe (2011), The KL-UCB algorithm for bounded stochastic bandits and beyond',
  schema: z.object(indexFields),
  memory: fadingMemory,
  valueOf: unitReward,
  leastReward: 0,
  play: (evidence, params) => playIndex(evidence, params, (mean, n, logTime) => klUcbIndex(mean, n, logTime)),
});
