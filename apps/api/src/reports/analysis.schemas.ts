import { z } from 'zod';
import { estimatorRegistry } from '#metrics';
import { idField, keyField } from '../http/fields.js';
import { analysisSettings } from './report-settings.js';

const finite = z.number().refine(Number.isFinite, 'must be a finite number');
const moments = z.strictObject({
  n: z
    .number()
    .int()
    .min(0)
    .max(2 ** 53),
  mean: z.tuple([finite, finite, finite]),
  comoment: z.tuple([finite, finite, finite, finite, finite, finite]),
  nonZero: z.number().int().min(0).optional(),
});

export const analysisSchema = z
  .strictObject({
    alpha: z.number().gt(0).lt(1).default(0.05),
    estimator: z.enum(estimatorRegistry.list().map(({ key }) => key) as [string, ...string[]]).optional(),
    adjust: z.boolean().default(true),
    ...analysisSettings,
    arms: z
      .array(
        z.strictObject({
          key: keyField,
          isControl: z.boolean().default(false),
          weight: z.number().min(0).default(1),
        }),
      )
      .min(2)
      .max(20),
    metrics: z
      .array(
        z.strictObject({
          key: keyField,
          kind: z.enum(['mean', 'proportion', 'ratio']),
          betterWhen: z.enum(['higher', 'lower']).default('higher'),
          role: z.enum(['decision', 'secondary', 'guardrail']).default('secondary'),
        }),
      )
      .min(1)
      .max(100),
    rows: z
      .array(
        z.strictObject({
          unit: idField,
          arm: keyField,
          values: z.record(keyField, z.union([finite, z.strictObject({ num: finite, den: finite })])),
          covariates: z.record(keyField, finite).optional(),
        }),
      )
      .max(200_000)
      .optional(),
    statistics: z
      .array(z.strictObject({ arm: keyField, metric: keyField, moments }))
      .max(5000)
      .optional(),
  })
  .refine((body) => (body.rows === undefined) !== (body.statistics === undefined), {
    message: 'give either rows or statistics',
    path: ['rows'],
  });

export type AnalysisBody = z.output<typeof analysisSchema>;
