import { z } from 'zod';
import { keyField } from '../http/fields.js';

const moment = z.iso
  .datetime({ offset: true })
  .or(z.iso.date())
  .transform((text) => new Date(text));

export const portfolioQuerySchema = z.strictObject({
  metric: keyField.optional().describe('Only experiments that this metric decides'),
  from: moment.optional().describe('Only experiments that ended at or after this time'),
  to: moment.optional().describe('Only experiments that ended before this time'),
  running: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false)
    .describe('Also experiments that still run, as if they ended now'),
});
export type PortfolioQuery = z.output<typeof portfolioQuerySchema>;

export const holdoutQuerySchema = z.strictObject({
  metric: keyField.describe('Key of the metric to compare by'),
  days: z.coerce.number().int().min(1).max(90).default(28).describe('Days up to now that count'),
});
export type HoldoutQuery = z.output<typeof holdoutQuerySchema>;
