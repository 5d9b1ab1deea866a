import { z } from 'zod';
import type { MetricDefinition } from '#metrics';
import { keyField, textField } from '../http/fields.js';

const scalar = z.union([textField(200), z.number(), z.boolean()]);

const fieldName = textField(120).regex(
  /^(value|position|itemId|actionId|hour|device|(property|context):.{1,100})$/,
  'must be value, position, itemId, actionId, hour, device, property:NAME or context:NAME',
);

const conditionSchema = z.strictObject({
  field: fieldName,
  op: z.enum(['eq', 'ne', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte', 'exists', 'notExists']),
  value: z.union([scalar, z.array(z.union([textField(200), z.number()])).max(200)]).optional(),
});

const selectionFields = {
  events: z.array(textField(100).min(1)).max(50),
  where: z.array(conditionSchema).max(20).optional(),
};

const measureSchema = z.strictObject({
  ...selectionFields,
  fold: z.enum(['count', 'sum', 'any', 'distinct-days', 'exposures', 'first']),
  field: textField(120)
    .regex(/^(value|property:.{1,100})$/, 'must be value or property:NAME')
    .optional(),
  scope: z.enum(['decision', 'unit']),
  days: z.tuple([z.int(), z.int()]).optional(),
  withinHours: z.number().optional(),
  scale: z.number().optional(),
});

const definitionFields = {
  key: keyField,
  title: textField(200),
  description: textField(1000),
  measuredIn: z.enum(['share', 'minutes', 'count', 'per-week', 'days', 'number']),
  betterWhen: z.enum(['higher', 'lower']),
  family: z.enum(['engagement', 'retention', 'guardrail']),
  kind: z.enum([
    'count',
    'sum',
    'mean',
    'proportion',
    'ratio',
    'quantile',
    'retention',
    'time-to-event',
    'funnel',
  ]),
  numerator: measureSchema,
  denominator: measureSchema.optional(),
  quantile: z.number().optional(),
  after: z.array(z.strictObject(selectionFields)).max(10).optional(),
  retention: z.enum(['day', 'rolling', 'window']).optional(),
  cap: z.union([z.strictObject({ atMost: z.number() }), z.strictObject({ quantile: z.number() })]).optional(),
  maturityDays: z.int().default(0),
  covariateDays: z.int().optional(),
  minimumLift: z.number().optional(),
  guardrailMargin: z.number().optional(),
};

/** POST /v1/metrics. What the fields have to be together is said by `metricFaults`. */
export const createMetricSchema = z.strictObject(definitionFields);
export type CreateMetric = z.output<typeof createMetricSchema>;

/** PUT /v1/metrics/:key. */
export const changeMetricSchema = z.strictObject({
  ...definitionFields,
  version: z.int().min(1).describe('The version that was read and is changed'),
});
export type ChangeMetric = z.output<typeof changeMetricSchema>;

export const listMetricsSchema = z.strictObject({
  archived: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false)
    .describe('true: archived ones too'),
});
export type ListMetrics = z.output<typeof listMetricsSchema>;

/** The definition alone, without what is not set. */
export function definitionOf({
  version: _version,
  ...body
}: CreateMetric & { version?: number }): MetricDefinition {
  return JSON.parse(JSON.stringify(body)) as MetricDefinition;
}
