import { z } from 'zod';
import { conditionSchema } from '#experiments';
import { hashVersionField, keyField, textField } from '../http/fields.js';

export const createLayerSchema = z.strictObject({
  key: keyField,
  title: textField(200).min(1),
  salt: textField(200)
    .min(1)
    .optional()
    .describe('Seed of its hash; absent: made from the key. Never changes afterwards.'),
  unitType: keyField
    .nullable()
    .default(null)
    .describe(
      'Type of the units by which it deals its parts; no other experiment joins. Null: that of who holds parts of it. Never changes afterwards.',
    ),
  hashVersion: hashVersionField.describe(
    'Of its salt; 1 only for a namespace of GrowthBook’s old kind, whose salt is `__` and its id. Never changes.',
  ),
});
export type CreateLayer = z.output<typeof createLayerSchema>;

const holdoutFields = {
  title: textField(200).min(1),
  /** Share of all units of the type that get the default. Raising it moves nobody out. */
  share: z.number().min(0).max(1),
  /** null: every surface. */
  surfaces: z.array(keyField).min(1).max(200).nullable(),
  enabled: z.boolean(),
  /** null: it withholds every experiment; else those that carry one of the tags, also later ones. */
  tags: z.array(textField(50).min(1)).min(1).max(50).nullable(),
  /** Requests that meet it are not held out, e.g. those of internal users; null: none. */
  except: conditionSchema.nullable(),
};

export const createHoldoutSchema = z.strictObject({
  ...holdoutFields,
  key: keyField,
  surfaces: holdoutFields.surfaces.default(null),
  unitType: keyField.default('member'),
  enabled: holdoutFields.enabled.default(true),
  tags: holdoutFields.tags.default(null),
  except: holdoutFields.except.default(null),
});
export type CreateHoldout = z.output<typeof createHoldoutSchema>;

export const patchHoldoutSchema = z.strictObject(holdoutFields).partial();
export type PatchHoldout = z.output<typeof patchHoldoutSchema>;
