import {
  DEFAULT_ESTIMATOR,
  contrastVariance,
  daysUntil,
  enrolledAfter,
  estimatorRegistry,
  plannedSize,
  smallestLiftAt,
} from '#metrics';
import type { ExperimentPlan, GrowthCurve, MetricDefinition, Moments, PlannedSize, Rollout } from '#metrics';
import { Problem } from '../http/problem.js';
import type { PowerBody } from './power.schemas.js';

const MOST_DAYS = 365;
/** Days at which the curve of the smallest lift is drawn. */
const CURVE_DAYS = [1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84] as const;

export interface Baseline {
  readonly source: 'history' | 'guess';
  readonly experiment: { readonly key: string; readonly title: string } | null;
  readonly units: number | null;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly covariateCorrelation: number;
}

export interface History {
  readonly experiment: { readonly key: string; readonly title: string };
  readonly control: Moments;
}

export interface PowerAnswer {
  /** `needs-guess`: there is no history, and `missing` says what to guess. */
  readonly status: 'ok' | 'needs-guess' | 'out-of-reach';
  readonly missing: readonly string[];
  readonly baseline: Baseline | null;
  readonly traffic: {
    readonly source: 'history' | 'guess';
    readonly cumulativeUnits: readonly number[];
  } | null;
  readonly estimator: string;
  readonly comparisons: number;
  /** Error of each comparison with control (Bonferroni). */
  readonly alphaPerComparison: number;
  readonly minimumLift: number;
  readonly size:
    (PlannedSize & { readonly arms: readonly { readonly key: string; readonly units: number }[] }) | null;
  /** Units in all with a test that is read once, and how many times that the estimator needs. */
  readonly fixed: { readonly totalUnits: number; readonly price: number } | null;
  /** Whole days until enough units took part; null: not within a year, or the traffic is not known. */
  readonly days: number | null;
  readonly curve: readonly {
    readonly day: number;
    readonly units: number;
    readonly lift: number | null;
    readonly fixedLift: number | null;
  }[];
  /** What can be found within the days that were asked for. */
  readonly reverse: { readonly days: number; readonly units: number; readonly lift: number | null } | null;
}

/** Control's mean, spread and covariate of past data; null where they give no variance. */
function fromHistory(history: History | null, kind: MetricDefinition['kind']): Baseline | null {
  if (!history) return null;
  const found = contrastVariance(history.control, kind);
  if (!found || found.value === 0) return null;
  return {
    source: 'history',
    experiment: history.experiment,
    units: history.control.n,
    mean: found.value,
    standardDeviation: Math.sqrt(found.variance),
    covariateCorrelation: found.covariateCorrelation,
  };
}

const isShare = (kind: MetricDefinition['kind']): boolean => kind === 'proportion' || kind === 'retention';

/** @throws Problem 400 where a guess cannot be right. */
function fromGuess({ guess }: PowerBody, kind: MetricDefinition['kind']): Baseline | null {
  if (!guess) return null;
  const { mean } = guess;
  if (isShare(kind) && !(mean > 0 && mean < 1))
    throw Problem.invalid('/guess/mean', 'out_of_range', 'a share must be between 0 and 1');
  const standardDeviation = isShare(kind) ? Math.sqrt(mean * (1 - mean)) : guess.standardDeviation;
  if (standardDeviation === undefined) return null;
  return { source: 'guess', experiment: null, units: null, mean, standardDeviation, covariateCorrelation: 0 };
}

function growthOf(body: PowerBody, observed: readonly number[]): PowerAnswer['traffic'] {
  const perDay = body.guess?.unitsPerDay;
  if (perDay !== undefined) return { source: 'guess', cumulativeUnits: [perDay] };
  return observed.length > 0 ? { source: 'history', cumulativeUnits: observed } : null;
}

function missingOf(body: PowerBody, kind: MetricDefinition['kind'], baseline: Baseline | null): string[] {
  if (baseline) return [];
  if (body.guess === undefined)
    return isShare(kind) ? ['guess.mean'] : ['guess.mean', 'guess.standardDeviation'];
  return ['guess.standardDeviation'];
}

