import {
  DEFAULT_ESTIMATOR,
  EMPTY_MOMENTS,
  adjustmentsSideBySide,
  estimatorRegistry,
  linContrast,
  mergeAll,
  notComputed,
  planLin,
} from '#metrics';
import type {
  AdjustedResult,
  Computed,
  Contrast,
  CovariateMoments,
  Estimator,
  MetricDefinition,
  ReportOptions,
  SegmentAttribute,
} from '#metrics';
import { Problem } from '../http/problem.js';
import type { Database } from '../persistence/database.js';
import { AdjustmentReads, strataOf } from './adjustment-reads.js';
import type { Covariate } from './adjustment-reads.js';
import { baselineOf } from './baseline.js';
import { requireOwnAssignment } from './clustered.js';
import { metricsOf, optionsOf } from './lift-reports.js';
import { metricOf } from './metric-of.js';
import type { AdjustmentsQueryBody } from './metric-reports.schemas.js';
import { seriesOptions } from './report-settings.js';
import type { ReportedExperiment } from './report-store.js';
import { segmentAttributes } from './unit-reads.js';

export interface AdjustmentsReport {
  readonly experiment: string;
  readonly metric: string;
  readonly title: string;
  readonly measuredIn: MetricDefinition['measuredIn'];
  readonly kind: MetricDefinition['kind'];
  readonly betterWhen: MetricDefinition['betterWhen'];
  readonly asOf: string;
  readonly baseline: string;
  readonly estimator: string;
  readonly alpha: number;
  /** Pre-period values that CUPED with several covariates and the regression use; the metric's own first, if it has one. */
  readonly covariates: readonly Covariate[];
  /** Standard errors of the regression. */
  readonly errors: 'hc2' | 'hc3';
  /** The attribute of the strata, its values with a stratum of their own, and what else could be chosen. */
  readonly stratifyBy: { readonly attribute: string; readonly values: readonly string[] } | null;
  readonly stratifyByChoices: readonly string[];
  readonly arms: readonly { readonly arm: string; readonly results: readonly AdjustedResult[] }[];
  /** Why there is nothing to compare; null: there is. */
  readonly reason: 'needs_units' | 'no_units' | null;
}

/**
 * One metric of every arm in every way of adjusting it, from sums that the database makes: at most two passes over the
 * units, and one more per arm for the errors of the regression.
 * @throws Problem 400 for an unknown metric, baseline or attribute.
 */
export async function adjustmentsReport(
  db: Database,
  experiment: ReportedExperiment,
  query: AdjustmentsQueryBody,
  now: Date,
): Promise<AdjustmentsReport> {
  const metric = metricOf(experiment, query.metric);
  requireOwnAssignment(experiment, 'the comparison of adjustments');
  const baseline = baselineOf(experiment, query.baseline);
  const options = optionsOf(query, experiment);
  const attributes = await segmentAttributes(db, experiment.key);
  const stratifyBy = attributeOf(attributes, query.stratifyBy);
  const sums = metric.kind !== 'quantile' && metric.kind !== 'time-to-event';
  const others = metricsOf(experiment).map(({ definition }) => definition);
  const reads = sums ? await AdjustmentReads.of(db, experiment.key, metric, others, now) : null;
  const found = reads && (await armsOf(reads, { experiment, metric, baseline, options, stratifyBy, query }));
  return {
    experiment: experiment.key,
    metric: metric.key,
    title: metric.title,
    measuredIn: metric.measuredIn,
    kind: metric.kind,
    betterWhen: metric.betterWhen,
    asOf: now.toISOString(),
    baseline,
    estimator: estimatorOf(query).key,
    alpha: query.alpha ?? DEFAULT_ALPHA,
    covariates: reads?.covariates ?? [],
    errors: query.errors,
    stratifyBy,
    stratifyByChoices: attributes.map(({ attribute }) => attribute),
    arms: found ?? [],
    reason: sums ? (found === null ? 'no_units' : null) : 'needs_units',
  };
}

const DEFAULT_ALPHA = 0.05;

const estimatorOf = ({ estimator }: AdjustmentsQueryBody): Estimator =>
  estimatorRegistry.get(estimator ?? DEFAULT_ESTIMATOR);

interface Asked {
  readonly experiment: ReportedExperiment;
  readonly metric: MetricDefinition;
  readonly baseline: string;
  readonly options: ReportOptions;
  readonly stratifyBy: AdjustmentsReport['stratifyBy'];
  readonly query: AdjustmentsQueryBody;
}

/** Every arm against the baseline; null while no unit counts. */
async function armsOf(reads: AdjustmentReads, asked: Asked): Promise<AdjustmentsReport['arms'] | null> {
  const { experiment, metric, baseline, options, stratifyBy, query } = asked;
  const [strata, moments] = await Promise.all([
    reads.strata(stratifyBy?.attribute ?? null, stratifyBy?.values ?? []),
    reads.moments(),
  ]);
  if (strata.size === 0) return null;
  const arms: AdjustmentsReport['arms'][number][] = [];
  for (const { key: arm } of experiment.arms.filter(({ key }) => key !== baseline)) {
    const pair = strataOf(strata, baseline, arm, EMPTY_MOMENTS);
    const covariates = pairOf(moments, baseline, arm);
    const regression =
      covariates &&
      (await regressionOf(reads, covariates, { control: baseline, treatment: arm }, query.errors));
    arms.push({
      arm,
      results: adjustmentsSideBySide({
        estimator: estimatorOf(query),
        options: seriesOptions(options, metric, experiment.arms, [baseline, arm]),
        control: mergeAll(pair.map(({ control }) => control)),
        treatment: mergeAll(pair.map(({ treatment }) => treatment)),
        covariates,
        regression,
        strata: stratifyBy === null ? [] : pair,
      }),
    });
  }
  return arms;
}

/** @throws Problem 400 for an attribute by which the units cannot be told apart. */
function attributeOf(
  attributes: readonly SegmentAttribute[],
  wanted: string | undefined,
): AdjustmentsReport['stratifyBy'] {
  const chosen =
    wanted === undefined ? attributes[0] : attributes.find(({ attribute }) => attribute === wanted);
  if (chosen) return { attribute: chosen.attribute, values: chosen.values.map(({ value }) => value) };
  if (wanted === undefined) return null;
  const known = attributes.map(({ attribute }) => attribute).join(', ');
  throw Problem.invalid(
    '/stratifyBy',
    'unknown_attribute',
    known === ''
      ? 'no attribute of this experiment’s units has two values or more'
      : `must be one of the attributes of the units: ${known}`,
  );
}

type Pair = { readonly control: CovariateMoments; readonly treatment: CovariateMoments };

function pairOf(moments: ReadonlyMap<string, CovariateMoments>, baseline: string, arm: string): Pair | null {
  const [control, treatment] = [moments.get(baseline), moments.get(arm)];
  return control && treatment ? { control, treatment } : null;
}

async function regressionOf(
  reads: AdjustmentReads,
  { control, treatment }: Pair,
  arms: { readonly control: string; readonly treatment: string },
  errors: 'hc2' | 'hc3',
): Promise<Computed<Contrast>> {
  const plan = planLin(control, treatment);
  if (!plan.ok) return notComputed(plan.reason);
  return linContrast(plan.value, await reads.residuals(plan.value, arms), errors);
}
