import { z } from 'zod';
import { betaPosterior, betaPriorFields } from './beta-posterior.js';
import { cascadeFields, cascadePolicy } from './cascade-state.js';
import { rankingSlots } from './slate-thompson.js';

/** Cascade Thompson sampling: members look from the top and stop at their first click. */
export const cascadeThompson = cascadePolicy({
  key: 'cascade-thompson',
  title: 'Cascade Thompson sampling',
  summary:
    'Fills each place of a slate as often as an item is likely to be the best of those left, and learns from the items down to the first one that was chosen.',
  reference: 'Zhong, Cheung, Tan (2021), Thompson sampling algorithms for cascading bandits',
  schema: z.object({ ...cascadeFields, epsilon: cascadeFields.epsilon.default(0.01), ...betaPriorFields }),
  filler: (evidence, params) => rankingSlots(betaPosterior(evidence, params), params.epsilon),
});
