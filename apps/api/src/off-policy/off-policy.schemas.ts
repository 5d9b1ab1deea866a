import { z } from 'zod';
import { idField, jsonField, keyField, textField } from '../http/fields.js';

/** Most rows that one evaluation reads. */
export const MOST_ROWS = 100_000;

/** Why an admin lets something serve that the gate has not let through. */
export const overrideGateField = textField(2000)
  .min(10)
  .describe('Reason for going past the off-policy gate; it is audited.');

const paramsField = z.record(textField(100), jsonField);

const candidateSchema = z.union([
  z.strictObject({ policyId: keyField.describe('Another policy, as it is configured and serves now.') }),
  z.strictObject({ version: z.int().min(1).describe('A version of this policy.') }),
  z.strictObject({
    params: paramsField.describe('Edited parameters of this policy, or of the registered policy `key`.'),
    key: keyField.optional(),
    exploration: z.strictObject({ key: keyField, params: paramsField.default({}) }).optional(),
    floor: z.number().min(0).max(0.5).optional(),
  }),
]);
export type CandidateBody = z.output<typeof candidateSchema>;

const guardrailSchema = z.strictObject({
  signal: textField(100).min(1).describe('A signal of the policy’s reward.'),
  betterWhen: z.enum(['higher', 'lower']),
  margin: z.number().min(0).describe('How much worse it may get, in its own unit.'),
});

/** POST /v1/policies/:id/off-policy. */
export const offPolicySchema = z
  .strictObject({
    candidate: candidateSchema,
    days: z.int().min(1).max(400).default(30),
    from: z.iso.datetime({ offset: true }).optional().describe('With `to` in place of `days`.'),
    to: z.iso.datetime({ offset: true }).optional(),
    subject: idField.optional(),
    kind: z
      .enum(['action', 'slate'])
      .optional()
      .describe('Decisions to evaluate on, for a policy that serves both; default: what it served last.'),
    rows: z.int().min(2).max(MOST_ROWS).default(MOST_ROWS).describe('The newest so many rows are read.'),
    margin: z
      .number()
      .min(0)
      .max(0.1)
      .default(0.02)
      .describe('How much worse than the log the candidate may be, as a share of the log’s mean reward.'),
    guardrails: z
      .array(guardrailSchema)
      .max(8)
      .default([])
      .describe('Signals that may not get worse; of slates their sum over the positions that were seen.'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ['to'],
    message: 'must be after from',
  });
export type OffPolicyBody = z.output<typeof offPolicySchema>;

export const listRunsSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(20),
});
export type ListRuns = z.output<typeof listRunsSchema>;
