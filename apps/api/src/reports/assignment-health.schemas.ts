import { ASSIGNMENT_STATES, EXCLUDABLE_STATES } from '#metrics';
import { z } from 'zod';

export const ruleFields = {
  threshold: z.number().gt(0).max(1),
  lateAfterSeconds: z
    .int()
    .min(1)
    .max(90 * 86_400),
};
const share = ruleFields.threshold.nullable().describe('Share of units; null: no rule of its own');
const exclude = z.boolean().nullable().describe('true: left out of reports; null: no rule of its own');

/** PATCH of rules: a field left out stays as it is; null takes the own rule away, and the next wider one holds. */
export const patchAssignmentRulesSchema = z
  .strictObject({
    exclude: z
      .strictObject(
        Object.fromEntries(EXCLUDABLE_STATES.map((state) => [state, exclude])) as Record<
          (typeof EXCLUDABLE_STATES)[number],
          typeof exclude
        >,
      )
      .partial(),
    thresholds: z
      .strictObject(
        Object.fromEntries(ASSIGNMENT_STATES.map((state) => [state, share])) as Record<
          (typeof ASSIGNMENT_STATES)[number],
          typeof share
        >,
      )
      .partial(),
    lateAfterSeconds: ruleFields.lateAfterSeconds
      .nullable()
      .describe('An exposure later than this after its decision is late; holds for exposures from then on'),
  })
  .partial()
  .refine(
    (body) => Object.keys(body).length > 0,
    'name at least one rule: exclude, thresholds, lateAfterSeconds',
  );
export type PatchAssignmentRules = z.output<typeof patchAssignmentRulesSchema>;
