import { z } from 'zod';
import { textField } from '../http/fields.js';
import { CONSENTS, ENTITIES } from '../persistence/feature-rules.js';

export const entityField = z.enum(ENTITIES);

export const nameField = textField(100)
  .min(1)
  .regex(/^[^\s/]+$/, 'must not contain blanks or slashes')
  .refine((name) => name !== CONSENTS, `"${CONSENTS}" lists what a member consents to, and is no feature`)
  .describe('As requests and items name it.');

/** PUT /v1/features/:entity/:name. */
export const featureSchema = z
  .strictObject({
    kind: z.enum(['number', 'category', 'list', 'text']),
    description: textField(500).min(1),
    source: textField(200).min(1).describe('Where the value comes from, e.g. `catalogue`, `profile`, `app`.'),
    unit: textField(50).min(1).nullable().default(null),
    range: z
      .tuple([z.number().nullable(), z.number().nullable()])
      .nullable()
      .default(null)
      .describe('Least and greatest value of a number; null: open.'),
    consent: z
      .boolean()
      .default(false)
      .describe('Told to policies only where the `consents` of the request list it.'),
    sensitive: z
      .boolean()
      .default(false)
      .describe('Never told to policies; kept with the decision for the audit of fairness alone.'),
  })
  .refine(({ kind, range, unit }) => kind === 'number' || (range === null && unit === null), {
    path: ['kind'],
    message: 'only a number has a unit and a range',
  })
  .refine(({ range }) => (range?.[0] ?? -Infinity) < (range?.[1] ?? Infinity), {
    path: ['range'],
    message: 'must begin below its end',
  });
export type FeatureBody = z.output<typeof featureSchema>;

/** PUT /v1/features/settings. */
export const settingsSchema = z.strictObject({
  unregistered: z
    .enum(['given', 'withheld'])
    .describe('Whether policies get attributes and features of titles that nobody registered.'),
});
export type SettingsBody = z.output<typeof settingsSchema>;
