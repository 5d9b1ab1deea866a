import { z } from 'zod';
import { NAME_PATTERN, keyField } from '../http/fields.js';

const time = z.iso
  .datetime({ offset: true })
  .or(z.iso.date())
  .transform((text) => new Date(text))
  .optional();

export const eventRatesQuerySchema = z.strictObject({
  event: z
    .string()
    .regex(new RegExp(NAME_PATTERN), `must be the name of an outcome: ${NAME_PATTERN}`)
    .optional()
    .describe('An outcome that happened; default: an error-like one or cancel, else that of the most units'),
  from: time.describe(
    'Shows the path from this hour or day on; it counts from the first exposure all the same',
  ),
  to: time.describe('Shows the path until this hour or day'),
  baseline: keyField.optional(),
  alpha: z.coerce.number().gt(0).lt(1).default(0.05),
});
export type EventRatesQuery = z.output<typeof eventRatesQuerySchema>;
