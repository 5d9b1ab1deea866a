import type {
  Effect,
  HealthFacts,
  HealthResult,
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
}

/** Moments of one metric in one arm. Cells of the same metric and arm (cohorts, strata, days) are merged. */
export interface ReportCell {
  readonly metric: string;
  readonly arm: string;
  readonly moments: Moments;
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
}

export interface ReportInput {
  readonly arms: readonly ReportArm[];
  readonly metrics: readonly ReportMetric[];
  readonly cells: readonly ReportCell[];
  readonly series?: readonly ReportCut[];
  readonly facts: HealthFacts;
  readonly options?: ReportOptions;
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
  /** The same comparison without the covariate; null where nothing was adjusted. */
  readonly unadjusted: Effect | null;
  readonly pValue: number | null;
  /** Holm over decision metrics and arms, Benjamini-Hochberg over secondary ones; guardrails stand alone. */
  readonly pValueAdjusted: number | null;
  readonly multiplicity: 'holm' | 'fdr_bh' | 'none';
  /** Judged by the adjusted p-value: better or worse for the product, or not clear. */
  readonly direction: 'better' | 'worse' | 'unclear';
  /** Guardrails only. */
  readonly nonInferiority: NonInferiority | null;
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

export interface ReportBody {
  readonly options: Required<Omit<ReportOptions, 'sequentialTuning'>> & {
    readonly sequentialTuning: number | null;
    readonly level: number;
  };
  readonly arms: readonly (ReportArm & { readonly units: number })[];
  readonly health: readonly HealthResult[];
  readonly verdict: Verdict;
  readonly results: readonly ReportResult[];
  readonly series: readonly SeriesPoint[];
  /** What the report could not include, in plain sentences; empty: complete. */
  readonly missing: readonly string[];
}
