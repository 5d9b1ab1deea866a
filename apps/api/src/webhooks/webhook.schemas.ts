import { z } from 'zod';
import { textField } from '../http/fields.js';

const url = textField(2000).min(1);
const description = textField(200);
/** `*`, an area such as `experiment.*`, or one type. */
const events = z
  .array(
    z
      .string()
      .max(100)
      .regex(/^(\*|[a-z_]+\.(\*|[a-z_]+))$/, 'must be "*", an area such as "experiment.*", or a type'),
  )
  .min(1)
  .max(50);

export const createWebhookSchema = z.strictObject({
  url,
  description: description.default(''),
  events: events.default(['*']),
});
export type CreateWebhook = z.output<typeof createWebhookSchema>;

export const patchWebhookSchema = z
  .strictObject({ url, description, events, enabled: z.boolean() })
  .partial();
export type PatchWebhook = z.output<typeof patchWebhookSchema>;

export const rotateSchema = z.strictObject({
  /** For how long the old secret signs as well. */
  overlapHours: z.number().min(0).max(168).default(24),
});
export type Rotate = z.output<typeof rotateSchema>;

export const listDeliveriesSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ListDeliveries = z.output<typeof listDeliveriesSchema>;
