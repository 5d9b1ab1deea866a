import { defineParams } from '#experiments';
import { z } from 'zod';
import { CLOCK_ATTRIBUTES } from '../local-time.js';
import { contactOf } from './contact.js';
import type { ContactRules } from './contact.js';
import type { Wrapper } from './contract.js';

/** The action that sends nothing, unless it is named otherwise. */
export const SILENT_ACTION = 'do-not-send';

const attribute = z.string().min(1).max(100);
const hour = z.int().min(0).max(23);
const schema = z.object({
  silent: z.string().min(1).max(200).default(SILENT_ACTION).describe('Id of the action that sends nothing.'),
  mostPerDay: z
    .int()
    .min(0)
    .max(100)
    .default(1)
    .describe('Messages to a unit within 24 hours, whatever they say.'),
  mostPerWeek: z.int().min(0).max(700).default(3).describe('Messages to a unit within 7 days.'),
  quietFrom: hour.default(22).describe('First local hour at which nothing is sent.'),
  quietUntil: hour.default(8).describe('First local hour at which messages are sent again.'),
  leastFit: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe(
      'Send only at hours at which the unit comes at least so often as at its best hour outside the quiet ones; 0: at any.',
    ),
  habitVisits: z
    .number()
    .min(0.01)
    .max(1000)
    .default(3)
    .describe('Visits, spread evenly over the day, that are added to those of the unit.'),
  consent: z
    .enum(['assumed', 'required'])
    .default('assumed')
    .describe('"required": who has not said yes is sent nothing; "assumed": who has said no.'),
  sent: attribute
    .default('notified')
    .describe('Context attribute that lists the times of the messages that the unit was sent lately.'),
  allowed: attribute
    .default('notifications')
    .describe(
      'Context attribute that is false for units that declined messages, and true for those that agreed.',
    ),
  visits: attribute
    .default('visits')
    .describe('Context attribute that lists the times of the unit’s visits.'),
});
type Params = z.output<typeof schema>;

/** Rules that a message may never break, kept for members whom policies may not know and where a policy fails. */
export const contactRules: Wrapper<Params> = {
  key: 'contact-rules',
  title: 'Messages: consent, caps, quiet hours',
  summary:
    'Sends nothing to who declined, above the caps, in quiet hours of the unit’s clock, or far from its own hours.',
  reference:
    'Zhao, Narita, Orten, Egan (2018), Notification volume control and optimization system at Pinterest',
  params: defineParams(schema),
  hard: true,
  limitAttributes: ({ allowed, sent }) => [allowed, sent, ...CLOCK_ATTRIBUTES],
  silent: ({ silent }) => silent,
  contact: ({ context, at }, params) => contactOf(context, at, params satisfies ContactRules),
  eligible: ({ actions, at, context }, params) => {
    if (contactOf(context, at, params).status === 'open') return new Uint8Array(actions.length).fill(1);
    return Uint8Array.from(actions, ({ id }) => (id === params.silent ? 1 : 0));
  },
};
