import { z } from 'zod';
import { cascadeFields, cascadePolicy } from './cascade-state.js';
import { indexSlots } from './cascade-index.js';
import { slatePlanAhead } from './cascade-ucb.js';
import { klUcbIndex } from './indices.js';

/** Cascade KL-UCB: members look from the top and stop at their first click. */
export const cascadeKlUcb = cascadePolicy({
  key: 'cascade-kl-ucb',
  title: 'Cascade KL-UCB',
  summary: 'Cascade UCB with the tighter bounds of KL-UCB.',
  reference: 'Kveton, Szepesvari, Wen, Ashkan (2015), Cascading bandits',
  schema: z.object({ planAhead: slatePlanAhead, ...cascadeFields }),
  filler: (evidence, params) =>
    indexSlots(evidence, params, (mean, n, logTime) => klUcbIndex(mean, n, logTime)),
});
