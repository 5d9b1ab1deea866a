import { z } from 'zod';
import { textField } from '../http/fields.js';

/** POST /v1/experiments/:key/rerandomise. */
export const rerandomiseSchema = z.strictObject({
  reason: textField(2000).min(1).describe('Why the units are dealt anew; in the log of audits'),
});
export type RerandomiseBody = z.output<typeof rerandomiseSchema>;
