import type { ReportUnits } from './assignment-health.js';
import type { HealthResult, HealthStatus } from './types-health.js';
import type { Moments } from './types-units.js';

/**
 * Shapes of the HTTP contract, as the dashboard reads them. Times are ISO 8601 UTC strings. This file knows
 * nothing of the server's code; it is checked against /openapi.json instead.
 */
import type { RewardDefinition } from './types-operations.js';
export type { HealthResult, HealthStatus } from './types-health.js';
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

export type ExperimentStatus =
  'draft' | 'scheduled' | 'running' | 'paused' | 'stopped' | 'shipped' | 'archived';
export type SteadyPeriod = 'decision' | 'hour' | 'day' | 'week' | 'always';
export type Slice = 'learning' | 'exploration' | 'analysis';
export type SurfaceKind = 'value' | 'action' | 'slate';

export type Treatment =
  | { kind: 'value'; value: Json }
  | { kind: 'policy'; policyId: string; steadyFor: SteadyPeriod; slice?: Slice };

export interface Arm {
  key: string;
  title: string;
  weight: number;
  isControl: boolean;
  treatment: Treatment;
}

export type Condition =
  | { attribute: string; op: string; value?: Json }
  | { segment: string; version?: number }
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition };

export interface Experiment {
  key: string;
  title: string;
  hypothesis: string;
  surface: string;
  unitType: string;
  clusterBy?: string | null;
  switchback?: { slotMinutes: number; washOutMinutes?: number; timeZone?: string } | null;
  prerequisites?: { experiment: string; arms: string[] }[];
  status: ExperimentStatus;
  layer: string;
  layerRange: [number, number];
  /** Further layers; a unit must be inside the range of each. */
  otherLayers?: { layer: string; range: [number, number] }[];
  traffic: number;
  targeting: Condition | null;
  arms: Arm[];
  phase: number;
  salt: string;
  /** Absent: 2. */
  hashVersion?: 1 | 2;
  shippedArm: string | null;
  /** While paused: what all its units get; absent or null: the default. */
  pausedArm?: string | null;
  decisionMetric: string;
  secondaryMetrics: string[];
  guardrailMetrics: string[];
  minimumDays: number;
  plannedUnits: number | null;
  owner: string;
  tags: string[];
  createdAt: string;
  startedAt: string | null;
  stoppedAt: string | null;
  stopReason: string | null;
  version: number;
  updatedAt: string;
}

export type VerdictKind = 'ship' | 'wait' | 'too-early' | 'stop' | 'fix-first' | 'no-data';

export interface ExperimentSummary {
  units: number;
  verdict: VerdictKind;
  decisionLift: { arm?: string; estimate: number; lower: number | null; upper: number | null } | null;
  health: HealthStatus;
  /** Checks that fail or warn of something broken; absent in summaries that were kept earlier. */
  alarms?: { key: string; title: string; status: HealthStatus }[];
}

export type ExperimentRow = Experiment & { summary: ExperimentSummary | null };

export interface Phase {
  phase: number;
  startedAt: string;
  endedAt: string | null;
  traffic: number;
  targeting: Condition | null;
  arms: Arm[];
  /** Units of earlier phases kept their arms. */
  keepsUnits?: boolean;
}

export interface Interval {
  lower: number | null;
  upper: number | null;
  level: number;
  kind: 'confidence' | 'credible' | 'always-valid';
}

export type EffectStatus = 'ok' | 'unbounded' | 'undefined';

export interface RelativeEffect {
  status: EffectStatus;
  reason: string | null;
  estimate: number | null;
  interval: Interval | null;
}

export interface Effect extends RelativeEffect {
  standardError: number | null;
  relative: RelativeEffect;
  evidence: { kind: 'p-value' | 'probability-better' | 'e-value'; value: number; logValue: number } | null;
  /** Bayesian estimators only. */
  bayes?: { probabilityBetter: number; expectedLoss: number; probabilityEquivalent: number | null };
  control: { n: number; mean: number | null };
  treatment: { n: number; mean: number | null };
  estimator: string;
  adjusted: boolean;
  warnings: string[];
}

export interface Verdict {
  kind: VerdictKind;
  sentence: string;
  arm: string | null;
  clauses: { text: string; evidence: string; holds: boolean }[];
}

export type MetricRole = 'decision' | 'secondary' | 'guardrail';
export type MeasuredIn = 'share' | 'minutes' | 'count' | 'per-week' | 'days' | 'number';

/** What an effect is combined from where the weights changed. */
export interface ResultPeriods {
  pooled: Effect;
  each: { period: number; share: number; effect: Effect }[];
  leftOut: number;
}

