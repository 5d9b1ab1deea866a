import { z } from 'zod';
import { textField } from '../http/fields.js';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const share = z.number().gt(0).max(1);

export const stepSchema = z.strictObject({
  traffic: share.describe("Share of the experiment's units that take part from then on"),
  at: time.nullable().default(null).describe('Not before this moment'),
  afterMinutes: z
    .number()
    .min(0)
    .max(525_600)
    .default(0)
    .describe('Not before so many minutes after the step before it; for the first, after the start'),
  needs: z
    .enum(['time', 'guardrails'])
    .default('time')
    .describe('guardrails: also not before a later report says that guardrails and split are fine'),
});

export const goalFields = {
  units: z.int().min(1).max(2_000_000_000).nullable(),
  halfWidth: z.number().gt(0).max(10).nullable(),
};
export const atEndField = z.enum(['stop', 'pause']);
export const MOST_STEPS = 20;

/** PATCH of a schedule: a field left out stays as it is; null takes it away. */
export const patchScheduleSchema = z
  .strictObject({
    startAt: time.nullable(),
    endAt: time.nullable(),
    atEnd: atEndField,
    ramp: z.array(stepSchema).max(MOST_STEPS),
    stopWhen: z.strictObject(goalFields).partial(),
    reason: textField(2000),
  })
  .partial();
export type PatchSchedule = z.output<typeof patchScheduleSchema>;
