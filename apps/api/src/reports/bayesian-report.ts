import { exactReport } from '#metrics';
import type { ExactReport, Measure, MetricDefinition, Moments, ReportCell } from '#metrics';
import { baselineOf } from './baseline.js';
import { requireOwnAssignment } from './clustered.js';
import { metricOf } from './metric-of.js';
import type { BayesianQueryBody } from './metric-reports.schemas.js';
import type { ReportStore, ReportedExperiment } from './report-store.js';

const DEFAULT_EQUIVALENCE = 0.01;
/** Variance of a count over its mean from which a Poisson law is too narrow to be trusted. */
const OVERDISPERSED = 1.5;

export interface BayesianReport {
  readonly experiment: string;
  readonly metric: string;
  readonly title: string;
  readonly measuredIn: MetricDefinition['measuredIn'];
  readonly betterWhen: MetricDefinition['betterWhen'];
  readonly asOf: string;
  readonly baseline: string;
  readonly model: 'beta-binomial' | 'gamma-poisson' | null;
  readonly prior: { readonly a: number; readonly b: number };
  readonly alpha: number;
  /** Relative half-width of the region of practical equivalence. */
  readonly equivalence: number;
  readonly arms: readonly (ExactReport['arms'][number] & {
    /** Counts: variance over mean, 1 for a Poisson law; null: shares, or fewer than two units. */
    readonly dispersion: number | null;
  })[];
  readonly comparisons: ExactReport['comparisons'];
  /** Why there is nothing; null: there is. `not_exact`: neither a share nor a count. */
  readonly reason: string | null;
  readonly warnings: readonly string[];
}

/**
 * Shares under beta-binomial and counts under gamma-Poisson models, all arms with one prior, from the stored moments.
 * @throws Problem 400 for an unknown metric or baseline.
 */
export async function bayesianReport(
  store: ReportStore,
  experiment: ReportedExperiment,
  query: BayesianQueryBody,
  now: Date,
): Promise<BayesianReport> {
  const metric = metricOf(experiment, query.metric);
  requireOwnAssignment(experiment, 'the conjugate model');
  const baseline = baselineOf(experiment, query.baseline);
  const model = modelOf(metric);
  const equivalence = query.equivalence ?? metric.minimumLift ?? DEFAULT_EQUIVALENCE;
  const alpha = query.alpha ?? 0.05;
  const head = {
    experiment: experiment.key,
    metric: metric.key,
    title: metric.title,
    measuredIn: metric.measuredIn,
    betterWhen: metric.betterWhen,
    asOf: now.toISOString(),
    baseline,
    model,
    prior: { a: query.priorA, b: query.priorB },
    alpha,
    equivalence,
  };
  const found =
    model === null ? 'not_exact' : armsOf(experiment, await cellsOf(store, experiment, metric, now));
  const made =
    typeof found === 'string' ? found : modelled(found, metric, { ...head, model: model as ExactModel });
  if (typeof made === 'string') return { ...head, arms: [], comparisons: [], reason: made, warnings: [] };
  return { ...head, ...made, reason: null };
}

const cellsOf = (store: ReportStore, { key }: ReportedExperiment, metric: MetricDefinition, now: Date) =>
  store.cells(key, [metric], now, null);

interface Arm {
  readonly key: string;
  readonly moments: Moments;
}

const armsOf = ({ arms }: ReportedExperiment, cells: readonly ReportCell[]): Arm[] =>
  arms.flatMap(({ key }) => {
    const moments = cells.find(({ arm }) => arm === key)?.moments;
    return moments && moments.n > 0 ? [{ key, moments }] : [];
  });

/** The posterior in units of the metric, or why there is none. */
function modelled(
  arms: readonly Arm[],
  metric: MetricDefinition,
  head: Pick<BayesianReport, 'prior' | 'baseline' | 'alpha' | 'betterWhen' | 'equivalence'> & {
    readonly model: ExactModel;
  },
): Pick<BayesianReport, 'arms' | 'comparisons' | 'warnings'> | string {
  const { model, prior } = head;
  const scale = metric.numerator.scale ?? 1;
  const report = exactReport(
    arms.map(({ key, moments: { n, mean } }) => ({ key, n, events: eventsOf(n, mean[0] / scale, model) })),
    { ...head, prior: [prior.a, prior.b] },
  );
  if (!report.ok) return report.reason;
  const dispersions = arms.map(({ moments }) =>
    model === 'gamma-poisson' ? dispersionOf(moments, scale) : null,
  );
  return {
    arms: report.value.arms.map((arm, i) => ({
      ...arm,
      mean: arm.mean * scale,
      lower: arm.lower * scale,
      upper: arm.upper * scale,
      dispersion: dispersions[i] ?? null,
    })),
    comparisons: report.value.comparisons.map((one) => ({
      ...one,
      expectedLoss: {
        treatment: one.expectedLoss.treatment * scale,
        baseline: one.expectedLoss.baseline * scale,
      },
    })),
    warnings: warningsOf(metric, dispersions),
  };
}

/** Sums of whole numbers are whole; what the mean lost to rounding comes back. Capped counts need not be whole. */
function eventsOf(n: number, mean: number, model: ExactModel): number {
  const events = n * mean;
  const whole = Math.round(events);
  const near = Math.abs(events - whole) <= 1e-9 * Math.max(1, events) ? whole : events;
  return model === 'beta-binomial' ? Math.min(n, Math.max(0, near)) : Math.max(0, near);
}

type ExactModel = NonNullable<BayesianReport['model']>;

const COUNTED: readonly Measure['fold'][] = ['count', 'exposures'];

function modelOf({ kind, numerator: { fold, scale = 1 }, cap }: MetricDefinition): ExactModel | null {
  if (kind === 'proportion' || kind === 'retention')
    return fold === 'any' && scale === 1 ? 'beta-binomial' : null;
  if (kind !== 'count' || !COUNTED.includes(fold) || !(scale > 0)) return null;
  return cap && 'quantile' in cap ? null : 'gamma-poisson';
}

function dispersionOf({ n, mean, comoment }: Moments, scale: number): number | null {
  const value = comoment[0] / (n - 1) / (mean[0] * scale);
  return Number.isFinite(value) ? value : null;
}

function warningsOf({ cap }: MetricDefinition, dispersions: readonly (number | null)[]): string[] {
  const most = Math.max(0, ...dispersions.map((value) => value ?? 0));
  return [
    ...(most > OVERDISPERSED
      ? [
          `The counts vary ${most.toFixed(1)} times as much as a Poisson law would. Its intervals are too narrow here; use the normal posterior of the report (estimator bayesian).`,
        ]
      : []),
    ...(cap === undefined ? [] : ['The counts are capped, so the model is about capped counts.']),
  ];
}
