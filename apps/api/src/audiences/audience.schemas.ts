import { z } from 'zod';
import { attributesField, keyField, textField } from '../http/fields.js';
import { segmentConditionSchema } from '#experiments';

export const LIST_LIMITS = {
  entries: 100_000,
  lists: 200,
  allEntries: 1_000_000,
  perRequest: 50_000,
} as const;

export const createSegmentSchema = z.strictObject({
  key: keyField,
  title: textField(200).min(1),
  description: textField(2000).default(''),
  condition: segmentConditionSchema,
});
export type CreateSegment = z.output<typeof createSegmentSchema>;

export const patchSegmentSchema = z
  .strictObject({
    title: textField(200).min(1),
    description: textField(2000),
    condition: segmentConditionSchema,
  })
  .partial();
export type PatchSegment = z.output<typeof patchSegmentSchema>;

export const matchSchema = z.strictObject({
  unitId: textField(256).min(1).optional(),
  context: attributesField.default({}),
});
export type MatchBody = z.output<typeof matchSchema>;

export const createListSchema = z.strictObject({
  key: keyField,
  title: textField(200).min(1),
  /** True: entries are kept as SHA-256, so that nobody can read the ids back. */
  hashed: z.boolean().default(true),
});
export type CreateList = z.output<typeof createListSchema>;

/** Ids in JSON, or a CSV text whose first column holds them. */
export const entriesSchema = z
  .strictObject({
    ids: z.array(textField(256).min(1)).min(1).max(LIST_LIMITS.perRequest).optional(),
    csv: z.string().min(1).max(4_000_000).optional(),
    /** The ids are given as SHA-256 in hex already; hashed lists only. */
    hashed: z.boolean().default(false),
  })
  .refine(({ ids, csv }) => (ids === undefined) !== (csv === undefined), {
    path: ['ids'],
    message: 'send either ids or csv',
  });
export type EntriesBody = z.output<typeof entriesSchema>;

export const createUnitTypeSchema = z.strictObject({
  key: keyField,
  title: textField(200).min(1),
  /** Field of a context that carries the id. */
  contextField: textField(64)
    .min(1)
    .refine((name) => !name.startsWith('$'), 'must not begin with $')
    .nullable()
    .default(null),
});
export type CreateUnitType = z.output<typeof createUnitTypeSchema>;