export interface MetricResult {
  metric: string;
  title: string;
  description: string;
  measuredIn: MeasuredIn;
  betterWhen: 'higher' | 'lower';
  family: string;
  kind: string;
  role: MetricRole;
  arm: string;
  window: { from: string; to: string };
  matured: number;
  enrolled: number;
  /** 20 % of the enrolled units or more do not count yet. */
  immature: boolean;
  /** What the effect is computed from, and how, step by step. */
  moments: { control: Moments | null; treatment: Moments | null };
  formula: string[];
  effect: Effect;
  unadjusted: Effect | null;
  /** null: all units entered under the same weights, or are compared together. */
  periods?: ResultPeriods | null;
  pValueAdjusted: number | null;
  multiplicity?: string;
  familySize?: number;
  /** Intervals that match the adjusted p-value; null where nothing was corrected. */
  adjustedIntervals?: { absolute: Interval; relative: Interval | null } | null;
  /** Units per arm still missing to find the smallest lift that matters; null: cannot be said. */
  unitsNeededPerArm?: number | null;
  /** Guardrails: whether being worse by the margin or more is ruled out. */
  nonInferiority?: { margin: number; pValue: number | null; holds: boolean } | null;
  /** The same on both sides, where it was asked for. */
  equivalence?: { margin: number; pValue: number | null; holds: boolean } | null;
}

export interface Report {
  experiment: string;
  title: string;
  status: ExperimentStatus;
  asOf: string;
  baseline: string;
  estimator: string;
  alpha: number;
  segment: { attribute: string; value: string } | string | null;
  /** Days that every unit counted has behind it; null: what each metric needs. */
  maturity: number | null;
  complete: boolean;
  missing: string[];
  units: ReportUnits;
  /** Where units were assigned by cluster: what n of every result counts. */
  clusters: { by: string; total: number; meanSize: number | null; unitsWithoutCluster: number } | null;
  health: HealthResult[];
  verdict: Verdict;
  results: MetricResult[];
  computedInMs: number;
}

export interface SeriesPoint {
  day: string;
  arm: string;
  estimate: number | null;
  lower: number | null;
  upper: number | null;
  liftEstimate: number | null;
  liftLower: number | null;
  liftUpper: number | null;
  n: number;
}

export interface ReportSeries {
  metric: string;
  estimator?: string;
  points: SeriesPoint[];
}

export interface MetricDefinition {
  key: string;
  title: string;
  description: string;
  measuredIn: MeasuredIn;
  betterWhen: 'higher' | 'lower';
  family: string;
  kind: string;
  maturityDays: number;
  covariateDays?: number;
  guardrailMargin?: number;
  minimumLift?: number;
}

export interface Surface {
  key: string;
  title: string;
  kind: SurfaceKind;
  defaultValue: Json;
  candidateKind: string | null;
}

export interface RegisteredPolicy {
  key: string;
  title: string;
  summary: string;
  reference?: string;
  learns: 'online' | 'batch' | 'never';
  decides?: 'action' | 'slate';
  /** Scores, which an exploration and re-rankers work on, or probabilities. */
  gives?: 'probabilities' | 'scores';
  paramsSchema: JsonSchema;
}

export interface RegisteredExploration {
  key: string;
  title: string;
  summary: string;
  paramsSchema?: JsonSchema;
}

/** Goes around a policy and changes what it may serve, how often, or what it learns from. */
export interface RegisteredWrapper {
  key: string;
  title: string;
  summary: string;
  reference?: string;
  /** Policies it can go around: those that choose, those that rank (a re-ranker), or all. */
  fits?: 'choosers' | 'rankers' | 'all';
  paramsSchema?: JsonSchema;
}

/** One wrapper of a policy, as its parameter `wrappers` lists it. */
export interface Worn {
  key: string;
  params: Record<string, Json>;
}

export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  enum?: Json[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  required?: string[];
}

export interface Catalog {
  policies: RegisteredPolicy[];
  explorations: RegisteredExploration[];
  wrappers?: RegisteredWrapper[];
  estimators: { key: string; title: string; summary: string; reference: string }[];
  metrics: MetricDefinition[];
  conditionOperators: (string | { key: string; title: string })[];
  outcomes: string[];
  rewards: {
    key: string;
    title: string;
    summary: string;
    reward: RewardDefinition;
    windowSeconds: number;
  }[];
}

export type {
  ApiKey,
  AuditEntry,
  CreatedKey,
  Decision,
  DecisionDetail,
  Holdout,
  Operations,
  Policy,
  PolicyAction,
  PolicyAllocation,
  PolicyBody,
  QuarantinedEvent,
  RewardDefinition,
  RewardMeasure,
  ServedEvent,
  Snapshot,
  TargetingClause,
  TrainingRun,
} from './types-operations.js';

export type {
  ArmSurvival,
  Forecast,
  ForecastResult,
  Outcome,
  Retention,
  RetentionKind,
  RetentionPoint,
  Survival,
  SurvivalComparison,
} from './types-retention.js';
