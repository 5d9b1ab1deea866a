import { z } from 'zod';
import { keyField, textField } from '../http/fields.js';

export const createLayerSchema = z.strictObject({ key: keyField, title: textField(200).min(1) });
export type CreateLayer = z.output<typeof createLayerSchema>;

const holdoutFields = {
  title: textField(200).min(1),
  /** Share of all units of the type that get the default. Raising it moves nobody out. */
  share: z.number().min(0).max(1),
  /** null: every surface. */
  surfaces: z.array(keyField).min(1).max(200).nullable(),
  enabled: z.boolean(),
};

export const createHoldoutSchema = z.strictObject({
  ...holdoutFields,
  key: keyField,
  surfaces: holdoutFields.surfaces.default(null),
  unitType: keyField.default('member'),
  enabled: holdoutFields.enabled.default(true),
});
export type CreateHoldout = z.output<typeof createHoldoutSchema>;

export const patchHoldoutSchema = z.strictObject(holdoutFields).partial();
export type PatchHoldout = z.output<typeof patchHoldoutSchema>;
