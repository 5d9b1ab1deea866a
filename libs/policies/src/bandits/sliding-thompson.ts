import { z } from 'zod';
import { betaBeliefs, betaPriorFields, playThompsonBeta } from './beta-posterior.js';
import { countedPolicy, unitReward } from './counted-policy.js';
import { perSubjectField } from './counting-params.js';
import { windowDaysField, windowMemory } from './windowed-counts.js';

/** Thompson sampling for rewards in [0, 1] on the decisions of the last days. */
export const slidingThompson = countedPolicy({
  key: 'sliding-thompson',
  title: 'Thompson sampling (sliding window)',
  summary:
    'Thompson sampling that looks at the last days alone, so that it follows tastes that change. For yes-or-no rewards.',
  reference: 'Trovo, Paladino, Restelli, Gatti (2020), Sliding-window Thompson sampling',
  schema: z.object({ windowDays: windowDaysField, ...betaPriorFields, perSubject: perSubjectField }),
  memory: windowMemory,
  valueOf: unitReward,
  leastReward: 0,
  play: playThompsonBeta,
  beliefs: betaBeliefs,
});
