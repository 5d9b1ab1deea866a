import { z } from 'zod';
import { MOST_PREREQUISITES, conditionSchema, isTimeZone } from '#experiments';
import {
  attributesField,
  hashVersionField,
  idField,
  jsonField,
  keyField,
  textField,
} from '../http/fields.js';
import { overrideGateField } from '../off-policy/off-policy.schemas.js';

const share = z.number().min(0).max(1);
const metricKeys = z.array(keyField).max(50);

const steadyField = z.enum(['decision', 'hour', 'day', 'week', 'always']);
const valueTreatment = z.strictObject({ kind: z.literal('value'), value: jsonField });
const policyTreatment = z.strictObject({
  kind: z.literal('policy'),
  policyId: keyField,
  steadyFor: steadyField.default('day'),
  slice: z
    .enum(['learning', 'exploration', 'analysis'])
    .optional()
    .describe(
      'learning (the default): the policy learns from these decisions. exploration: drawn uniformly at random, ' +
        'learned from. analysis: drawn by the policy, never learned from.',
    ),
});
const treatmentSchema = z.discriminatedUnion('kind', [valueTreatment, policyTreatment]);

const armSchema = z.strictObject({
  key: keyField,
  title: textField(200).default(''),
  weight: z.number().min(0).max(1e9),
  isControl: z.boolean().default(false),
  treatment: treatmentSchema,
});

const distinct = (arms: readonly { readonly key: string }[]): boolean =>
  new Set(arms.map((arm) => arm.key)).size === arms.length;
const armsSchema = z.array(armSchema).max(50).refine(distinct, 'two arms share a key');

/** In a PATCH an arm names what changes; the rest of it stays. */
const patchArmSchema = z.strictObject({
  key: keyField,
  title: textField(200).optional(),
  weight: armSchema.shape.weight.optional(),
  isControl: z.boolean().optional(),
  treatment: z
    .discriminatedUnion('kind', [
      valueTreatment,
      policyTreatment.extend({ steadyFor: steadyField.optional() }),
    ])
    .optional(),
});
export type PatchArm = z.output<typeof patchArmSchema>;

/** A further layer: with a range of it, or a share to be found; neither: its largest free part. */
const otherLayersField = z
  .array(
    z.strictObject({ layer: keyField, share: share.optional(), range: z.tuple([share, share]).optional() }),
  )
  .max(10)
  .describe('Further layers: a unit must be inside the range of each');

const switchbackField = z
  .strictObject({
    slotMinutes: z.int().min(5).max(10_080),
    washOutMinutes: z.int().min(0).max(10_079).optional().describe('Minutes of each slot that do not count'),
    timeZone: textField(64)
      .refine(isTimeZone, 'must be a time zone as IANA names it, e.g. Europe/Berlin')
      .optional()
      .describe('By whose clocks slots begin; absent: UTC'),
  })
  .refine(({ slotMinutes, washOutMinutes = 0 }) => washOutMinutes < slotMinutes, {
    path: ['washOutMinutes'],
    error: 'must be shorter than the slot',
  });

const designFields = {
  title: textField(200).min(1),
  hypothesis: textField(4000),
  surface: keyField,
  unitType: keyField,
  /** Unit type whose units share an arm; null: every unit is assigned by itself. */
  clusterBy: keyField.nullable(),
  switchback: switchbackField.nullable(),
  prerequisites: z
    .array(z.strictObject({ experiment: keyField, arms: z.array(keyField).min(1).max(50) }))
    .max(MOST_PREREQUISITES),
  layer: keyField,
  traffic: share,
  targeting: conditionSchema.nullable(),
  arms: armsSchema,
  salt: textField(200).min(1),
  decisionMetric: keyField.nullable(),
  secondaryMetrics: metricKeys,
  guardrailMetrics: metricKeys,
  minimumDays: z.int().min(0).max(365),
  plannedUnits: z.int().min(1).max(2_000_000_000).nullable(),
  owner: textField(200),
  tags: z.array(textField(50).min(1)).max(50),
};

/** POST /v1/experiments. A draft may be incomplete; starting asks for the rest. */
export const createExperimentSchema = z.strictObject({
  ...designFields,
  key: keyField,
  hypothesis: designFields.hypothesis.default(''),
  unitType: designFields.unitType.default('member'),
  clusterBy: designFields.clusterBy.default(null),
  switchback: designFields.switchback.default(null),
  prerequisites: designFields.prerequisites.default([]),
  layer: designFields.layer.default('default'),
  /** Share of the layer; absent: the largest free part. */
  layerShare: share.optional(),
  layerRange: z
    .tuple([share, share])
    .optional()
    .describe(
      'The part of the layer that it wishes for, instead of a share of it; like a share, its own from the start on',
    ),
  otherLayers: otherLayersField.default([]),
  traffic: designFields.traffic.default(1),
  targeting: designFields.targeting.default(null),
  arms: designFields.arms.default([]),
  /** Seed of the split; absent: the key. */
  salt: designFields.salt.optional(),
  hashVersion: hashVersionField.describe(
    'Of the split; 1 only to keep the arms of an experiment of GrowthBook with hash version 1. Never changes.',
  ),
  decisionMetric: designFields.decisionMetric.default(null),
  secondaryMetrics: designFields.secondaryMetrics.default([]),
  guardrailMetrics: designFields.guardrailMetrics.default([]),
  minimumDays: designFields.minimumDays.default(7),
  plannedUnits: designFields.plannedUnits.default(null),
  owner: designFields.owner.default(''),
  tags: designFields.tags.default([]),
});
export type CreateExperiment = z.output<typeof createExperimentSchema>;

/** PATCH: a field left out stays as it is; null clears where null is allowed. */
export const patchExperimentSchema = z
  .strictObject({
    ...designFields,
    arms: z.array(patchArmSchema).max(50).refine(distinct, 'two arms share a key'),
    layerRange: z.tuple([share, share]),
    otherLayers: otherLayersField,
    existing: z
      .enum(['move', 'keep'])
      .describe(
        'move (the default): units go where the new allocation puts them. keep: they keep their arms',
      ),
    overrideGate: overrideGateField,
  })
  .partial();
export type PatchExperiment = z.output<typeof patchExperimentSchema>;

export const actionSchema = z.strictObject({ reason: textField(2000).optional() });

export const pauseSchema = actionSchema.extend({
  arm: keyField.optional().describe('All its units get this arm; absent: the default of the surface'),
});
export type PauseBody = z.output<typeof pauseSchema>;

export const startSchema = actionSchema.extend({ overrideGate: overrideGateField.optional() });
export type StartBody = z.output<typeof startSchema>;
export type ActionBody = z.output<typeof actionSchema>;

export const shipSchema = z.strictObject({ arm: keyField, reason: textField(2000).optional() });
export type ShipBody = z.output<typeof shipSchema>;

export const explainSchema = z.strictObject({
  unitId: idField,
  context: attributesField.default({}),
});
export type ExplainBody = z.output<typeof explainSchema>;
