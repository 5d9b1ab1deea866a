import { z } from 'zod';
import { FAMILY_SCOPES, GUARDRAIL_TESTS, MULTIPLICITY_CHOICES } from '#metrics';
import type { MetricDefinition, EstimateOptions, LookPlan, ReportArm, ReportOptions } from '#metrics';

const MOST_LOOKS = 20;

const choices = {
  multiplicity: z
    .enum(MULTIPLICITY_CHOICES)
    .optional()
    .describe(
      'Correction of p-values and intervals; absent: Holm for decision metrics, fdr_bh for secondary ones',
    ),
  family: z.enum(FAMILY_SCOPES).optional().describe('Which comparisons are corrected together; default role'),
  guardrailTest: z.enum(GUARDRAIL_TESTS).optional().describe('Guardrails on one side or on both'),
  spending: z
    .enum(['obrien_fleming', 'pocock'])
    .optional()
    .describe('Group sequential: how the error is spent'),
};

/** How a report is computed, as query parameters. */
export const reportSettings = {
  ...choices,
  looks: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_LOOKS)
    .optional()
    .describe('Group sequential: number of evenly spaced planned looks'),
  plannedUnits: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Group sequential: units of all arms at the last look; default: the experiment’s planned units',
    ),
  priorLiftSd: z.coerce
    .number()
    .gt(0)
    .max(100)
    .optional()
    .describe('Bayesian: standard deviation of the prior of the relative lift; absent: flat'),
};

/** The same in the body of an analysis. */
export const analysisSettings = {
  ...choices,
  looks: z.number().int().min(1).max(MOST_LOOKS).optional(),
  plannedUnits: z.number().int().min(1).optional(),
  priorLiftSd: z.number().gt(0).max(100).optional(),
};

export interface ReportSettings {
  readonly multiplicity?: ReportOptions['multiplicity'] | undefined;
  readonly family?: ReportOptions['family'] | undefined;
  readonly guardrailTest?: ReportOptions['guardrailTest'] | undefined;
  readonly spending?: LookPlan['spending'] | undefined;
  readonly looks?: number | undefined;
  readonly plannedUnits?: number | undefined;
  readonly priorLiftSd?: number | undefined;
}

/** Settings in the engine's words. @param plannedUnits of the experiment, where the request names none. */
export function settingsOf(settings: ReportSettings, plannedUnits: number | null): ReportOptions {
  const { multiplicity, family, guardrailTest, priorLiftSd } = settings;
  const lookPlan = lookPlanOf(settings, plannedUnits);
  return {
    ...(multiplicity === undefined ? {} : { multiplicity }),
    ...(family === undefined ? {} : { family }),
    ...(guardrailTest === undefined ? {} : { guardrailTest }),
    ...(priorLiftSd === undefined ? {} : { priorLiftSd }),
    ...(lookPlan === null ? {} : { lookPlan }),
  };
}

function lookPlanOf(settings: ReportSettings, planned: number | null): LookPlan | null {
  const { looks: count, spending = 'obrien_fleming' } = settings;
  const plannedUnits = settings.plannedUnits ?? planned;
  if (count === undefined || plannedUnits === null) return null;
  return { plannedUnits, spending, looks: Array.from({ length: count }, (_, i) => (i + 1) / count) };
}

/** What one point of the curve of an effect is computed with; the pair of arms gets its share of the planned units. */
export function seriesOptions(
  options: ReportOptions,
  definition: MetricDefinition,
  arms: readonly ReportArm[],
  compared: readonly string[],
): EstimateOptions {
  const { alpha = 0.05, lookPlan, priorLiftSd } = options;
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  const pair = arms.filter(({ key }) => compared.includes(key));
  const share = total > 0 ? pair.reduce((sum, { weight }) => sum + weight, 0) / total : 1;
  return {
    alpha,
    adjust: options.adjust ?? true,
    kind: definition.kind,
    betterWhen: definition.betterWhen,
    ...(priorLiftSd === undefined ? {} : { priorLiftSd }),
    ...(lookPlan === undefined
      ? {}
      : { lookPlan: { ...lookPlan, plannedUnits: lookPlan.plannedUnits * share } }),
  };
}
