import { combinesPeriods } from './adaptive/combine-periods.js';
import { comparisonOf, pValueOf, planOfPair } from './comparison.js';
import { contrast } from './contrast.js';
import type { Effect, EstimateOptions, Estimator, HalfWidthOptions, Moments } from './contract.js';
import { formulaOf } from './formula.js';
import { runHealthChecks } from './health/index.js';
import { withReportFacts } from './health/report-facts.js';
import { withMultiplicity } from './report-families.js';
import { guardrailTests } from './report-guardrails.js';
import {
  comparedMoments,
  effectOverPeriods,
  indexCells,
  isOfOnePeriod,
  periodFormula,
  shownKind,
} from './report-periods.js';
import type { CellIndex, ComparedMoments } from './report-periods.js';
import { detectableEffect, unitsStillNeeded } from './power/power.js';
import type { PowerOptions } from './power/power.js';
import type {
  ReportArm,
  ReportBody,
  ReportInput,
  ReportMetric,
  ReportResult,
  SeriesPoint,
} from './report.contract.js';
import { decide } from './verdict.js';

/** Power at which detectable effects are stated. */
const POWER = 0.8;
/** Why a metric shows no effect, in words. */
const WITHHELD: Readonly<Record<string, string>> = {
  no_cluster_form: 'no lift, since this kind of metric has no error that knows of clusters',
};
/** Relative deterioration that a guardrail tolerates unless its metric says otherwise. */
export const DEFAULT_MARGIN = 0.05;

const DEFAULTS = {
  adjust: true,
  minimumLift: 0.05,
  sequentialTuning: null,
  multiplicity: null,
  family: 'role',
  guardrailTest: 'non-inferiority',
  lookPlan: null,
  priorLiftSd: null,
} as const;

interface Context {
  readonly estimator: Estimator;
  readonly baseline: ReportArm;
  readonly treatments: readonly ReportArm[];
  readonly options: ReportBody['options'];
  /** By metric, where its definition says more than the default. */
  readonly minimumLifts: ReadonlyMap<string, number>;
}

/**
 * The report of one experiment: health first, then every metric of every arm against the baseline, corrected
 * for multiplicity, then the verdict. Pure; the API's report, its analyses and the command line all use it.
 * @throws DomainError `unknown_key` for an unknown estimator, `invalid_report` when there is no baseline arm or
 * alpha is outside (0, 1). Odd data never throw: they give effects with status `undefined` and a reason.
 */
export function buildReport(input: ReportInput): ReportBody {
  const context = contextOf(input);
  const cells = indexCells(input.cells);
  const results = withMultiplicity(
    input.metrics.flatMap((metric) => context.treatments.map((arm) => resultOf(metric, arm, cells, context))),
    context.options,
  );
  const facts = withReportFacts(input.facts, {
    results,
    metrics: input.metrics,
    baseline: context.baseline.key,
    isOfOnePeriod: (metric) => isOfOnePeriod(cells, metric),
    momentsOf: (metric, arm) => cells.get(metric)?.whole.get(arm),
    power: {
      estimator: context.estimator,
      minimumLiftOf: (metric) => minimumLiftOf(metric, context),
      optionsOf: (arm) => lookOptions(arm, context),
    },
  });
  const health = runHealthChecks(facts);
  return {
    options: context.options,
    arms: input.arms.map((arm) => ({
      ...arm,
      units: input.facts.arms.find(({ key }) => key === arm.key)?.units ?? 0,
    })),
    health,
    verdict: decide({
      results,
      health,
      facts,
      alpha: context.options.alpha,
      minimumLift: minimumLiftOf(decisionMetricOf(input), context),
    }),
    results,
    series: seriesOf(input, context),
    missing: missingOf(input, cells),
  };
}

function contextOf(input: ReportInput): Context {
  const given = input.options ?? {};
  const { estimator, alpha, baseline, treatments } = comparisonOf(input.arms, given);
  return {
    estimator,
    baseline,
    treatments,
    minimumLifts: minimumLiftsOf(input),
    options: {
      ...DEFAULTS,
      ...given,
      estimator: estimator.key,
      alpha,
      level: 1 - alpha,
      baseline: baseline.key,
    },
  };
}

/** What the caller asks for goes before what the definitions say. */
function minimumLiftsOf({ metrics, options }: ReportInput): ReadonlyMap<string, number> {
  if (options?.minimumLift !== undefined) return new Map();
  return new Map(
    metrics.flatMap(({ definition: { key, minimumLift } }) =>
      minimumLift === undefined ? [] : [[key, minimumLift]],
    ),
  );
}

const minimumLiftOf = (metric: string, { minimumLifts, options }: Context): number =>
  minimumLifts.get(metric) ?? options.minimumLift;

const decisionMetricOf = ({ metrics }: ReportInput): string =>
  metrics.find(({ role }) => role === 'decision')?.definition.key ?? '';

function estimateOptions(metric: ReportMetric, arm: ReportArm, context: Context): EstimateOptions {
  const { adjust, priorLiftSd, minimumLift } = context.options;
  return {
    ...lookOptions(arm.key, context),
    adjust,
    kind: metric.definition.kind,
    betterWhen: metric.definition.betterWhen,
    equivalence: minimumLift,
    ...(priorLiftSd === null ? {} : { priorLiftSd }),
  };
}

