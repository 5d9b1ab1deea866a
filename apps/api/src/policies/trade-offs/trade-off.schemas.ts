import { z } from 'zod';
import { keyField, textField } from '../../http/fields.js';

/** POST /v1/policies/:id/trade-offs. */
export const tradeOffSchema = z.strictObject({
  completion: textField(128)
    .min(1)
    .default('complete')
    .describe('Name of the outcome that says that a title was watched to its end.'),
  completeDays: z.number().positive().max(90).default(7).describe('It may follow a use by this many days.'),
  returnDays: z
    .number()
    .positive()
    .max(28)
    .default(2)
    .describe('A member who uses anything between half a day and this many days after a use has come back.'),
  features: z
    .array(textField(100).min(1))
    .max(20)
    .optional()
    .describe(
      'Features whose values make titles alike; default: genres or genre, whichever the titles have.',
    ),
  seed: textField(100).min(1).default('trade-off').describe('Of the fit, and of which members are asked.'),
});
export type TradeOffBody = z.output<typeof tradeOffSchema>;

/** GET /v1/policies/:id/trade-offs. */
export const listTradeOffsSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type ListTradeOffs = z.output<typeof listTradeOffsSchema>;

/** POST /v1/policies/:id/trade-offs/:run/candidate. */
export const tradeOffCandidateSchema = z.strictObject({
  point: z.int().min(0).max(1000).describe('Place of the point in the curve, from 0.'),
  id: keyField.describe('Id of the new policy.'),
  title: textField(200).min(1),
});
export type TradeOffCandidate = z.output<typeof tradeOffCandidateSchema>;
