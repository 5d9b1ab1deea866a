import type {
  ArmSizes,
  BayesianEvidence,
  EstimateOptions,
  HalfWidthOptions,
  Interval,
  Moments,
} from '../contract.js';
import type { Contrast } from '../contrast.js';

/**
 * What makes one estimator differ from another: how many standard errors wide its interval is, and the
 * matching p-values. Everything else (contrast, lift, statuses) is shared.
 */
export interface Law {
  /** Half-width of the two-sided interval in standard errors. */
  readonly criticalValue: number;
  /** Logarithm of the two-sided p-value at z standard errors (z >= 0); dual to criticalValue. */
  logP(z: number): number;
  /** Logarithm of the one-sided p-value for "greater" at z standard errors. */
  logPGreater(z: number): number;
}

export interface LawRequest {
  readonly control: Moments;
  readonly treatment: Moments;
  readonly contrast: Contrast;
  readonly options: EstimateOptions;
}

export interface EstimatorSpec {
  readonly key: string;
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  readonly validUnderPeeking: boolean;
  readonly intervalKind: Interval['kind'];
  /** The law for these data, or the reason why there is none yet. */
  law(request: LawRequest): Law | { readonly reason: string };
  /** Bayesian: replaces the contrast by its posterior. */
  posterior?(contrast: Contrast, options: EstimateOptions): Contrast | { readonly reason: string };
  /** Bayesian: what is said of the posterior instead of a p-value; null: its numbers are not finite. */
  bayes?(posterior: Contrast, options: EstimateOptions): BayesianEvidence | null;
  halfWidth(sizes: ArmSizes, options: HalfWidthOptions): number | null;
}
