import { z } from 'zod';
import { DECISION_ID, KEY_PATTERN, LIMITS } from './treatments.validator.js';

const contextValue = z.union([
  z.string().max(LIMITS.textLength),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string().max(LIMITS.textLength)).max(LIMITS.listLength),
]);
const context = z.record(z.string().max(LIMITS.keyLength), contextValue);
const key = z.string().regex(new RegExp(KEY_PATTERN));
const id = z.string().min(1).max(LIMITS.idLength);

/** Documents the body of `POST /v1/treatments`; treatments.validator.ts enforces it. */
export const treatmentsBody = z.object({
  unitId: z
    .string()
    .min(1)
    .max(LIMITS.unitIdLength)
    .describe('Pseudonymous id of who is randomised; never an e-mail address or a phone number.'),
  unitType: key
    .default('member')
    .optional()
    .describe('What the unit is: member, profile, device, session, account.'),
  context: context
    .optional()
    .describe(
      'Attributes known now, for targeting and contextual policies. At most 100, flat, and 16 kB as JSON.',
    ),
  requests: z
    .array(
      z.object({
        surface: key.describe('Where the treatment will show.'),
        subject: id
          .nullable()
          .optional()
          .describe('What the choice is about, for example the title whose artwork is chosen.'),
        actions: z
          .array(
            z.object({ id, features: context.optional().describe('At most 64, flat, and 16 kB as JSON.') }),
          )
          .max(LIMITS.actions)
          .optional()
          .describe("Candidates; without them the surface's registered ones."),
        limit: z.number().int().min(1).max(LIMITS.actions).optional().describe('Length of a slate.'),
        parent: z
          .union([
            z
              .number()
              .int()
              .min(0)
              .max(LIMITS.requests - 1),
            z.string().regex(DECISION_ID),
          ])
          .nullable()
          .optional()
          .describe(
            'The decision that this one is made within, such as the row whose artwork it chooses: the index of an ' +
              'earlier request of this call, or the `decisionId` of an earlier answer.',
          ),
      }),
    )
    .min(1)
    .max(LIMITS.requests),
  tester: z
    .string()
    .max(LIMITS.testerLength)
    .nullable()
    .optional()
    .describe('Token of a tester, which forces arms; see POST /v1/tester-tokens.'),
  expose: z
    .boolean()
    .default(false)
    .optional()
    .describe('True when the answer is shown for certain: the decisions count as seen.'),
});

const treatment = z.object({
  decisionId: z.string().describe('Send it with the events that follow.'),
  surface: z.string(),
  subject: z.string().optional(),
  experiment: z.string().nullable(),
  arm: z.string().nullable(),
  kind: z.enum(['value', 'action', 'slate']),
  value: z.unknown().optional(),
  action: z.string().nullable().optional(),
  slate: z
    .array(
      z.object({
        id: z.string(),
        propensity: z.number(),
        substitute: z
          .literal(true)
          .optional()
          .describe(
            'Stands in for an entry that is withheld, so that the lift of showing it can be measured.',
          ),
      }),
    )
    .optional(),
  propensity: z
    .number()
    .describe(
      'Probability of exactly this choice, given the arm, the context and the snapshot, and that it is shown or withheld.',
    ),
  policy: z.object({ key: z.string(), version: z.number().int() }).nullable(),
  reason: z.string(),
  unit: z
    .object({ unitId: z.string(), unitType: z.string() })
    .optional()
    .describe(
      'Present where the experiment compares another unit than the request names, such as its device. Send events that ' +
        'count for the experiment for this unit.',
    ),
  withheld: z
    .literal(true)
    .optional()
    .describe(
      'Present where the policy withholds what it chose, to measure the lift of showing: `action` is null, and the place ' +
        'shows what it would show without a policy. Send the exposure of the place all the same.',
    ),
  nextSession: z
    .object({
      within: z.array(z.object({ hours: z.number(), probability: z.number() })),
      quantiles: z
        .array(z.object({ probability: z.number(), at: z.number().nullable() }))
        .describe(
          'Unix milliseconds until when the unit comes back with each probability; null: later than the horizon.',
        ),
      meanHours: z
        .number()
        .describe('Expected hours until the next visit; later than the horizon counts as the horizon.'),
      horizonHours: z.number(),
    })
    .optional()
    .describe('When the unit comes back; of policies that foresee it.'),
  contact: z
    .object({
      status: z.enum(['open', 'declined', 'capped', 'quiet', 'later']),
      nextAt: z
        .number()
        .nullable()
        .describe('Unix milliseconds of the next moment that the rules allow; null: none is known.'),
      counts: z
        .boolean()
        .describe(
          'Sent or withheld: add this moment to the list of messages that the context has next time.',
        ),
    })
    .optional()
    .describe('Whether the unit may be sent something now; of policies with rules about it.'),
});

export const treatmentsAnswer = z.object({ treatments: z.array(treatment) });
