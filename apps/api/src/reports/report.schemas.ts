import { z } from 'zod';
import { estimatorRegistry } from '#metrics';
import { keyField, textField } from '../http/fields.js';
import { reportSettings } from './report-settings.js';

const estimator = z.enum(estimatorRegistry.list().map(({ key }) => key) as [string, ...string[]]);

const segment = textField(200)
  .regex(/^[^:]+:.+$/, 'must be attribute:value')
  .transform((text) => ({
    attribute: text.slice(0, text.indexOf(':')),
    value: text.slice(text.indexOf(':') + 1),
  }));

export const reportQuerySchema = z.strictObject({
  asOf: z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .transform((text) => new Date(text))
    .optional()
    .describe('A past day gives the report as it stood at its end'),
  segment: segment.optional().describe("attribute:value of the first exposure's context"),
  maturity: z.coerce
    .number()
    .int()
    .min(0)
    .max(365)
    .optional()
    .describe('Only units that entered at least so many days ago'),
  exclusions: z
    .enum(['on', 'off'])
    .optional()
    .describe('off: with the units that the rules about faulty assignment leave out'),
  estimator: estimator.optional(),
  baseline: keyField.optional(),
  alpha: z.coerce.number().gt(0).lt(1).optional(),
  adjust: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  ...reportSettings,
});
export type ReportQueryBody = z.output<typeof reportQuerySchema>;

export const seriesQuerySchema = z.strictObject({
  metric: keyField.optional(),
  estimator: estimator.optional(),
  baseline: keyField.optional(),
  alpha: z.coerce.number().gt(0).lt(1).optional(),
  ...reportSettings,
});
export type SeriesQueryBody = z.output<typeof seriesQuerySchema>;
