import { z } from 'zod';
import { attributesField, idField, limitField, textField } from '../http/fields.js';

const itemSchema = z.strictObject({
  id: idField,
  kind: textField(100).min(1),
  /** What the item belongs to, for example the title of an artwork. */
  subject: idField.nullable().default(null),
  title: textField(500),
  features: attributesField.default({}),
  available: z.boolean().default(true),
  /** Place in the default order; lower is earlier. */
  position: z.int().min(-1_000_000_000).max(1_000_000_000).default(0),
});
export type ItemBody = z.output<typeof itemSchema>;

export const upsertItemsSchema = z.strictObject({
  onlyNew: z.boolean().default(false).describe('Refuse all of them when one of the ids is there already.'),
  items: z
    .array(itemSchema)
    .min(1)
    .max(1000)
    .superRefine((items, context) => {
      const seen = new Set<string>();
      items.forEach((item, i) => {
        if (seen.has(item.id))
          context.addIssue({
            code: 'custom',
            message: `the id "${item.id}" is given twice`,
            path: [i, 'id'],
          });
        seen.add(item.id);
      });
    }),
});
export type UpsertItems = z.output<typeof upsertItemsSchema>;

export const listItemsSchema = z.strictObject({
  kind: textField(100).optional(),
  subject: idField.optional(),
  limit: limitField,
  /** Id of the last item of the page before. */
  cursor: idField.optional(),
});
export type ListItems = z.output<typeof listItemsSchema>;

const coverageFields = {
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(90)
    .default(28)
    .describe('How far back exposures and outcomes count.'),
  coldBelow: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10)
    .describe('An item with fewer outcomes in these days is cold.'),
};

/** GET /v1/item-coverage. */
export const coverageSchema = z.strictObject({
  ...coverageFields,
  kind: textField(100).optional().describe('Default: `title`, else the kind with the most items.'),
  search: textField(200).min(1).optional().describe('Part of the title or the id, whatever its case.'),
  show: z.enum(['all', 'cold', 'without-features', 'never-shown']).default('all'),
  sort: z.enum(['exposures', 'outcomes', 'title']).default('exposures'),
  limit: limitField,
  /** `nextCursor` of the page before. */
  cursor: z.coerce.number().int().min(0).default(0),
});
export type CoverageQuery = z.output<typeof coverageSchema>;

/** GET /v1/item-coverage/:id. */
export const coverageDetailSchema = z.strictObject(coverageFields);
export type CoverageDetailQuery = z.output<typeof coverageDetailSchema>;
