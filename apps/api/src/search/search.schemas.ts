import { z } from 'zod';
import { attributesField, idField, textField } from '../http/fields.js';

/** POST /v1/policies/:id/search. */
export const trySearchSchema = z.strictObject({
  query: textField(200).min(1).describe('What is typed or said.'),
  mode: z.enum(['text', 'voice']).default('text').describe('voice: a transcript.'),
  history: z
    .array(idField)
    .max(64)
    .default([])
    .describe('Titles that the imagined member watched, the newest last; none: nobody known.'),
  context: attributesField.default({}).describe('Further attributes, for the filters of the policy.'),
  version: z.int().min(0).optional().describe('Default: the version that serves.'),
  limit: z.int().min(1).max(50).default(10),
});
export type TrySearchBody = z.output<typeof trySearchSchema>;

/** GET /v1/policies/:id/searches. */
export const searchesSchema = z.strictObject({
  days: z.coerce.number().int().min(1).max(90).default(14),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  sort: z
    .enum(['without-result', 'without-play', 'searches'])
    .default('without-result')
    .describe('What comes first.'),
});
export type SearchesQuery = z.output<typeof searchesSchema>;
