import type { Keyed } from '#experiments';

/** What a metric reads of the events of one unit after its first exposure. */
export interface Measure {
  /** How events of one unit become one number. `any`: 1 if there was one; `distinct-days`: days with one. */
  readonly fold: 'count' | 'sum' | 'any' | 'distinct-days' | 'exposures';
  /** Outcome names that count; ignored by `exposures`. */
  readonly events: readonly string[];
  /** Only outcomes that name a decision of this experiment (attributed), or every outcome of the unit. */
  readonly scope: 'decision' | 'unit';
  /** Days after first exposure [from, to) that count; absent: all. */
  readonly days?: readonly [from: number, to: number];
  /** Multiplies the folded number, e.g. 1/60 for seconds to minutes. */
  readonly scale?: number;
}

export interface MetricDefinition extends Keyed {
  readonly title: string;
  readonly description: string;
  readonly measuredIn: 'share' | 'minutes' | 'count' | 'per-week';
  readonly betterWhen: 'higher' | 'lower';
  readonly family: 'engagement' | 'retention' | 'guardrail';
  readonly kind: 'mean' | 'proportion' | 'ratio' | 'retention';
  readonly numerator: Measure;
  readonly denominator?: Measure;
  /** Units enter only once this many days have passed since first exposure (retention day-N: N + 1). */
  readonly maturityDays: number;
  /** Days before first exposure over which the same numerator is the CUPED covariate. */
  readonly covariateDays?: number;
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
  /** Key of the estimator and of the variance reduction that produced it. */
  readonly estimator: string;
  readonly adjusted: boolean;
  readonly warnings: readonly string[];
}

export interface EstimateOptions {
  /** Total error of the procedure, two-sided. */
  readonly alpha: number;
  readonly kind: MetricDefinition['kind'];
  /** Use the covariate (CUPED) where the moments carry one. */
  readonly adjust: boolean;
  /** Tuning sample size of the confidence sequence (units of both arms). */
  readonly sequentialTuning?: number;
}

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
  /** For guardrails; `options.alpha` is one-sided here. */
  nonInferiority(control: Moments, treatment: Moments, options: MarginOptions): NonInferiority;
  /**
   * Half-width of the two-sided interval in standard errors for arms of these sizes; power calculations use
   * it so that the price of peeking is computed, not assumed. null: no interval can be given yet.
   */
  halfWidth(
    unitsControl: number,
    unitsTreatment: number,
    alpha: number,
    sequentialTuning?: number,
  ): number | null;
}

export interface HealthResult {
  readonly key: string;
  readonly title: string;
  readonly status: 'pass' | 'warn' | 'fail' | 'unknown';
  /** A failing check with `blocks` replaces the verdict by "do not decide: fix first". */
  readonly blocks: boolean;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly unitsAffected: number | null;
  readonly explanation: string;
  readonly likelyCauses: readonly string[];
}

/** What is known about the traffic of an experiment, independent of its metrics. */
export interface HealthFacts {
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
}

export interface HealthCheck extends Keyed {
  readonly title: string;
  readonly description: string;
  /** null: the check does not apply (the facts it needs were not given). */
  check(facts: HealthFacts): HealthResult | null;
}

export type VerdictKind = 'ship' | 'wait' | 'stop' | 'fix-first' | 'no-data';

/** One sentence for the product manager, and each clause with its evidence. */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly sentence: string;
  readonly arm: string | null;
  readonly clauses: readonly { readonly text: string; readonly evidence: string; readonly holds: boolean }[];
}
