import { z } from 'zod';
import { idField, jsonField, keyField, textField } from '../http/fields.js';
import { REWARD_PRESETS } from '../rewards/reward-presets.js';
import { overrideGateField } from '../off-policy/off-policy.schemas.js';
import { rewardSchema } from './reward.js';
import { trainingSettingsSchema } from './training-settings.js';

const MOST_WINDOW_SECONDS = 90 * 86_400;

const paramsField = z
  .record(textField(100), jsonField)
  .describe('Validated by the schema of the registered key.');

const steadyForField = z
  .enum(['decision', 'hour', 'day', 'week', 'always'])
  .describe('For how long the same unit keeps its lot for the same subject and action.');

const withholdField = z.strictObject({
  share: z
    .number()
    .min(0.001)
    .max(0.5)
    .describe('Share of what was chosen that is not shown; 0.02 to 0.05 is usual.'),
  steadyFor: steadyForField.default('always'),
});

const fields = {
  title: textField(200).min(1),
  params: paramsField,
  exploration: z.strictObject({ key: keyField, params: paramsField.default({}) }),
  floor: z.number().min(0).max(0.5).describe('Least probability of every candidate.'),
  reward: rewardSchema.nullable(),
  rewardPreset: z
    .enum(REWARD_PRESETS.map(({ key }) => key))
    .optional()
    .describe('A ready-made reward in place of `reward`; brings its window unless `windowSeconds` is given.'),
  windowSeconds: z.int().min(0).max(MOST_WINDOW_SECONDS),
  graceSeconds: z.int().min(0).max(MOST_WINDOW_SECONDS),
  learning: z.boolean(),
  gateRequired: z
    .boolean()
    .describe(
      'Nobody makes something new of this policy serve before the off-policy gate has said yes; what it learns by itself ' +
        'from its own decisions goes on serving. Switching it off takes `overrideGate`.',
    ),
  training: trainingSettingsSchema
    .nullable()
    .describe('For policies that learn in training runs; null: the defaults, and no schedule.'),
  shadow: z
    .strictObject({
      policyId: keyField,
      version: z.int().min(1).optional().describe('Keep asking this version; absent: the one that serves.'),
    })
    .nullable()
    .describe('A policy that is asked about every decision of this one, and serves nobody; null: none.'),
  withhold: withholdField
    .nullable()
    .describe(
      'Not shown at random, to measure what showing brings, and to learn it where the reward is incremental; null: none.',
    ),
};

/** POST /v1/policies. */
export const createPolicySchema = z.strictObject({
  ...fields,
  id: keyField,
  key: keyField.describe('Key in the registry of policies.'),
  params: fields.params.default({}),
  exploration: fields.exploration.default({ key: 'epsilon-mix', params: {} }),
  floor: fields.floor.default(0),
  reward: fields.reward.optional(),
  windowSeconds: fields.windowSeconds.optional().describe('Default: 3600, or the window of the preset.'),
  graceSeconds: fields.graceSeconds.default(0),
  learning: fields.learning.default(true),
  gateRequired: fields.gateRequired.default(false),
  shadow: fields.shadow.default(null),
  withhold: fields.withhold.default(null),
  training: fields.training.default(null),
});
export type CreatePolicy = z.output<typeof createPolicySchema>;

/** PATCH, and its preview: what is left out stays as it is, within `params`, `exploration` and `withhold` too. */
export const patchPolicySchema = z
  .strictObject({
    ...fields,
    params: paramsField.describe('Parameters to set; null takes one away. Those not named stay.'),
    exploration: z.strictObject({
      key: keyField,
      params: paramsField.optional().describe('Absent: as they are, as long as the key stays.'),
    }),
    withhold: withholdField.extend({ steadyFor: steadyForField.optional() }).nullable(),
    overrideGate: overrideGateField,
  })
  .partial();
export type PatchPolicy = z.output<typeof patchPolicySchema>;

export const promoteSchema = z.strictObject({
  version: z.int().min(0),
  overrideGate: overrideGateField.optional(),
});
export type PromoteBody = z.output<typeof promoteSchema>;

export const rollbackSchema = z.strictObject({ version: z.int().min(0).optional() });
export type RollbackBody = z.output<typeof rollbackSchema>;

export const relearnSchema = z.strictObject({
  rewards: z
    .enum(['as-settled', 'current-definition'])
    .default('as-settled')
    .describe(
      'as-settled: with the rewards on record, late outcomes included. current-definition: rewards that come from an ' +
        'earlier version of the definition are settled again first, as far back as decisions are kept.',
    ),
});
export type RelearnBody = z.output<typeof relearnSchema>;

export const nothingSchema = z.strictObject({});

export const listSnapshotsSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** Version of the last row of the page before. */
  cursor: z.coerce.number().int().min(1).optional(),
});
export type ListSnapshots = z.output<typeof listSnapshotsSchema>;

export const allocationSchema = z.strictObject({
  subject: idField.optional(),
  hours: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 90)
    .default(168),
  bucket: z.enum(['hour', 'day']).default('hour'),
});
export type AllocationQuery = z.output<typeof allocationSchema>;

export const actionsSchema = z.strictObject({
  subject: idField.optional(),
  days: z.coerce.number().int().min(1).max(400).default(30),
});
export type ActionsQuery = z.output<typeof actionsSchema>;

export const shadowSchema = z.strictObject({
  days: z.coerce.number().int().min(1).max(400).default(7),
});
export type ShadowQuery = z.output<typeof shadowSchema>;

export const actionValuesSchema = actionsSchema.extend({
  baseline: idField
    .optional()
    .describe('Action that the others are compared with; default: the one of the highest value'),
});
export type ActionValuesQuery = z.output<typeof actionValuesSchema>;

export const settlementSchema = z.strictObject({
  hours: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 7)
    .default(24),
});
export type SettlementQuery = z.output<typeof settlementSchema>;

export const trainingRunSchema = z.strictObject({
  seed: textField(100).min(1).optional(),
  params: paramsField.optional(),
  /** Outcomes before this time are learned from; default: now. */
  cutAt: z.iso.datetime({ offset: true }).optional(),
  promote: z.enum(['auto', 'manual']).default('auto'),
  begin: z
    .enum(['scratch', 'serving'])
    .default('scratch')
    .describe('`serving`: with the weights that serve, where their shapes fit, and fewer passes.'),
});
export type TrainingRunBody = z.output<typeof trainingRunSchema>;
