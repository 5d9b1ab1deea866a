import { segment } from './http.js';
import { useRead } from './queries.js';
import type { HealthStatus } from './types-health.js';

export type AssignmentState =
  | 'two-arms'
  | 'identity-switch'
  | 'late-fallback'
  | 'exposure-without-decision'
  | 'decision-without-exposure';

/** Units of a report. */
export interface ReportUnits {
  enrolled: number;
  perArm: Record<string, number>;
  /** Seen in several arms, whether they are left out or not. */
  crossover: number | null;
  /** Units left out, by the state of their assignment; absent in reports that were kept earlier. */
  leftOut?: Partial<Record<AssignmentState, number>>;
}

export interface AssignmentRules {
  exclude: Partial<Record<AssignmentState, boolean>>;
  thresholds: Record<AssignmentState, number>;
  lateAfterSeconds: number;
}

/** Rules that hold, and those of them that were set here; answer of `GET /v1/assignment-rules`. */
export interface RulesView {
  experiment: string | null;
  rules: AssignmentRules;
  own: {
    exclude?: Partial<Record<AssignmentState, boolean>>;
    thresholds?: Partial<Record<AssignmentState, number>>;
    lateAfterSeconds?: number;
  };
  revision: number;
}

export interface StateFound {
  state: AssignmentState;
  title: string;
  meaning: string;
  causes: string[];
  next: string[];
  times: number;
  /** Units that the experiment has; of decisions without exposure, units of the newest decisions. */
  affected: number;
  /** Units that it does not have. */
  others: number;
  share: number;
  lastAt: string | null;
  kinds: { kind: string; times: number; units: number }[];
  arms: { arm: string; units: number; of: number | null }[];
  /** Null: no rule can bring these units in. */
  excluded: boolean | null;
  leftOut: number;
  threshold: number;
  days: { day: string; units: number }[];
}

export interface ComparedSide {
  units: number;
  estimate: number | null;
  lower: number | null;
  upper: number | null;
  reason: string | null;
}

interface SplitSide {
  perArm: Record<string, number>;
  check: { status: HealthStatus; value: number | null; explanation: string } | null;
}

/** Answer of `GET /v1/experiments/:key/assignment`. */
export interface AssignmentHealth extends RulesView {
  experiment: string;
  asOf: string;
  units: number;
  counted: number;
  states: StateFound[];
  entered: { day: string; units: number }[];
  comparison: {
    metric: string;
    title: string;
    role: string;
    arm: string;
    without: ComparedSide;
    with: ComparedSide;
  }[];
  ratio: { without: SplitSide; with: SplitSide };
  leftOutCheck: SplitSide['check'];
}

export const PROJECT_RULES = '/v1/assignment-rules';
export const rulesPath = (key: string): string => `/v1/experiments/${segment(key)}/assignment-rules`;
export const useAssignmentHealth = (key: string) =>
  useRead<AssignmentHealth>(`/v1/experiments/${segment(key)}/assignment`, { every: 60_000 });
export const useProjectRules = () => useRead<RulesView>(PROJECT_RULES);