/** What the width of an interval of this arm depends on beside its size. */
function lookOptions(key: string, context: Context): HalfWidthOptions {
  const { alpha, sequentialTuning, lookPlan } = context.options;
  const arm = context.treatments.find((treatment) => treatment.key === key) ?? context.baseline;
  return {
    alpha,
    ...(sequentialTuning === null ? {} : { sequentialTuning }),
    ...(lookPlan === null ? {} : { lookPlan: planOfPair(lookPlan, arm, context) }),
  };
}

function resultOf(metric: ReportMetric, arm: ReportArm, cells: CellIndex, context: Context): ReportResult {
  const { definition, role } = metric;
  const compared = comparedOf(metric, arm, cells, context);
  const { control, treatment } = compared;
  const options = estimateOptions(metric, arm, context);
  const { effect, periods } = effectOverPeriods(compared, (a, b) =>
    withheldBy(metric, context.estimator.compare(a, b, options)),
  );
  const margin = metric.margin ?? definition.guardrailMargin ?? DEFAULT_MARGIN;
  return {
    metric: definition.key,
    title: definition.title,
    measuredIn: definition.measuredIn,
    betterWhen: definition.betterWhen,
    family: definition.family,
    role,
    arm: arm.key,
    moments: { control, treatment },
    formula: [
      ...periodFormula(compared),
      ...formulaOf(control, treatment, effect, shownKind(compared, definition.kind)),
    ],
    effect,
    periods,
    unadjusted: effect.adjusted
      ? context.estimator.compare(control, treatment, { ...options, adjust: false })
      : null,
    pValue: pValueOf(effect),
    pValueAdjusted: null,
    multiplicity: 'none',
    familySize: 1,
    adjustedIntervals: null,
    direction: 'unclear',
    ...(role === 'guardrail'
      ? guardrailTests(context.estimator, control, treatment, {
          options: { ...options, margin, betterWhen: definition.betterWhen },
          test: context.options.guardrailTest,
        })
      : { nonInferiority: null, equivalence: null }),
    ...powerOf(control, treatment, options, context, minimumLiftOf(definition.key, context)),
  };
}

const NO_CELLS: CellIndex = new Map();

/** Without cells there is no effect; why stands with the metric. */
const withheldBy = ({ withheld }: ReportMetric, effect: Effect): Effect =>
  withheld === undefined
    ? effect
    : { ...effect, reason: withheld, relative: { ...effect.relative, reason: withheld } };

const comparedOf = (
  { definition, withheld }: ReportMetric,
  arm: ReportArm,
  cells: CellIndex,
  { baseline, estimator }: Context,
): ComparedMoments =>
  comparedMoments(
    withheld === undefined ? cells : NO_CELLS,
    definition.key,
    [baseline.key, arm.key],
    combinesPeriods(estimator.key),
  );

function powerOf(
  control: Moments,
  treatment: Moments,
  options: EstimateOptions,
  context: Context,
  minimumLift: number,
): Pick<ReportResult, 'detectable' | 'unitsNeededPerArm'> {
  const found = contrast(control, treatment, options);
  if (!found.ok) return { detectable: { absolute: null, relative: null }, unitsNeededPerArm: null };
  const { standardError, baseline } = found.contrast;
  const sizes = { control: control.n, treatment: treatment.n };
  const power: PowerOptions = { ...options, power: POWER, estimator: context.estimator };
  const absolute = detectableEffect(standardError, sizes, power);
  const scale = Math.abs(baseline);
  const relative = absolute === null || scale === 0 ? null : absolute / scale;
  return {
    detectable: { absolute, relative: relative !== null && Number.isFinite(relative) ? relative : null },
    unitsNeededPerArm: unitsStillNeeded(standardError, sizes, minimumLift * scale, power),
  };
}

function seriesOf(input: ReportInput, context: Context): SeriesPoint[] {
  return (input.series ?? []).flatMap(({ at, cells }) => {
    const index = indexCells(cells);
    return input.metrics.flatMap((metric) =>
      context.treatments.map((arm): SeriesPoint => ({
        at,
        metric: metric.definition.key,
        arm: arm.key,
        effect: effectAt(metric, arm, index, context),
      })),
    );
  });
}

function effectAt(metric: ReportMetric, arm: ReportArm, cells: CellIndex, context: Context): Effect {
  const { control, treatment } = comparedOf(metric, arm, cells, context);
  return withheldBy(
    metric,
    context.estimator.compare(control, treatment, estimateOptions(metric, arm, context)),
  );
}

function missingOf(input: ReportInput, cells: CellIndex): string[] {
  return input.metrics.flatMap(({ definition, withheld }) => {
    if (withheld !== undefined) return [`${definition.title}: ${WITHHELD[withheld] ?? withheld}.`];
    const empty = input.arms.filter(
      (arm) => arm.weight > 0 && !cells.get(definition.key)?.whole.get(arm.key)?.n,
    );
    if (empty.length === 0) return [];
    const why =
      definition.maturityDays > 0
        ? ` (units count from ${definition.maturityDays} days after first exposure on)`
        : '';
    return [`${definition.title}: no units yet in ${empty.map((arm) => arm.key).join(', ')}${why}.`];
  });
}
