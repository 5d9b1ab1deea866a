import type {
  Effect,
  EffectStatus,
  HealthFacts,
  HealthResult,
  Interval,
  LookPlan,
  MetricDefinition,
  Moments,
  NonInferiority,
  Verdict,
} from './contract.js';

export type MetricRole = 'decision' | 'secondary' | 'guardrail';

export interface ReportArm {
  readonly key: string;
  readonly weight: number;
  readonly isControl: boolean;
}

export interface ReportMetric {
  readonly definition: MetricDefinition;
  readonly role: MetricRole;
  /** Tolerated relative deterioration of a guardrail; default: the definition's, else 0.05. */
  readonly margin?: number;
  /** Why no effect of this metric can be shown here, whatever its cells; absent: it can. */
  readonly withheld?: string;
}

/** Moments of one metric in one arm. Cells of the same metric and arm (cohorts, strata, days) are merged. */
export interface ReportCell {
  readonly metric: string;
  readonly arm: string;
  readonly moments: Moments;
  /**
   * Number of the allocation under which these units entered, from 1 on. Where a metric has several, arms are compared
   * within each and the differences combined.
   */
  readonly period?: number;
}

/** The same cells as they stood at an earlier time, for the curve of the effect. */
export interface ReportCut {
  /** ISO date or time; passed through. */
  readonly at: string;
  readonly cells: readonly ReportCell[];
}

export interface ReportOptions {
  /** Key of the estimator; default `asymptotic-cs`. */
  readonly estimator?: string;
  /** Total error per test, two-sided; default 0.05. */
  readonly alpha?: number;
  /** Use covariates (CUPED) where the moments carry them; default true. */
  readonly adjust?: boolean;
  /** Arm to compare with; default: the control arm. */
  readonly baseline?: string;
  /** Smallest relative lift that matters, for power; default 0.05. */
  readonly minimumLift?: number;
  /** Tuning sample size of the confidence sequence. */
  readonly sequentialTuning?: number;
  /** Correction for many comparisons. Default: Holm for decision metrics, Benjamini-Hochberg for secondary ones. */
  readonly multiplicity?: MultiplicityChoice;
  /** Which comparisons are corrected together; default `role`. */
  readonly family?: FamilyScope;
  /** Guardrails are judged on one side (not worse than tolerated) or on both (nor better); default the first. */
  readonly guardrailTest?: GuardrailTest;
  /** Group sequential estimator: planned units of all arms, looks and spending. */
  readonly lookPlan?: LookPlan;
  /** Bayesian estimator: standard deviation of the prior of the relative lift; default: flat. */
  readonly priorLiftSd?: number;
}

export const MULTIPLICITY_CHOICES = ['holm', 'hochberg', 'hommel', 'fdr_bh', 'fdr_by', 'none'] as const;
export type MultiplicityChoice = (typeof MULTIPLICITY_CHOICES)[number];

/**
 * `role`: all metrics of a role and all arms; `metric`: the arms of one metric; `all`: decision and secondary metrics
 * together. Guardrails always stand alone: each has to hold.
 */
export const FAMILY_SCOPES = ['role', 'metric', 'all'] as const;
export type FamilyScope = (typeof FAMILY_SCOPES)[number];

export const GUARDRAIL_TESTS = ['non-inferiority', 'equivalence'] as const;
export type GuardrailTest = (typeof GUARDRAIL_TESTS)[number];

/** Intervals that match the adjusted p-value: they exclude zero exactly when it is below alpha. */
export interface AdjustedIntervals {
  readonly absolute: Interval;
  readonly relative: Interval | null;
}

/** Two one-sided tests: neither worse nor better than control by the margin or more. */
export interface Equivalence {
  readonly status: EffectStatus;
  readonly reason: string | null;
  readonly margin: number;
  readonly pValue: number | null;
  readonly holds: boolean;
}

export interface ReportInput {
  readonly arms: readonly ReportArm[];
  readonly metrics: readonly ReportMetric[];
  readonly cells: readonly ReportCell[];
  readonly series?: readonly ReportCut[];
  readonly facts: HealthFacts;
  readonly options?: ReportOptions;
}

/** What a combined effect is made of. */
export interface ResultPeriods {
  /** All units together, which a change of weights biases. */
  readonly pooled: Effect;
  /** `share`: weight of the period in the combined effect; 0: too few units in an arm. */
  readonly each: readonly { readonly period: number; readonly share: number; readonly effect: Effect }[];
  /** Units of periods that do not count. */
  readonly leftOut: number;
}

export interface ReportResult {
  readonly metric: string;
  readonly title: string;
  readonly measuredIn: MetricDefinition['measuredIn'];
  readonly betterWhen: MetricDefinition['betterWhen'];
  readonly family: MetricDefinition['family'];
  readonly role: MetricRole;
  readonly arm: string;
  /** The merged moments that every figure of this result is computed from. */
  readonly moments: { readonly control: Moments; readonly treatment: Moments };
  /** How the effect follows from the moments, step by step, in words and numbers; empty where it is undefined. */
  readonly formula: readonly string[];
  readonly effect: Effect;
  /** Where the allocation changed and results are combined period by period; null: all units are compared together. */
  readonly periods: ResultPeriods | null;
  /** The same comparison without the covariate; null where nothing was adjusted. */
  readonly unadjusted: Effect | null;
  readonly pValue: number | null;
  /** Corrected within its family; equal to pValue where `multiplicity` is `none`. */
  readonly pValueAdjusted: number | null;
  readonly multiplicity: MultiplicityChoice;
  /** Comparisons that were corrected together; 1: none but this. */
  readonly familySize: number;
  /** null where nothing was corrected. */
  readonly adjustedIntervals: AdjustedIntervals | null;
  /** Judged by the adjusted p-value: better or worse for the product, or not clear. */
  readonly direction: 'better' | 'worse' | 'unclear';
  /** Guardrails only. */
  readonly nonInferiority: NonInferiority | null;
  /** Guardrails only, where the report was asked for it; then it has to hold. */
  readonly equivalence: Equivalence | null;
  /** Smallest effect that would be found with 80 % probability at this size. */
  readonly detectable: { readonly absolute: number | null; readonly relative: number | null };
  /** Units per arm still missing to find the smallest lift that matters; 0: none; null: cannot be said. */
  readonly unitsNeededPerArm: number | null;
}

export interface SeriesPoint {
  readonly at: string;
  readonly metric: string;
  readonly arm: string;
  readonly effect: Effect;
}

/** Settings without a default of their own. */
type OptionalSetting = 'sequentialTuning' | 'multiplicity' | 'lookPlan' | 'priorLiftSd';

export interface ReportBody {
  readonly options: Required<Omit<ReportOptions, OptionalSetting>> & {
    readonly [setting in OptionalSetting]: NonNullable<ReportOptions[setting]> | null;
  } & { readonly level: number };
  readonly arms: readonly (ReportArm & { readonly units: number })[];
  readonly health: readonly HealthResult[];
  readonly verdict: Verdict;
  readonly results: readonly ReportResult[];
  readonly series: readonly SeriesPoint[];
  /** What the report could not include, in plain sentences; empty: complete. */
  readonly missing: readonly string[];
}
