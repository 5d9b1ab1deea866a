import { z } from 'zod';
import { ASSIGNMENT_STATES, DEFAULT_GUARD_PLAN, EXCLUDABLE_STATES } from '#metrics';
import { createExperimentSchema } from '../../experiments/experiment.schemas.js';
import { MOST_STEPS, atEndField, goalFields, stepSchema } from '../../experiments/schedule.schemas.js';
import { guardFields, guardRuleFields } from '../../guardrails/guardrail.schemas.js';
import { keyField } from '../../http/fields.js';
import { ruleFields } from '../../reports/assignment-health.schemas.js';

/** One moment is one text, whatever the offset that a file writes it with. */
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const noTime = time.nullable().default(null);

const scheduleSchema = z
  .strictObject({
    startAt: noTime.describe('It starts by itself then'),
    endAt: noTime,
    atEnd: atEndField.default('stop'),
    ramp: z
      .array(stepSchema.extend({ at: noTime }))
      .max(MOST_STEPS)
      .default([]),
    stopWhen: z
      .strictObject({
        units: goalFields.units.default(null),
        halfWidth: goalFields.halfWidth.default(null),
      })
      .prefault({}),
  })
  .describe('Dates, ramp and goals; absent: as planned by hand. {}: nothing is planned.');
export type SchedulePart = z.output<typeof scheduleSchema>;

const guardrailsSchema = z
  .strictObject({
    alpha: guardFields.alpha.default(DEFAULT_GUARD_PLAN.alpha),
    minimumMinutes: guardFields.minimumMinutes.default(DEFAULT_GUARD_PLAN.minimumMinutes),
    minimumUnits: guardFields.minimumUnits.default(DEFAULT_GUARD_PLAN.minimumUnits),
    metrics: z
      .record(keyField, z.strictObject({ ...guardRuleFields, margin: guardRuleFields.margin.default(null) }))
      .default({})
      .describe('Rules of single guardrail metrics'),
    defaultAction: guardFields.defaultAction.default(DEFAULT_GUARD_PLAN.defaultAction),
    sampleRatio: guardFields.sampleRatio.default(DEFAULT_GUARD_PLAN.sampleRatio),
    errors: guardFields.errors.default(DEFAULT_GUARD_PLAN.errors),
  })
  .describe('What a breach leads to; absent: as set by hand. {}: the defaults.');
export type GuardrailsPart = z.output<typeof guardrailsSchema>;

const byState = <K extends string, T extends z.ZodType>(states: readonly K[], field: T) =>
  z.strictObject(Object.fromEntries(states.map((state) => [state, field])) as Record<K, T>).partial();

const assignmentRulesSchema = z
  .strictObject({
    exclude: byState(EXCLUDABLE_STATES, z.boolean()).default({}),
    thresholds: byState(ASSIGNMENT_STATES, ruleFields.threshold).default({}),
    lateAfterSeconds: ruleFields.lateAfterSeconds.optional(),
  })
  .describe('Which units its report leaves out; absent: as set by hand. {}: as the project does.');
export type AssignmentRulesPart = z.output<typeof assignmentRulesSchema>;

export const PART_SCHEMAS = {
  schedule: scheduleSchema,
  guardrails: guardrailsSchema,
  assignmentRules: assignmentRulesSchema,
} as const;

/** How an experiment is run, as far as files say it. */
export interface RunParts {
  readonly schedule: SchedulePart;
  readonly guardrails: GuardrailsPart;
  readonly assignmentRules: AssignmentRulesPart;
}

export const NO_PARTS: RunParts = {
  schedule: scheduleSchema.parse({}),
  guardrails: guardrailsSchema.parse({}),
  assignmentRules: assignmentRulesSchema.parse({}),
};

/** An experiment in a file: its design, and how it is run where the file says so. */
export const experimentFileSchema = createExperimentSchema.extend({
  schedule: scheduleSchema.optional(),
  guardrails: guardrailsSchema.optional(),
  assignmentRules: assignmentRulesSchema.optional(),
});
export type ExperimentFile = z.output<typeof experimentFileSchema>;
