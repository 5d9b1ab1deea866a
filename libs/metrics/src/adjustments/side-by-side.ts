import type { Computed } from '../computed.js';
import type { AnyContrast, Contrast } from '../contrast.js';
import type { Effect, EstimateOptions, Estimator, Moments } from '../contract.js';
import { isRatio } from '../kinds.js';
import { multiCupedOfMoments } from './cuped-multi.js';
import type { CovariateMoments, MultiCupedEffect } from './cuped-multi.js';
import { postStratifiedContrast } from './post-stratification.js';
import type { Stratum } from './post-stratification.js';

/** Ways of adjusting one result, in the order in which they are shown; the plain result is the first. */
export const ADJUSTMENTS = [
  { key: 'unadjusted', title: 'Unadjusted', reference: 'Welch, B. L. (1947). Biometrika 34.' },
  {
    key: 'cuped',
    title: 'CUPED',
    reference: 'Deng, Xu, Kohavi, Walker (2013). WSDM. The metric’s own pre-period value.',
  },
  {
    key: 'cuped-multi',
    title: 'CUPED, several covariates',
    reference: 'Deng, Xu, Kohavi, Walker (2013). WSDM, section 4; slopes of both arms stacked.',
  },
  {
    key: 'regression',
    title: 'Lin’s regression',
    reference: 'Lin, W. (2013). Annals of Applied Statistics 7; errors: MacKinnon, White (1985).',
  },
  {
    key: 'post-stratified',
    title: 'Post-stratified',
    reference: 'Miratrix, Sekhon, Yu (2013). JRSS B 75.',
  },
  {
    key: 'post-stratified-cuped',
    title: 'Post-stratified CUPED',
    reference: 'Miratrix, Sekhon, Yu (2013). JRSS B 75; CUPED within the strata.',
  },
] as const;

export type AdjustmentKey = (typeof ADJUSTMENTS)[number]['key'];

export interface AdjustmentInput {
  readonly estimator: Estimator;
  /** `adjust` is ignored: each way says itself whether it adjusts. */
  readonly options: EstimateOptions;
  readonly control: Moments;
  readonly treatment: Moments;
  /** The outcome with all covariates; null: none. */
  readonly covariates: { readonly control: CovariateMoments; readonly treatment: CovariateMoments } | null;
  /** From `linContrast`; null: no covariates, or not asked for. */
  readonly regression: Computed<Contrast> | null;
  /** Every unit in one stratum; empty: there is no attribute. */
  readonly strata: readonly Stratum[];
}

export interface AdjustedResult {
  readonly way: AdjustmentKey;
  readonly title: string;
  readonly reference: string;
  readonly effect: Effect;
  /** 1 - (standard error / unadjusted standard error)^2; negative where adjusting does harm; null: not computed. */
  readonly varianceReduction: number | null;
}

/**
 * One result in every way of adjusting it, by the same estimator: each way makes a contrast with its standard error, the
 * estimator turns it into interval, lift and p-value. What cannot be computed is `undefined` with a reason, among them
 * `no_covariate`, `no_strata` and `means_only` (ratios have CUPED and post-stratification only).
 */
export function adjustmentsSideBySide(input: AdjustmentInput): AdjustedResult[] {
  const { estimator, control, treatment } = input;
  const plain = estimator.compare(control, treatment, { ...input.options, adjust: false });
  return ADJUSTMENTS.map(({ key, title, reference }) => {
    const effect = key === 'unadjusted' ? plain : effectOf(key, input);
    return { way: key, title, reference, effect, varianceReduction: reductionOf(plain, effect) };
  });
}

function effectOf(way: Exclude<AdjustmentKey, 'unadjusted'>, input: AdjustmentInput): Effect {
  const { estimator, control, treatment, options } = input;
  const adjusted = { ...options, adjust: true };
  if (way === 'cuped' && hasCovariate(input)) return estimator.compare(control, treatment, adjusted);
  return estimator.ofContrast(contrastOf(way, input), control, treatment, adjusted);
}

const hasCovariate = ({ control, treatment }: AdjustmentInput): boolean =>
  control.comoment[2] + treatment.comoment[2] > 0;

const no = (reason: string): AnyContrast => ({ ok: false, reason });

function contrastOf(way: Exclude<AdjustmentKey, 'unadjusted'>, input: AdjustmentInput): AnyContrast {
  const { covariates, regression, options } = input;
  const meansOnly = way !== 'cuped' && way !== 'post-stratified';
  if (meansOnly && isRatio(options.kind)) return no('means_only');
  switch (way) {
    case 'cuped':
      return no('no_covariate');
    case 'cuped-multi':
      return covariates === null ? no('no_covariate') : multi(covariates.control, covariates.treatment);
    case 'regression':
      return regression === null ? no('no_covariate') : known(regression);
    default:
      return stratified(input, meansOnly);
  }
}

function stratified(input: AdjustmentInput, covariate: boolean): AnyContrast {
  if (covariate && !hasCovariate(input)) return no('no_covariate');
  if (input.strata.length === 0) return no('no_strata');
  return known(postStratifiedContrast(input.strata, input.options.kind, covariate));
}

const known = (result: Computed<Contrast>): AnyContrast =>
  result.ok ? { ok: true, contrast: result.value } : result;

function multi(a: CovariateMoments, b: CovariateMoments): AnyContrast {
  const found = multiCupedOfMoments(a, b);
  return found.ok ? { ok: true, contrast: contrastOfMulti(found.value, a, b) } : found;
}

function contrastOfMulti(found: MultiCupedEffect, a: CovariateMoments, b: CovariateMoments): Contrast {
  const scale = (a.n - 1) * a.n;
  const explained = found.beta.reduce((sum, slope, i) => sum + slope * (a.xy[i] as number), 0);
  return {
    estimate: found.estimate,
    standardError: found.standardError,
    df: a.n + b.n - 2 - found.beta.filter((slope) => slope !== 0).length,
    baseline: a.mean,
    baselineVariance: a.yy / scale,
    covariance: -(a.yy - explained) / scale,
    theta: 0,
    adjusted: true,
    control: { n: a.n, mean: a.mean },
    treatment: { n: b.n, mean: b.mean },
  };
}

function reductionOf(plain: Effect, effect: Effect): number | null {
  if (effect.status === 'undefined' || plain.standardError === null || effect.standardError === null)
    return null;
  const ratio = effect.standardError / plain.standardError;
  return Number.isFinite(ratio) ? 1 - ratio * ratio : null;
}
