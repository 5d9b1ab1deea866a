/** Shapes of `POST /v1/power`, as the create form reads them. */
export interface PowerRequest {
  metric: string;
  surface?: string;
  guess?: { mean: number; standardDeviation?: number; unitsPerDay?: number };
  minimumLift: number;
  alpha: number;
  power: number;
  arms: { key: string; weight: number; isControl: boolean }[];
  estimator?: string;
  looks?: number;
  covariateCorrelation?: number;
  cluster?: { size: number; correlation: number };
  traffic: number;
  ramp?: { share: number; days: number };
  days?: number;
}

export interface PowerPoint {
  day: number;
  units: number;
  lift: number | null;
  fixedLift: number | null;
}

export interface PowerPlan {
  status: 'ok' | 'needs-guess' | 'out-of-reach';
  missing: string[];
  baseline: {
    source: 'history' | 'guess';
    experiment: { key: string; title: string } | null;
    units: number | null;
    mean: number;
    standardDeviation: number;
    covariateCorrelation: number;
  } | null;
  traffic: { source: 'history' | 'guess'; cumulativeUnits: number[] } | null;
  estimator: string;
  comparisons: number;
  alphaPerComparison: number;
  size: { totalUnits: number; unitsPerArm: number[]; arms: { key: string; units: number }[] } | null;
  fixed: { totalUnits: number; price: number } | null;
  days: number | null;
  curve: PowerPoint[];
  reverse: { days: number; units: number; lift: number | null } | null;
}
