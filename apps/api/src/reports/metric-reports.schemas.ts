import { z } from 'zod';
import { textField } from '../http/fields.js';
import { reportQuerySchema } from './report.schemas.js';
import { metricQuerySchema } from './unit-reports.schemas.js';

const compared = reportQuerySchema.pick({
  estimator: true,
  baseline: true,
  alpha: true,
  spending: true,
  looks: true,
  plannedUnits: true,
  priorLiftSd: true,
});

export const adjustmentsQuerySchema = metricQuerySchema.extend({
  ...compared.shape,
  stratifyBy: textField(200)
    .optional()
    .describe('Attribute of the first exposure’s context; default: the one that most units have'),
  errors: z
    .enum(['hc2', 'hc3'])
    .default('hc2')
    .describe('Heteroscedasticity-consistent standard errors of the regression'),
});
export type AdjustmentsQueryBody = z.output<typeof adjustmentsQuerySchema>;

export const cappingQuerySchema = metricQuerySchema.extend({
  ...compared.shape,
  adjust: reportQuerySchema.shape.adjust,
});
export type CappingQueryBody = z.output<typeof cappingQuerySchema>;

const pseudo = z.coerce.number().min(0).max(1e9).default(1);

export const bayesianQuerySchema = metricQuerySchema.extend({
  baseline: reportQuerySchema.shape.baseline,
  alpha: reportQuerySchema.shape.alpha,
  priorA: pseudo.describe('Pseudo-successes (shares) or pseudo-events (counts) of the prior; default 1'),
  priorB: pseudo.describe('Pseudo-failures (shares) or pseudo-units (counts) of the prior; default 1'),
  equivalence: z.coerce
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe(
      'Relative half-width of the region of practical equivalence; default: the metric’s minimum lift, or 0.01',
    ),
});
export type BayesianQueryBody = z.output<typeof bayesianQuerySchema>;
