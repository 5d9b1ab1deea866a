import { z } from 'zod';
import { GUARD_ACTIONS } from '#metrics';
import { keyField, textField } from '../http/fields.js';

const action = z.enum(GUARD_ACTIONS);

export const guardFields = {
  alpha: z
    .number()
    .min(1e-6)
    .max(0.2)
    .describe('Probability that an experiment in which nothing is wrong is ever found in breach'),
  minimumMinutes: z.number().min(0).max(525_600),
  minimumUnits: z.int().min(1).max(10_000_000).describe('In every arm'),
  defaultAction: action.describe('For guardrail metrics that are not named'),
  sampleRatio: action,
  errors: action,
};
export const guardRuleFields = {
  action,
  margin: z.number().min(0).max(10).nullable().describe('null: the margin of the metric'),
};

/** PATCH of what is watched: a field left out stays as it is; null takes a metric's own rule away. */
export const patchGuardrailsSchema = z
  .strictObject({
    ...guardFields,
    metrics: z.record(keyField, z.strictObject(guardRuleFields).partial().nullable()),
  })
  .partial();
export type PatchGuardrails = z.output<typeof patchGuardrailsSchema>;

export const undoSchema = z.strictObject({ reason: textField(2000).optional() });
export type UndoBody = z.output<typeof undoSchema>;
