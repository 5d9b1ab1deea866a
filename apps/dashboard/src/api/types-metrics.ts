import type { ExperimentStatus, MeasuredIn, MetricRole } from './types.js';

export type MetricKind =
  'count' | 'sum' | 'mean' | 'proportion' | 'ratio' | 'quantile' | 'retention' | 'time-to-event' | 'funnel';

export type Fold = 'count' | 'sum' | 'any' | 'distinct-days' | 'exposures' | 'first';

export interface EventCondition {
  field: string;
  op: string;
  value?: string | number | boolean | (string | number)[];
}

export interface EventSelection {
  events: string[];
  where?: EventCondition[];
}

export interface Measure extends EventSelection {
  fold: Fold;
  field?: string;
  scope: 'decision' | 'unit';
  days?: [number, number];
  withinHours?: number;
  scale?: number;
}

/** A metric as it is defined, whoever defined it. */
export interface MetricBody {
  key: string;
  title: string;
  description: string;
  measuredIn: MeasuredIn;
  betterWhen: 'higher' | 'lower';
  family: string;
  kind: MetricKind;
  numerator: Measure;
  denominator?: Measure;
  quantile?: number;
  after?: EventSelection[];
  retention?: 'day' | 'rolling' | 'window';
  cap?: { atMost: number } | { quantile: number };
  maturityDays: number;
  covariateDays?: number;
  minimumLift?: number;
  guardrailMargin?: number;
}

export interface Metric extends MetricBody {
  origin: 'built-in' | 'own';
  version: number;
  archived: boolean;
  createdBy: string | null;
  createdAt: string | null;
}

export interface MetricDetail {
  metric: Metric;
  versions: { version: number; definition: MetricBody; createdBy: string | null; createdAt: string | null }[];
  experiments: {
    experiment: string;
    title: string;
    status: ExperimentStatus;
    role: MetricRole;
    version: number | null;
  }[];
}
