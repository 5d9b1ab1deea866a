import { z } from 'zod';
import { cascadeFields, cascadePolicy } from './cascade-state.js';
import { indexSlots } from './cascade-index.js';
import { indexFields } from './index-play.js';
import { ucb1Index } from './indices.js';
import { confidenceField } from './ucb1.js';

/** Planned decisions cost one pass over the candidates each, in every slot. */
export const slatePlanAhead = indexFields.planAhead.default(20);

/** Cascade UCB1: members look from the top and stop at their first click. */
export const cascadeUcb = cascadePolicy({
  key: 'cascade-ucb',
  title: 'Cascade UCB',
  summary:
    'Orders a slate by UCB1 and learns from the items down to the first one that was chosen; what stands below it was not looked at.',
  reference: 'Kveton, Szepesvari, Wen, Ashkan (2015), Cascading bandits',
  schema: z.object({ confidence: confidenceField, planAhead: slatePlanAhead, ...cascadeFields }),
  filler: (evidence, params) =>
    indexSlots(evidence, params, (mean, n, logTime) => ucb1Index(mean, n, logTime, params.confidence)),
});
