import { z } from 'zod';
import { pageLayoutSchema } from '#policies';
import { attributesField, idField, keyField, textField } from '../http/fields.js';

/** PUT /v1/pages/:key. */
export const pageSchema = z.strictObject({
  title: textField(200).min(1),
  layout: pageLayoutSchema,
});
export type PageBody = z.output<typeof pageSchema>;

/** POST /v1/pages/:key/serve; unknown fields are ignored, as in POST /v1/treatments, which has the same rules. */
export const servePageSchema = z.object({
  unitId: z.string().describe('Pseudonymous id of who is randomised.'),
  unitType: keyField.default('member').optional(),
  context: z.record(z.string(), z.unknown()).optional().describe('As in POST /v1/treatments.'),
  expose: z.boolean().default(false).optional().describe('True when all of the page is shown for certain.'),
  tester: z
    .string()
    .optional()
    .describe('Token of a tester, which forces arms of the page’s surfaces; see POST /v1/tester-tokens.'),
});

const levelPolicy = keyField
  .nullable()
  .default(null)
  .describe('Policy that decides this level; null: the default order of the surface.');

/** One way to make the page. */
const sideField = z.strictObject({ rows: levelPolicy, titles: levelPolicy, artwork: levelPolicy });
export type PageSideBody = z.output<typeof sideField>;

/** POST /v1/pages/:key/preview. */
export const previewPageSchema = z.strictObject({
  layout: pageLayoutSchema
    .optional()
    .describe('A layout that is not saved; absent: that of the page, which must then be there.'),
  unitId: idField
    .optional()
    .describe('A member, whose newest context and history are used; absent: somebody nothing is known of.'),
  context: attributesField
    .default({})
    .describe('Attributes of the moment, laid over those of the member’s newest request.'),
  at: z.iso.datetime({ offset: true }).optional().describe('The moment of the request; default: now.'),
  seed: textField(100).min(1).default('preview').describe('Of all draws: both sides draw with the same one.'),
  sides: z.array(sideField).min(1).max(2),
});
export type PreviewPageBody = z.output<typeof previewPageSchema>;
