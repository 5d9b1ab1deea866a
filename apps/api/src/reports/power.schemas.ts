import { z } from 'zod';
import { estimatorRegistry } from '#metrics';
import { keyField } from '../http/fields.js';

const positive = z.number().gt(0).refine(Number.isFinite, 'must be a finite number');

export const powerSchema = z.strictObject({
  metric: keyField,
  /** Where the experiment will run; its traffic and its past experiments are the history. */
  surface: keyField.optional(),
  /** Take baseline and variance from this experiment instead of the newest one on the surface. */
  experiment: keyField.optional(),
  /** What to plan with where there is no history, or instead of it. */
  guess: z
    .strictObject({
      mean: z
        .number()
        .refine((value) => Number.isFinite(value) && value !== 0, 'must be a number other than 0'),
      /** Of one unit; shares need none. */
      standardDeviation: positive.optional(),
      /** Distinct new units a day that take part, at full traffic. */
      unitsPerDay: positive.optional(),
    })
    .optional(),
  /** Relative lift to find. */
  minimumLift: z.number().gt(0).max(100).default(0.05),
  alpha: z.number().gt(0).lt(1).default(0.05),
  power: z.number().gt(0.05).lt(1).default(0.8),
  arms: z
    .array(
      z.strictObject({ key: keyField, weight: positive.max(1e9), isControl: z.boolean().default(false) }),
    )
    .min(2)
    .max(20),
  estimator: z.enum(estimatorRegistry.list().map(({ key }) => key) as [string, ...string[]]).optional(),
  /** Group sequential: evenly spaced looks. */
  looks: z.number().int().min(1).max(20).optional(),
  spending: z.enum(['obrien_fleming', 'pocock']).default('obrien_fleming'),
  /** Correlation with the pre-period covariate; absent: from history. */
  covariateCorrelation: z.number().min(0).lt(1).optional(),
  cluster: z
    .strictObject({ size: z.number().min(1).max(1e6), correlation: z.number().min(0).max(1) })
    .optional(),
  traffic: z.number().gt(0).max(1).default(1),
  ramp: z.strictObject({ share: z.number().gt(0).max(1), days: z.number().int().min(1).max(90) }).optional(),
  /** Reverse mode: what can be found within this many days. */
  days: z.number().int().min(1).max(365).optional(),
});
export type PowerBody = z.output<typeof powerSchema>;
