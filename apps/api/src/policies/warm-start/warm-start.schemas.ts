import { z } from 'zod';
import { idField, keyField } from '../../http/fields.js';

/** Most decisions that one warm start reads. */
const MOST_DECISIONS = 1_000_000;

const sourceSchema = z.union([
  z.strictObject({ policyId: keyField.describe('The policy whose log it is.') }),
  z.strictObject({
    experiment: keyField.describe('Its arms’ log, those with a fixed value too.'),
    arms: z.array(keyField).min(1).max(50).optional().describe('Only these arms; absent: all.'),
  }),
]);

/** POST /v1/policies/:id/warm-starts. */
export const warmStartSchema = z
  .strictObject({
    source: sourceSchema,
    days: z.int().min(1).max(400).default(30),
    from: z.iso.datetime({ offset: true }).optional().describe('With `to` in place of `days`.'),
    to: z.iso.datetime({ offset: true }).optional(),
    subject: idField.optional().describe('Only decisions about this.'),
    surface: keyField
      .optional()
      .describe(
        'Only decisions of this surface; default: that of the experiments that name the policy, or the only one.',
      ),
    rows: z
      .int()
      .min(1)
      .max(MOST_DECISIONS)
      .default(100_000)
      .describe('The newest so many decisions of the range, held-out ones included.'),
    holdOut: z
      .strictObject({
        by: z
          .enum(['time', 'unit'])
          .default('time')
          .describe('time: the newest decisions are left; unit: all of a random share of the units.'),
        share: z.number().min(0).max(0.95).default(0.5).describe('Share of the log that is left.'),
      })
      .default({ by: 'time', share: 0.5 })
      .describe('What is not learned from, so that the off-policy gate can judge what was learned on it.'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ['to'],
    message: 'must be after from',
  });
export type WarmStartBody = z.output<typeof warmStartSchema>;
