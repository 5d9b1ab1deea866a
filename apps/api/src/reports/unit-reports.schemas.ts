import { z } from 'zod';
import { keyField } from '../http/fields.js';
import { reportQuerySchema } from './report.schemas.js';

export const scanQuerySchema = reportQuerySchema.pick({
  estimator: true,
  baseline: true,
  alpha: true,
  adjust: true,
  looks: true,
  plannedUnits: true,
  spending: true,
  priorLiftSd: true,
});
export type ScanQueryBody = z.output<typeof scanQuerySchema>;

export const metricQuerySchema = z.strictObject({
  metric: keyField.optional().describe('One of the experiment’s metrics; default: the decision metric'),
});
export type MetricQueryBody = z.output<typeof metricQuerySchema>;

export const noveltyQuerySchema = metricQuerySchema.extend({
  days: z.coerce
    .number()
    .int()
    .min(4)
    .max(56)
    .optional()
    .describe(
      'Days since first exposure; default: the longest of 28, 21, 14 and 7 that half of the units have behind them',
    ),
});
export type NoveltyQueryBody = z.output<typeof noveltyQuerySchema>;
