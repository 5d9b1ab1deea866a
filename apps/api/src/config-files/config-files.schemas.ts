import { z } from 'zod';
import { MANAGED_KINDS } from '../access/managed.js';
import { createUnitTypeSchema, createSegmentSchema } from '../audiences/audience.schemas.js';
import { keyField, textField } from '../http/fields.js';
import { createHoldoutSchema, createLayerSchema } from '../layers/layer.schemas.js';
import { createMetricSchema } from '../metrics/metric.schemas.js';
import { overrideGateField } from '../off-policy/off-policy.schemas.js';
import { surfaceSchema } from '../surfaces/surfaces.controller.js';
import { experimentFileSchema } from './kinds/part-schemas.js';
import { policyFileSchema } from './kinds/policies.js';
import { unitListFileSchema } from './kinds/unit-lists.js';

/** Most things of one kind in one run: it is one transaction, and takes about twenty seconds for so many experiments. */
const MOST = 1000;

/** What a file holds. Fields that are left out have their defaults, not what they were before. */
export const configFileSchema = z
  .strictObject({
    $schema: textField(500).optional().describe('For editors; not looked at.'),
    version: z.literal(1).default(1).describe('Of this format.'),
    unitTypes: z
      .array(createUnitTypeSchema)
      .max(MOST)
      .default([])
      .describe('Kinds of units beyond those that are always there.'),
    layers: z.array(createLayerSchema).max(MOST).default([]).describe('Made once; they never change.'),
    surfaces: z.array(surfaceSchema).max(MOST).default([]),
    metrics: z
      .array(createMetricSchema)
      .max(MOST)
      .default([])
      .describe('Own metrics; a change is a new version.'),
    unitLists: z
      .array(unitListFileSchema)
      .max(MOST)
      .default([])
      .describe('Who is on them, where they are short.'),
    segments: z.array(createSegmentSchema).max(MOST).default([]),
    policies: z.array(policyFileSchema).max(MOST).default([]),
    holdouts: z.array(createHoldoutSchema).max(MOST).default([]),
    experiments: z
      .array(experimentFileSchema)
      .max(MOST)
      .default([])
      .describe(
        'Designs, schedules, guardrail plans and rules. Pausing, stopping by hand and shipping are done by people.',
      ),
  })
  .describe('Configuration of Marquee');
export type ConfigFile = z.output<typeof configFileSchema>;

const repositoryField = textField(500).regex(
  /^https?:\/\/[^\s"'<>]+$/,
  'must be an address that begins with http:// or https://',
);

/** Where files come from. What they hold is locked against changes by hand. */
const sourceSchema = z.strictObject({
  repository: repositoryField.nullable().default(null),
  revision: textField(200).min(1).nullable().default(null).describe('Commit or branch.'),
  files: z
    .record(textField(200), textField(500).min(1))
    .default({})
    .describe('Paths below the repository, by kind and key: {"experiment/hero": "home/hero.yaml"}.'),
});
export type Source = z.output<typeof sourceSchema>;

const planFields = {
  config: configFileSchema,
  source: sourceSchema.nullable().default(null).describe('null: nothing is locked.'),
  existing: z
    .enum(['move', 'keep'])
    .default('move')
    .describe('What becomes of units in an experiment whose allocation changes.'),
  prune: z
    .boolean()
    .default(false)
    .describe(
      'What is managed from the same repository and is not in these files is released. Nothing is deleted.',
    ),
  takeOver: z.boolean().default(false).describe('Also what another repository manages.'),
};

export const planConfigSchema = z.strictObject(planFields);
export type PlanConfig = z.output<typeof planConfigSchema>;

export const applyConfigSchema = z.strictObject({
  ...planFields,
  states: z
    .record(textField(200), textField(100).nullable())
    .describe('`state` of every item of the plan, by kind and key. What has changed since is refused.'),
  overrideGate: overrideGateField.optional(),
});
export type ApplyConfig = z.output<typeof applyConfigSchema>;

export const exportConfigSchema = z.strictObject({
  kinds: z
    .string()
    .max(200)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(MANAGED_KINDS)))
    .optional()
    .describe('Separated by commas; absent: all.'),
});
export type ExportConfig = z.output<typeof exportConfigSchema>;

export const releaseSchema = z.strictObject({
  kind: z.enum(MANAGED_KINDS),
  key: keyField,
  reason: textField(500).min(1),
});
export type ReleaseBody = z.output<typeof releaseSchema>;

export const importGrowthBookSchema = z.strictObject({
  exported: z
    .looseObject({})
    .describe('Answers of GrowthBook’s API in one object: {"features": [...], "experiments": [...], ...}.'),
  environment: textField(100).min(1).default('production'),
  metrics: z
    .record(textField(200), keyField)
    .default({})
    .describe('Metrics here, by their id in GrowthBook.'),
});
export type ImportGrowthBook = z.output<typeof importGrowthBookSchema>;
