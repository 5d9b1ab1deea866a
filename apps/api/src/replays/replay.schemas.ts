import { z } from 'zod';
import { attributesField, idField, jsonField, keyField, textField } from '../http/fields.js';

const versionField = z.int().min(0).describe('A version of the learned state; 0: nothing learned.');

/** POST /v1/decisions/:id/counterfactual. */
export const counterfactualSchema = z.strictObject({
  context: attributesField.default({}).describe('Attributes to change or add; null takes one away.'),
  actions: z
    .record(idField, attributesField.nullable())
    .default({})
    .describe('Features to change or add, by candidate; null takes the feature, or the candidate, away.'),
  policyId: keyField.optional().describe('Another policy than the one that decided.'),
  version: versionField
    .optional()
    .describe('Default: the version that decided; of another policy the one that serves.'),
});
export type Counterfactual = z.output<typeof counterfactualSchema>;

export const MOST_DAYS = 31;
export const MOST_PAGE = 1000;

const candidateSchema = z.strictObject({
  policyId: keyField.optional().describe('Another policy; default: the one whose log it is.'),
  version: z
    .union([versionField, z.literal('logged')])
    .optional()
    .describe('`logged`, for the same policy: of each decision the version that served it.'),
  params: z
    .record(textField(100), jsonField)
    .optional()
    .describe('Laid over the parameters of the version; null takes one away. What was learned stays.'),
  exploration: z
    .strictObject({ key: keyField, params: z.record(textField(100), jsonField).default({}) })
    .optional(),
  floor: z.number().min(0).max(0.5).optional(),
});
export type ReplayCandidate = z.output<typeof candidateSchema>;

/** POST /v1/policies/:id/replay. */
export const replaySchema = z.strictObject({
  candidate: candidateSchema.default({}),
  from: z.iso.datetime({ offset: true }).optional().describe('Default: a day before `to`.'),
  to: z.iso.datetime({ offset: true }).optional().describe('Default: now.'),
  limit: z.int().min(1).max(MOST_PAGE).default(500).describe('Decisions of a page.'),
  show: z.enum(['differences', 'all']).default('differences'),
  cursor: textField(8000).min(1).optional().describe('`nextCursor` of the page before.'),
});
export type ReplayBody = z.output<typeof replaySchema>;
