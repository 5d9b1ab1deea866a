import { z } from 'zod';
import { textField } from '../http/fields.js';
import { listFields } from './experiment-list.js';

const name = textField(80).trim().min(1);
const query = z.strictObject(listFields).partial();

/** POST /v1/experiment-views. */
export const createViewSchema = z.strictObject({
  name,
  query,
  shared: z.boolean().default(false).describe('For everybody rather than for the calling key alone'),
  isDefault: z.boolean().default(false).describe('Opens first: for everybody where it is shared'),
});
export type CreateView = z.output<typeof createViewSchema>;

/** PATCH: a field left out stays as it is; `query` is replaced as a whole. */
export const patchViewSchema = z
  .strictObject({ name, query, shared: z.boolean(), isDefault: z.boolean() })
  .partial();
export type PatchView = z.output<typeof patchViewSchema>;

export const viewIdField = z.string().regex(/^[0-9]{1,18}$/, 'must be the id of a view');
