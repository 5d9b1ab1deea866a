import { z } from 'zod';
import { textField } from '../http/fields.js';
import { DEFAULT_MEMORY_MB } from './fit.js';

/** Whether the runtime knows an IANA time zone by this name. */
function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** How a policy that learns in training runs is trained. */
export const trainingSettingsSchema = z.strictObject({
  schedule: z
    .strictObject({
      at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 03:30'),
      timeZone: textField(64)
        .default('UTC')
        .refine(isTimeZone, 'must be an IANA time zone such as Europe/Paris'),
    })
    .nullable()
    .default(null)
    .describe('Every night at this time; null: only when somebody asks.'),
  promote: z.enum(['auto', 'manual']).default('auto').describe('Of scheduled runs, as of any other.'),
  fromScratchEvery: z
    .int()
    .min(1)
    .max(365)
    .default(7)
    .describe(
      'Every so many scheduled runs one begins from nothing, the others with the weights that serve; 1: each.',
    ),
  memoryMb: z
    .int()
    .min(128)
    .max(1_000_000)
    .default(DEFAULT_MEMORY_MB)
    .describe('A run whose process takes more fails; what serves goes on serving.'),
});
export type TrainingSettings = z.output<typeof trainingSettingsSchema>;
