import type { VerdictKind } from './types.js';

export interface Bounds {
  estimate: number | null;
  lower: number | null;
  upper: number | null;
}

/** One arm of one experiment against its control, by the metric that decides. */
export interface PortfolioRow {
  experiment: string;
  title: string;
  metric: string;
  metricTitle: string;
  betterWhen: 'higher' | 'lower';
  arm: string;
  status: string;
  verdict: VerdictKind | null;
  shipped: boolean;
  stopReason: string | null;
  startedAt: string;
  stoppedAt: string | null;
  units: number;
  lift: Bounds;
  shrunken: (Bounds & { weight: number }) | null;
  win: boolean;
  reason: string | null;
}

export interface PortfolioTotal {
  metric: string;
  title: string;
  comparisons: number;
  wins: { count: number; naive: number; shrunken: number | null; corrected: number };
  shipped: { count: number; naive: number; shrunken: number | null };
}

export interface Portfolio {
  asOf: string;
  estimator: string;
  level: number;
  experiments: number;
  prior: { mean: number; standardError: number; standardDeviation: number } | null;
  reason: string | null;
  expectedExaggeration: number | null;
  rows: PortfolioRow[];
  totals: PortfolioTotal[];
}

export interface HoldoutLift {
  holdout: string;
  title: string;
  share: number;
  surfaces: string[] | null;
  /** `spared`: by the holdout's exception; they count on neither side. */
  units: { heldOut: number; others: number; spared: number };
  tags: string[] | null;
  /** Sums of the lifts of shipped experiments that it withholds. */
  promised: { count: number; naive: number; shrunken: number | null };
  lift: Bounds;
  reason: string | null;
}
