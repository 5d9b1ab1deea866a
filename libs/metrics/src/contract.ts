import type { Keyed } from '#experiments';
import type { AnyContrast } from './contrast.js';
import type { HealthDetails } from './health/facts.js';

/**
 * What of an event a condition looks at. `device` and `hour` are the event's own property where it has one, else those
 * of the decision that it names, else (device) of the unit's first exposure, or (hour) the hour in UTC.
 * `property:NAME`: a property of the event. `context:NAME`: an attribute of the decision that it names, else of the
 * unit's first exposure.
 */
export type EventField =
  | 'value'
  | 'position'
  | 'itemId'
  | 'actionId'
  | 'hour'
  | 'device'
  | `property:${string}`
  | `context:${string}`;

export type EventOperator =
  'eq' | 'ne' | 'in' | 'notIn' | 'lt' | 'lte' | 'gt' | 'gte' | 'exists' | 'notExists';

/** One condition on an event. What is not known fulfils `ne`, `notIn` and `notExists` only. */
export interface EventCondition {
  readonly field: EventField;
  readonly op: EventOperator;
  /** A number for lt, lte, gt, gte; a list for in and notIn; absent for exists and notExists. */
  readonly value?: string | number | boolean | readonly (string | number)[];
}

/** Which events count. */
export interface EventSelection {
  /** Outcome names that count; ignored by `exposures`. */
  readonly events: readonly string[];
  /** Conditions that must all hold. */
  readonly where?: readonly EventCondition[];
}

/** What a metric reads of the events of one unit after its first exposure. */
export interface Measure extends EventSelection {
  /**
   * How events of one unit become one number. `any`: 1 if there was one; `distinct-days`: days with one; `first`: days
   * from first exposure to the first one, in whole minutes.
   */
  readonly fold: 'count' | 'sum' | 'any' | 'distinct-days' | 'exposures' | 'first';
  /** What `sum` adds up: the event's value (default), or a property that is a number. */
  readonly field?: 'value' | `property:${string}`;
  /** Only outcomes that name a decision of this experiment (attributed), or every outcome of the unit. */
  readonly scope: 'decision' | 'unit';
  /** Attribution window: days after first exposure [from, to) that count; absent: all. */
  readonly days?: readonly [from: number, to: number];
  /** Attribution window of the scope `decision`: at most this many hours after the decision. */
  readonly withinHours?: number;
  /** Multiplies the folded number, e.g. 1/60 for seconds to minutes. */
  readonly scale?: number;
}

/**
 * `count`, `sum`, `mean`: one number per unit, compared as means. `proportion`: whether it happened. `ratio`: a sum over
 * a sum. `quantile`: a quantile of the units' numbers. `retention`: whether it happened on certain days after first
 * exposure. `time-to-event`: mean time without the event during the window. `funnel`: share of those who took the
 * steps before that took this step too, in order.
 */
export type MetricKind =
  'count' | 'sum' | 'mean' | 'proportion' | 'ratio' | 'quantile' | 'retention' | 'time-to-event' | 'funnel';

/**
 * Winsorising of a unit's number: at a fixed value, or at a quantile of the numbers other than 0 of all arms together
 * (0 is left out, or a rarely used feature would be capped at nothing).
 */
export type MetricCap = { readonly atMost: number } | { readonly quantile: number };

export interface MetricDefinition extends Keyed {
  readonly title: string;
  readonly description: string;
  readonly measuredIn: 'share' | 'minutes' | 'count' | 'per-week' | 'days' | 'number';
  readonly betterWhen: 'higher' | 'lower';
  readonly family: 'engagement' | 'retention' | 'guardrail';
  readonly kind: MetricKind;
  readonly numerator: Measure;
  /** Ratios only. */
  readonly denominator?: Measure;
  /** Quantiles only: which one, e.g. 0.9. */
  readonly quantile?: number;
  /** Funnels only: the steps before, in order; they share scope and days with the numerator, the last step. */
  readonly after?: readonly EventSelection[];
  /** Retention only: on one day (default), from a day on until the unit is mature, or in a span of days. */
  readonly retention?: 'day' | 'rolling' | 'window';
  readonly cap?: MetricCap;
  /** Units enter only once this many days have passed since first exposure (retention day-N: N + 1). */
  readonly maturityDays: number;
  /** Days before first exposure over which the same numerator is the CUPED covariate. */
  readonly covariateDays?: number;
  /** Smallest relative lift that matters, for power; absent: the report's. */
  readonly minimumLift?: number;
  /** Largest relative deterioration that a guardrail tolerates. */
  readonly guardrailMargin?: number;
}

