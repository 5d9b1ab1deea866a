import type { Effect, MeasuredIn, MetricRole } from './types.js';

/** Sufficient statistics of one arm: numerator, denominator and pre-period covariate, one value per unit. */
export interface Moments {
  n: number;
  mean: [y: number, d: number, x: number];
  /** Sums of products of deviations, not divided by n. */
  comoment: [yy: number, dd: number, xx: number, yd: number, yx: number, dx: number];
  nonZero?: number;
}

export interface SegmentAttribute {
  attribute: string;
  values: { value: string; units: Record<string, number> }[];
  otherUnits: Record<string, number>;
  /** Its segments share clusters, so nothing compares them with each other. */
  sharesClusters?: boolean;
}

interface Bounds {
  lower: number | null;
  upper: number | null;
  level: number;
  kind: 'confidence' | 'credible' | 'always-valid';
}

export interface ShrunkenCell {
  estimate: number;
  standardError: number;
  interval: Bounds;
  relative: { estimate: number; interval: Bounds } | null;
  /** Share of the raw effect that is kept. */
  weight: number;
}

export interface SegmentCell {
  attribute: string;
  value: string;
  metric: string;
  arm: string;
  /** As estimated in this segment alone. */
  effect: Effect;
  /** Pulled towards the mean of the attribute's segments; null: too few of them, or too few units here. */
  shrunken: ShrunkenCell | null;
  pValue: number | null;
  qValue: number | null;
  direction: 'better' | 'worse' | 'unclear';
  tooFew: boolean;
}

export interface SegmentInteraction {
  attribute: string;
  metric: string;
  arm: string;
  reason: string | null;
  segments: number;
  q: number | null;
  df: number | null;
  pValue: number | null;
  qValue: number | null;
  i2: number | null;
  /** What the segments are shrunken towards, and the standard deviation of their true effects. */
  shrinkage: { mean: number; standardError: number; tau: number } | null;
  reversed: boolean;
}

export interface SegmentMetric {
  key: string;
  title: string;
  measuredIn: MeasuredIn;
  betterWhen: 'higher' | 'lower';
  kind: string;
  role: MetricRole;
}

export interface SegmentScan {
  experiment: string;
  asOf: string;
  /** What was assigned and is counted, where that is not each unit. */
  clusterBy: string | null;
  estimator: string;
  alpha: number;
  baseline: string;
  minimumUnits: number;
  exploratory: true;
  /** Metrics that are not in the table, each with why. */
  leftOut: { key: string; title: string; note: string }[];
  attributes: SegmentAttribute[];
  metrics: SegmentMetric[];
  cells: SegmentCell[];
  interactions: SegmentInteraction[];
  imbalances: { attribute: string; value: string; pValue: number; note: string }[];
  tests: { cells: number; interactions: number };
}

export interface DistributionArm {
  arm: string;
  n: number;
  without: number;
  zeros: number;
  shareOfZeros: number;
  mean: number;
  smallest: number;
  largest: number;
  quantiles: { level: number; value: number }[];
  counts: number[];
  tail: number;
}

export interface Distribution {
  experiment: string;
  metric: string;
  title: string;
  measuredIn: MeasuredIn;
  kind: string;
  asOf: string;
  valueIs: string;
  edges: number[];
  tail: { above: number; largest: number } | null;
  arms: DistributionArm[];
}

export interface NoveltyPoint {
  day: number;
  control: number | null;
  treatment: number | null;
  lift: number | null;
  lower: number | null;
  upper: number | null;
  reason: string | null;
}

export interface NoveltyArm {
  arm: string;
  points: NoveltyPoint[];
  trend: {
    slope: number;
    lower: number;
    upper: number;
    pValue: number;
    intercept: number;
    days: number;
  } | null;
  trendReason: string | null;
  qValue: number | null;
  warning: 'NOVELTY' | null;
  note: string;
}

export interface Novelty {
  experiment: string;
  metric: string;
  title: string;
  baseline: string;
  asOf: string;
  reason: 'fixed_window' | 'not_by_day' | 'not_old_enough' | null;
  days: number | null;
  units: { matured: number; enrolled: number; sample: number };
  arms: NoveltyArm[];
}
