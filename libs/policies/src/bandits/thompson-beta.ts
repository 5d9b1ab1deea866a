import { z } from 'zod';
import { betaBeliefs, betaPriorFields, playThompsonBeta } from './beta-posterior.js';
import { countedPolicy, fadingMemory, unitReward } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField } from './counting-params.js';

/**
 * Thompson sampling for rewards in [0, 1]: each action is played with the probability that its mean is the largest
 * under independent Beta posteriors. A fractional reward counts as that much of a success; rewards outside [0, 1]
 * are clipped. Without context, so within a snapshot the distribution of a candidate list is computed once.
 */
export const thompsonBeta = countedPolicy({
  key: 'thompson-beta',
  title: 'Thompson sampling (Beta)',
  summary:
    'Plays each action as often as it is likely to be the best one. For yes-or-no rewards, without context.',
  reference: 'Thompson (1933); Chapelle and Li (2011), An empirical evaluation of Thompson sampling',
  schema: z.object({
    ...betaPriorFields,
    halfLifeDays: halfLifeDaysField.default(null),
    perSubject: perSubjectField,
  }),
  memory: fadingMemory,
  valueOf: unitReward,
  leastReward: 0,
  play: playThompsonBeta,
  beliefs: betaBeliefs,
});
