import { z } from 'zod';
import { textField } from '../http/fields.js';

const exposure = z.strictObject({
  decisionId: textField(26).regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'must be the id of a decision'),
  at: z.iso.datetime({ offset: true }).optional().describe('When it was seen; absent: now.'),
  shown: z
    .enum(['arm', 'default'])
    .optional()
    .describe(
      'default: the client showed its own default in place of the decision, e.g. after its time-out; no exposure',
    ),
});

/** One exposure, or up to a thousand. */
export const exposuresBody = z.union([
  exposure,
  z.strictObject({ exposures: z.array(exposure).min(1).max(1000) }),
]);
export type ExposuresBody = z.output<typeof exposuresBody>;
