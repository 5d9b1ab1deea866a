import { z } from 'zod';
import { attributesField, idField, keyField, textField } from '../http/fields.js';

const policyField = z.strictObject({
  policyId: keyField,
  version: z.int().min(0).optional().describe('Default: the version that serves. 0: nothing learned.'),
});

/** POST /v1/previews. */
export const previewSchema = z.strictObject({
  surface: keyField,
  subject: idField
    .nullable()
    .default(null)
    .describe('What the choice is about, e.g. the title of an artwork.'),
  unitId: idField
    .optional()
    .describe('A member, whose newest context and history are used; absent: somebody nothing is known of.'),
  context: attributesField
    .default({})
    .describe(
      'Attributes of the moment, e.g. device, hour, weekday; laid over those of the member’s newest request.',
    ),
  at: z.iso.datetime({ offset: true }).optional().describe('The moment of the request; default: now.'),
  limit: z.int().min(1).max(100).default(20).describe('Places of a slate.'),
  seed: textField(100)
    .min(1)
    .default('preview')
    .describe('Of the draw: both policies draw with the same one.'),
  policies: z.array(policyField).min(1).max(2),
});
export type PreviewBody = z.output<typeof previewSchema>;

/** GET /v1/units/:id/profile. */
export const profileSchema = z.strictObject({
  policyId: keyField
    .optional()
    .describe('Ask this policy; default: those that learn in training runs, five at most.'),
  feature: textField(100).min(1).default('genre').describe('Feature whose mix is shown.'),
  limit: z.coerce.number().int().min(1).max(50).default(10).describe('Titles per policy.'),
});
export type ProfileQuery = z.output<typeof profileSchema>;

/** GET /v1/units/:id/next-session. */
export const nextSessionSchema = z.strictObject({
  policyId: keyField
    .optional()
    .describe('Ask this policy; default: the first that foresees visits and has been trained.'),
  hours: z.coerce
    .number()
    .int()
    .min(1)
    .max(2160)
    .default(24)
    .describe('Within how many hours the member comes back with which probability.'),
  limit: z.coerce.number().int().min(1).max(100).default(5).describe('Most titles to load ahead.'),
  budget: z.coerce
    .number()
    .min(0)
    .optional()
    .describe('Room for titles that are loaded ahead, in the unit of their sizes; absent: any.'),
});
export type NextSessionQuery = z.output<typeof nextSessionSchema>;

/** PUT /v1/units/:id/personalisation. */
export const personalisationSchema = z.strictObject({ personalised: z.boolean() });
export type PersonalisationBody = z.output<typeof personalisationSchema>;

/** PUT /v1/units/:id/consents. */
export const consentsSchema = z.strictObject({
  withdrawn: z
    .array(textField(100).min(1))
    .max(100)
    .describe('All features that the member no longer lets policies know; those not named are given again.'),
});
export type ConsentsBody = z.output<typeof consentsSchema>;
