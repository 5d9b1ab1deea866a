import { z } from 'zod';

/**
 * The parts of GrowthBook's REST API (`/api/v1`, lists of features, experiments, metrics, segments, saved groups and
 * namespaces) that are read. Everything else is passed over.
 */
const text = z.string().default('');
const groups = z
  .array(
    z.object({ matchType: z.enum(['all', 'any', 'none']).default('all'), savedGroups: z.array(z.string()) }),
  )
  .default([]);
const range = z.array(z.coerce.number()).length(2);

const namespace = z.looseObject({
  namespaceId: text,
  range: range.optional(),
  ranges: z.array(range).optional(),
  hashAttribute: z.string().optional(),
  hashVersion: z.number().optional(),
});
export type ExportedPhaseNamespace = z.output<typeof namespace>;

const phase = z.object({
  seed: text,
  coverage: z.number().default(1),
  trafficSplit: z.array(z.object({ variationId: z.string(), weight: z.number() })).default([]),
  namespace: namespace.optional(),
  targetingCondition: text,
  savedGroupTargeting: groups,
  prerequisites: z.array(z.unknown()).default([]),
});

const goal = z.object({ metricId: z.string() });

export const exportedExperiment = z.object({
  id: z.string(),
  trackingKey: text,
  name: text,
  type: z.string().default('standard'),
  hypothesis: text,
  description: text,
  tags: z.array(z.string()).default([]),
  owner: text,
  archived: z.boolean().default(false),
  status: z.string().default('draft'),
  hashAttribute: z.string().default('id'),
  fallbackAttribute: text,
  hashVersion: z.number().default(1),
  bucketVersion: z.number().default(0),
  holdoutId: text,
  variations: z.array(z.object({ variationId: text, key: text, name: text })).default([]),
  phases: z.array(phase).default([]),
  settings: z
    .object({
      experimentId: text,
      goals: z.array(goal).default([]),
      secondaryMetrics: z.array(goal).default([]),
      guardrails: z.array(goal).default([]),
    })
    .prefault({}),
});
export type ExportedExperiment = z.output<typeof exportedExperiment>;
export type ExportedPhase = z.output<typeof phase>;

const rule = z.object({
  id: text,
  type: text,
  enabled: z.boolean().default(true),
  condition: text,
  savedGroupTargeting: groups,
  coverage: z.number().optional(),
  prerequisites: z.array(z.unknown()).default([]),
  scheduleRules: z.array(z.unknown()).nullish(),
  experimentId: text,
  trackingKey: text,
  variations: z.array(z.object({ variationId: text, value: text })).default([]),
});
export type ExportedRule = z.output<typeof rule>;

const environment = z.object({
  enabled: z.boolean().default(true),
  defaultValue: z.string().optional(),
  rules: z.array(rule).default([]),
});

export const exportedFeature = z.object({
  id: z.string(),
  archived: z.boolean().default(false),
  description: text,
  valueType: z.string().default('string'),
  defaultValue: text,
  environments: z.record(z.string(), environment).default({}),
  prerequisites: z.array(z.unknown()).default([]),
  holdout: z.object({ id: text }).nullish(),
});
export type ExportedFeature = z.output<typeof exportedFeature>;

export const exportedMetric = z.object({
  id: z.string(),
  name: text,
  description: text,
  type: text,
  archived: z.boolean().default(false),
  behavior: z.object({ goal: z.string().default('increase') }).prefault({}),
  mixpanel: z
    .object({ eventName: text, conditions: z.array(z.unknown()).default([]), userAggregation: text })
    .optional(),
});
export type ExportedMetric = z.output<typeof exportedMetric>;

export const exportedGroup = z.object({
  id: z.string(),
  name: text,
  type: z.string().optional(),
  condition: text,
  attributeKey: text,
  values: z.array(z.union([z.string(), z.number()])).default([]),
});
export type ExportedGroup = z.output<typeof exportedGroup>;

export const exportedNamespace = z.object({
  id: z.string().optional(),
  name: text,
  label: text,
  format: z.string().optional(),
  seed: z.string().optional(),
  hashAttribute: z.string().optional(),
});
export type ExportedNamespace = z.output<typeof exportedNamespace>;

export const exportedSegment = z.object({ id: z.string(), name: text });
