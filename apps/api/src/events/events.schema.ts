import { z } from 'zod';
import { NAME_PATTERN } from '../http/fields.js';
import { LIMITS } from './event.validator.js';

const id = z.string().min(1).max(LIMITS.idLength);
const itemId = z.string().min(1).max(LIMITS.itemIdLength);

/** What the API documents; event.validator.ts checks the same, faster. A spec holds the two together. */
export const eventSchema = z
  .object({
    id: id.describe('Your id of the event. The same id counts once, however often it is sent.'),
    kind: z
      .enum(['exposure', 'outcome'])
      .describe('exposure: the unit saw the decision; outcome: what it did.'),
    unitId: id.describe('Pseudonymous id of the unit; e-mail addresses and phone numbers are refused.'),
    at: z.iso
      .datetime({ offset: true })
      .describe('When it happened: within the last 90 days, at most 10 minutes ahead.'),
    decisionId: id.nullish().describe('Decision it belongs to; needed for an exposure.'),
    name: z
      .string()
      .regex(new RegExp(NAME_PATTERN))
      .nullish()
      .describe('What happened, e.g. "play"; needed for an outcome.'),
    value: z
      .number()
      .min(-LIMITS.value)
      .max(LIMITS.value)
      .nullish()
      .describe('Amount, e.g. seconds watched.'),
    actionId: itemId.nullish().describe('Action it is about.'),
    itemId: itemId.nullish().describe('Item it is about.'),
    position: z.int().min(0).max(LIMITS.position).nullish().describe('0-based place in the slate.'),
    properties: z
      .record(z.string(), z.unknown())
      .nullish()
      .describe(
        `Anything else: at most ${LIMITS.propertiesBytes} bytes of JSON, ${LIMITS.propertiesDepth} levels deep.`,
      ),
  })
  .describe('One exposure or outcome.');

export const eventsBodySchema = z.object({ events: z.array(eventSchema).min(1).max(LIMITS.events) });

export const eventsAnswerSchema = z.object({
  accepted: z.int().min(0).describe('Events that are now durable.'),
  rejected: z
    .array(z.object({ index: z.int(), code: z.string(), message: z.string() }))
    .describe('Events that are not, by index in the request.'),
});
export type EventsAnswer = z.output<typeof eventsAnswerSchema>;