/**
 * Mergeable sufficient statistics of one arm (Welford/Chan form): y numerator, d denominator, x pre-period
 * covariate, one value per unit. Merge over disjoint sets of units only.
 */
export interface Moments {
  readonly n: number;
  readonly mean: readonly [y: number, d: number, x: number];
  /** Sums of products of deviations, not divided by n. */
  readonly comoment: readonly [yy: number, dd: number, xx: number, yd: number, yx: number, dx: number];
  /**
   * Units whose numerator is not zero. Where it is absent the burn-in of sequential estimators falls back on
   * (sum y)^2 / sum y^2, a lower bound of it for non-negative data.
   */
  readonly nonZero?: number;
}

export interface Interval {
  /** null: unbounded on that side. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly level: number;
  readonly kind: 'confidence' | 'credible' | 'always-valid';
}

export type EffectStatus = 'ok' | 'unbounded' | 'undefined';

/** No NaN or infinity ever leaves the engine: what can't be computed is null, with a reason. */
export interface Effect {
  readonly status: EffectStatus;
  readonly reason: string | null;
  /** Absolute contrast, treatment minus control; every decision is taken on it. */
  readonly estimate: number | null;
  readonly standardError: number | null;
  readonly interval: Interval | null;
  /** Relative lift, from the same contrast and critical value (Fieller). */
  readonly relative: {
    readonly status: EffectStatus;
    readonly reason: string | null;
    readonly estimate: number | null;
    readonly interval: Interval | null;
  };
  readonly evidence: {
    readonly kind: 'p-value' | 'probability-better' | 'e-value';
    readonly value: number;
    readonly logValue: number;
  } | null;
  readonly control: { readonly n: number; readonly mean: number | null };
  readonly treatment: { readonly n: number; readonly mean: number | null };
  /** Bayesian estimators only: what the posterior says of choosing treatment. */
  readonly bayes?: BayesianEvidence;
  /** Key of the estimator and of the variance reduction that produced it. */
  readonly estimator: string;
  readonly adjusted: boolean;
  readonly warnings: readonly string[];
}

/** Better means better for the product: below control where lower is better. */
export interface BayesianEvidence {
  readonly probabilityBetter: number;
  /** Expected loss of choosing treatment, E[max(0, how much worse it is)], in units of the metric. */
  readonly expectedLoss: number;
  /** Probability that the effect lies in the region of practical equivalence; null: control is 0, so no region. */
  readonly probabilityEquivalent: number | null;
}

/** When a group sequential experiment is read, and how it spends its error over its looks. */
export interface LookPlan {
  /** Units of both arms at the last look. */
  readonly plannedUnits: number;
  /** Planned looks as shares of `plannedUnits`, ascending in (0, 1]; the last is 1. */
  readonly looks: readonly number[];
  readonly spending: 'obrien_fleming' | 'pocock';
}

export interface EstimateOptions {
  /** Total error of the procedure, two-sided. */
  readonly alpha: number;
  readonly kind: MetricDefinition['kind'];
  /** Use the covariate (CUPED) where the moments carry one. */
  readonly adjust: boolean;
  /** Tuning sample size of the confidence sequence (units of both arms). */
  readonly sequentialTuning?: number;
  /** Group sequential estimators: without it they have no answer. */
  readonly lookPlan?: LookPlan;
  /** Direction in which the metric is good, for `Effect.bayes`; default: higher. */
  readonly betterWhen?: MetricDefinition['betterWhen'];
  /** Bayesian estimators: relative half-width of the region of practical equivalence; default 0.01. */
  readonly equivalence?: number;
  /** Bayesian estimators: standard deviation of the prior N(0, sd^2) of the relative lift; absent: flat. */
  readonly priorLiftSd?: number;
}

/** Units of the two arms of a comparison. */
export interface ArmSizes {
  readonly control: number;
  readonly treatment: number;
}

/** What the half-width of an interval depends on beside the sizes. */
export type HalfWidthOptions = Pick<EstimateOptions, 'alpha' | 'sequentialTuning' | 'lookPlan'>;

export interface MarginOptions extends EstimateOptions {
  /** Largest relative deterioration that is tolerated, e.g. 0.02. */
  readonly margin: number;
  readonly betterWhen: 'higher' | 'lower';
}

/** One-sided test that treatment is not worse than control by more than a relative margin. */
export interface NonInferiority {
  readonly status: EffectStatus;
  readonly reason: string | null;
  readonly margin: number;
  /** treatment - (1 - margin) control, or its mirror image where lower is better; positive: within the margin. */
  readonly contrast: number | null;
  readonly standardError: number | null;
  readonly pValue: number | null;
  /** True once the test rejects "worse by the margin or more" at one-sided alpha. */
  readonly holds: boolean;
}

export interface Estimator extends Keyed {
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  /** Whether its p-value and interval stay valid however often the report is looked at. */
  readonly validUnderPeeking: boolean;
  compare(control: Moments, treatment: Moments, options: EstimateOptions): Effect;
  /** The same for a contrast that was adjusted in another way; the moments say how large the arms are. */
  readonly ofContrast: (
    contrast: AnyContrast,
    control: Moments,
    treatment: Moments,
    options: EstimateOptions,
  ) => Effect;
  /** For guardrails; `options.alpha` is one-sided here. */
  nonInferiority(control: Moments, treatment: Moments, options: MarginOptions): NonInferiority;
  /**
   * Half-width of the two-sided interval in standard errors for arms of these sizes; power calculations use
   * it so that the price of peeking is computed, not assumed. null: no interval can be given yet.
   */
  halfWidth(sizes: ArmSizes, options: HalfWidthOptions): number | null;
}

/** Stable ids of warnings; documented in docs/explanation/health-checks.md. */
export type WarningId =
  | 'SRM-R'
  | 'SRM-Y'
  | 'XOVER'
  | 'PEEK'
  | 'POWER'
  | 'EARLY'
  | 'NOVELTY'
  | 'GUARD'
  | 'LAG'
  | 'STALE'
  | 'OVERLAP'
  | 'EDIT'
  | 'POISON'
  | 'MANY'
  | 'IMMATURE';

/** One line of evidence behind a check: a group, a day, a change. */
export interface HealthRow {
  readonly label: string;
  readonly text: string;
}

export interface HealthResult {
  readonly key: string;
  readonly title: string;
  /** When it warns and when it fails, in words. */
  readonly rule: string;
  readonly status: 'pass' | 'warn' | 'fail' | 'unknown';
  /** A failing check with `blocks` replaces the verdict by "do not decide: fix first". */
  readonly blocks: boolean;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly unitsAffected: number | null;
  /** Day or time from which it is known to be so; null: not known. */
  readonly firstSeen: string | null;
  readonly explanation: string;
  /** The most likely first; empty unless it warns or fails, as the next three. */
  readonly likelyCauses: readonly string[];
  readonly nextSteps: readonly string[];
  readonly rows: readonly HealthRow[];
  readonly warning: WarningId | null;
  /** Arms that it fails for, where it judges each on its own; absent: it speaks of the whole experiment. */
  readonly arms?: readonly string[];
}

/** What is known about the traffic of an experiment, independent of its metrics. */
export interface HealthFacts extends HealthDetails {
  readonly arms: readonly { readonly key: string; readonly weight: number; readonly units: number }[];
  /** Distinct units exposed to the experiment, whatever their arm. */
  readonly totalUnits: number;
  /** Units exposed to more than one arm; they are left out of the metrics. null: not known. */
  readonly crossoverUnits: number | null;
  /** Days between the first exposure and the end of the data. null: not known. */
  readonly daysRunning: number | null;
  /** Per arm served by a policy: mean of 1 / propensity of the served action, and what it should be. */
  readonly propensities?: readonly PropensityFact[];
  /** Set by the report from the decision metric; absent where there is none. */
  readonly power?: PowerFact;
}

export interface PropensityFact {
  readonly arm: string;
  readonly decisions: number;
  readonly meanInverse: number;
  /** Standard error of meanInverse. */
  readonly standardError: number;
  /** Mean number of actions that had a positive probability: the expectation of 1 / propensity. */
  readonly expected: number;
}

export interface PowerFact {
  readonly metric: string;
  readonly arm: string;
  /** Smallest relative lift that would be found with the stated power at the present size; null: unbounded. */
  readonly detectableLift: number | null;
  /** The smallest relative lift that matters. */
  readonly minimumLift: number;
  /** Units per arm still missing to find minimumLift with the stated power; null: cannot be computed. */
  readonly unitsNeededPerArm: number | null;
  /** Whether the decision metric is already decided (its interval excludes zero). */
  readonly decided: boolean;
  /** Probability of finding minimumLift at the planned end; null or absent: no end is planned. */
  readonly projectedPower?: number | null;
}

export interface HealthCheck extends Keyed {
  readonly title: string;
  readonly description: string;
  /** null: the check does not apply (the facts it needs were not given). */
  check(facts: HealthFacts): HealthResult | null;
}

export type VerdictKind = 'ship' | 'wait' | 'too-early' | 'stop' | 'fix-first' | 'no-data';

/** One sentence for the product manager, and each clause with its evidence. */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly sentence: string;
  readonly arm: string | null;
  readonly clauses: readonly { readonly text: string; readonly evidence: string; readonly holds: boolean }[];
}