function planOf(body: PowerBody, kind: MetricDefinition['kind'], baseline: Baseline): ExperimentPlan {
  // The first weight is control's.
  const ordered = inOrder(body);
  return {
    kind,
    mean: baseline.mean,
    variance: baseline.standardDeviation ** 2,
    alpha: body.alpha,
    power: body.power,
    weights: ordered.map(({ weight }) => weight),
    covariateCorrelation: body.covariateCorrelation ?? baseline.covariateCorrelation,
    clusterSize: body.cluster?.size ?? 1,
    intraclassCorrelation: body.cluster?.correlation ?? 0,
    estimator: estimatorRegistry.get(body.estimator ?? DEFAULT_ESTIMATOR),
    ...(body.looks === undefined
      ? {}
      : {
          lookPlan: {
            spending: body.spending,
            looks: Array.from({ length: body.looks }, (_, i) => (i + 1) / (body.looks as number)),
          },
        }),
  };
}

const inOrder = ({ arms }: PowerBody): PowerBody['arms'] => [
  ...arms.filter((arm) => arm.isControl),
  ...arms.filter((arm) => !arm.isControl),
];

/**
 * Size and duration of an experiment before it starts. Never a size of nothing: without history and guess the answer
 * names what is missing.
 * @throws Problem 400: not exactly one control, a group sequential plan without looks, a guess that cannot be right.
 */
export function planPower(
  body: PowerBody,
  definition: MetricDefinition,
  history: History | null,
  observed: readonly number[],
): PowerAnswer {
  if (body.arms.filter((arm) => arm.isControl).length !== 1)
    throw Problem.invalid('/arms', 'one_control', 'exactly one arm must be the control');
  if (body.estimator === 'group-sequential' && body.looks === undefined)
    throw Problem.invalid('/looks', 'required', 'the group sequential method needs a number of looks');
  const { kind } = definition;
  const baseline = fromGuess(body, kind) ?? fromHistory(history, kind);
  const traffic = growthOf(body, observed);
  const comparisons = body.arms.length - 1;
  const shared = {
    baseline,
    traffic,
    estimator: body.estimator ?? DEFAULT_ESTIMATOR,
    comparisons,
    alphaPerComparison: body.alpha / comparisons,
    minimumLift: body.minimumLift,
  };
  const nothing = { size: null, fixed: null, days: null, curve: [], reverse: null };
  if (!baseline)
    return { status: 'needs-guess', missing: missingOf(body, kind, baseline), ...shared, ...nothing };
  const plan = planOf(body, kind, baseline);
  const lift = body.minimumLift * (isShare(kind) && baseline.mean * (1 + body.minimumLift) > 1 ? -1 : 1);
  const size = plannedSize(plan, lift);
  return {
    status: size ? 'ok' : 'out-of-reach',
    missing: traffic ? [] : ['guess.unitsPerDay'],
    ...shared,
    size: size && {
      ...size,
      arms: inOrder(body).map(({ key }, i) => ({ key, units: size.unitsPerArm[i] as number })),
    },
    fixed: priceOf(plan, lift, size),
    ...timesOf(body, plan, size, traffic),
  };
}

function priceOf(plan: ExperimentPlan, lift: number, size: PlannedSize | null): PowerAnswer['fixed'] {
  const fixed = plannedSize(plan, lift, true);
  return fixed && size ? { totalUnits: fixed.totalUnits, price: size.totalUnits / fixed.totalUnits } : null;
}

function timesOf(
  body: PowerBody,
  plan: ExperimentPlan,
  size: PlannedSize | null,
  traffic: GrowthCurve | null,
): Pick<PowerAnswer, 'days' | 'curve' | 'reverse'> {
  if (!traffic) return { days: null, curve: [], reverse: null };
  const rollout: Rollout = { traffic: body.traffic, ramp: body.ramp ?? null };
  const unitsOn = (day: number): number => Math.floor(enrolledAfter(traffic, rollout, day));
  const { days } = body;
  return {
    days: size ? daysUntil(size.totalUnits, traffic, rollout, MOST_DAYS) : null,
    curve: CURVE_DAYS.map((day) => ({
      day,
      units: unitsOn(day),
      lift: smallestLiftAt(plan, unitsOn(day)),
      fixedLift: smallestLiftAt(plan, unitsOn(day), true),
    })),
    reverse:
      days === undefined ? null : { days, units: unitsOn(days), lift: smallestLiftAt(plan, unitsOn(days)) },
  };
}
