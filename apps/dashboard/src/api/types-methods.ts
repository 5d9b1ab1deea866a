import type { Effect, MeasuredIn } from './types.js';

/** What the answers about one metric by other methods have in common. */
interface OfMetric {
  experiment: string;
  metric: string;
  title: string;
  measuredIn: MeasuredIn;
  betterWhen: 'higher' | 'lower';
  asOf: string;
  baseline: string;
}

export interface AdjustedResult {
  way: string;
  title: string;
  reference: string;
  effect: Effect;
  varianceReduction: number | null;
}

export interface Adjustments extends OfMetric {
  estimator: string;
  alpha: number;
  covariates: { metric: string; title: string; days: number }[];
  errors: 'hc2' | 'hc3';
  stratifyBy: { attribute: string; values: string[] } | null;
  stratifyByChoices: string[];
  arms: { arm: string; results: AdjustedResult[] }[];
  reason: string | null;
}

export interface Capping extends OfMetric {
  estimator: string;
  /** null: the metric is not capped. */
  cap: { atMost: number } | { quantile: number } | null;
  capAt: number | null;
  arms: { arm: string; capped: Effect; uncapped: Effect }[];
}

export interface BayesianArm {
  arm: string;
  n: number;
  events: number;
  mean: number;
  lower: number;
  upper: number;
  probabilityBest: number;
  dispersion: number | null;
}

export interface BayesianComparison {
  arm: string;
  chanceToWin: number;
  expectedLoss: { treatment: number; baseline: number };
  equivalence: { below: number; within: number; above: number };
}

export interface Bayesian extends OfMetric {
  model: 'beta-binomial' | 'gamma-poisson' | null;
  prior: { a: number; b: number };
  alpha: number;
  equivalence: number;
  arms: BayesianArm[];
  comparisons: BayesianComparison[];
  reason: string | null;
  warnings: string[];
}
