import type { Effect } from './types.js';

export type RetentionKind = 'day' | 'rolling' | 'window';

export interface RetentionPoint {
  day: number;
  /** null: no last day (rolling). */
  through: number | null;
  matured: number;
  enrolled: number;
  retained: number;
  share: number | null;
  lower: number | null;
  upper: number | null;
}

export interface Retention {
  experiment: string;
  kind: RetentionKind;
  asOf: string;
  baseline: string;
  estimator: string;
  alpha: number;
  window: { from: string | null; to: string | null; activityThrough: string };
  arms: { arm: string; enrolled: number; points: RetentionPoint[] }[];
  lifts: { arm: string; points: { day: number; effect: Effect }[] }[];
}

/** A result, or the reason why there is none. */
export type Outcome<T> = ({ status: 'ok' } & T) | { status: 'undefined'; reason: string };

export interface SurvivalDay {
  day: number;
  atRisk: number;
  events: number;
  censored: number;
  survival: number;
  lower: number | null;
  upper: number | null;
}

export interface ArmSurvival {
  arm: string;
  units: number;
  events: number;
  median: { median: number | null; lower: number | null; upper: number | null };
  restrictedMean: { mean: number; standardError: number } | null;
  days: SurvivalDay[];
}

interface HazardPart {
  hazardRatio: number;
  lower: number;
  upper: number;
}

export interface SurvivalComparison {
  arm: string;
  restrictedMean: Outcome<{ difference: number; lower: number; upper: number; pValue: number }>;
  logRank: Outcome<{ chi2: number; df: number; pValue: number }>;
  cox: Outcome<HazardPart & { waldP: number }>;
  proportionality: Outcome<{ splitTime: number; early: HazardPart; late: HazardPart; pValue: number }>;
}

export interface Survival {
  experiment: string;
  event: string;
  asOf: string;
  baseline: string;
  alpha: number;
  window: { from: string | null; to: string };
  units: number;
  events: number;
  tau: number | null;
  tauRule: string;
  arms: ArmSurvival[];
  logRank: SurvivalComparison['logRank'];
  comparisons: SurvivalComparison[];
}

export interface ForecastResult {
  arm: string;
  control: number;
  treatment: number;
  status: 'ok' | 'undefined';
  reason: string | null;
  estimate: number | null;
  standardError: number | null;
  lower: number | null;
  upper: number | null;
}

export interface Forecast {
  experiment: string;
  asOf: string;
  day: number;
  baseline: string;
  alpha: number;
  label: 'forecast';
  status: 'ok' | 'insufficient-history';
  reason: string | null;
  signals: string[];
  signalDays: number;
  history: { experiments: number; units: number; explained: number | null };
  record: {
    experiments: number;
    arms: number;
    covered: number;
    clear: number;
    foreseen: number;
    falseAlarms: number;
    coverage: number | null;
    recall: number | null;
  } | null;
  results: ForecastResult[];
}
