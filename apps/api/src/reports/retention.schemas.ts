import { z } from 'zod';
import { estimatorRegistry } from '#metrics';
import { NAME_PATTERN, keyField } from '../http/fields.js';

const asOf = z.iso
  .datetime({ offset: true })
  .or(z.iso.date())
  .transform((text) => new Date(text))
  .refine((at) => at.getTime() <= Date.now(), 'must not lie in the future')
  .optional();

const alpha = z.coerce.number().gt(0).lt(1).default(0.05);

export const retentionQuerySchema = z.strictObject({
  kind: z.enum(['day', 'rolling', 'window']).default('day'),
  asOf: asOf.describe('Only what was known by then: days that were over, exposures until then'),
  estimator: z.enum(estimatorRegistry.list().map(({ key }) => key) as [string, ...string[]]).optional(),
  baseline: keyField.optional(),
  alpha,
});
export type RetentionQuery = z.output<typeof retentionQuerySchema>;

export const survivalQuerySchema = z.strictObject({
  event: z
    .string()
    .regex(new RegExp(NAME_PATTERN), `must be the name of an outcome: ${NAME_PATTERN}`)
    .default('cancel')
    .describe('Name of any outcome'),
  asOf: asOf.describe('Units without the event are censored on their last whole day before'),
  baseline: keyField.optional(),
  alpha,
  tau: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .optional()
    .describe('Days of the restricted means; absent: the most that every arm supports'),
});
export type SurvivalQuery = z.output<typeof survivalQuerySchema>;

export const forecastQuerySchema = z.strictObject({
  day: z.coerce
    .number()
    .int()
    .min(8)
    .max(62)
    .default(28)
    .describe('Forecast is the share of units active on this day after first exposure'),
  baseline: keyField.optional(),
  alpha,
});
export type ForecastQuery = z.output<typeof forecastQuerySchema>;
