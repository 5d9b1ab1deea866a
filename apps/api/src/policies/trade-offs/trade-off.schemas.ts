import { z } from 'zod';
import { keyField, textField } from '../../http/fields.js';

const weight = z.number().min(-1000).max(1000);
const objective = textField(100).min(1);

/** A setting of the re-ranker trade-off that somebody wants to see beside the usual ones. */
const ownSetting = z.strictObject({
  relevance: weight.default(1).describe('Weight of the score of the policy.'),
  diversity: weight.default(0).describe('Weight of the mean distance to the titles that stand above.'),
  objectives: z
    .record(objective, weight)
    .default({})
    .describe('Weights of numeric features of titles, such as completionRate and returnRate.'),
  atLeast: z
    .record(objective, z.number().min(-1e9).max(1e9))
    .default({})
    .describe('Least mean over the ten places, by "diversity" or the name of a feature.'),
});

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
  alsoTry: z
    .array(ownSetting)
    .max(20)
    .default([])
    .describe('Settings that are tried besides the usual ones.'),
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
