import type { ArmSizes, EstimateOptions, HalfWidthOptions } from '../contract.js';
import { anytimeTLogP, anytimeTRadius } from '../sequential/anytime-t.js';
import { DEFAULT_TUNING, mixtureSize } from './asymptotic-cs.js';
import { MIN_UNITS_PER_ARM, inBurnIn } from './burn-in.js';
import { buildEstimator } from './build-estimator.js';
import type { Law } from './law.js';

/** Coefficients of the regression on arm, and on arm and covariate. */
const coefficients = (adjusted: boolean): number => (adjusted ? 3 : 2);

function radiusAt(sizes: ArmSizes, options: HalfWidthOptions, adjusted: boolean): number {
  const n = sizes.control + sizes.treatment;
  const { alpha, sequentialTuning = DEFAULT_TUNING } = options;
  return anytimeTRadius(n, n - coefficients(adjusted), mixtureSize(sequentialTuning, alpha), alpha);
}

function lawAt(sizes: ArmSizes, options: EstimateOptions, adjusted: boolean): Law | { reason: string } {
  const tuning = options.sequentialTuning ?? DEFAULT_TUNING;
  if (!(tuning > 0) || !Number.isFinite(tuning)) return { reason: 'invalid_tuning' };
  const criticalValue = radiusAt(sizes, options, adjusted);
  if (!Number.isFinite(criticalValue)) return { reason: 'burn_in' };
  const n = sizes.control + sizes.treatment;
  const g = mixtureSize(tuning, options.alpha);
  const logP = (z: number): number => anytimeTLogP(z, n, n - coefficients(adjusted), g);
  // The two-sided p-value also bounds the error of one side; conservative.
  return { criticalValue, logP, logPGreater: (z) => (z > 0 ? logP(z) : 0) };
}

export const anytimeRegression = buildEstimator({
  key: 'anytime-regression',
  title: 'Anytime-valid regression',
  summary:
    'Valid however often the report is looked at: the t-test of a regression on the arm (and on the covariate, ' +
    'where there is one) turned into a confidence sequence. Slightly wider than the default while samples are small.',
  reference:
    'Lindon, Ham, Tingley, Bojinov (2022). Anytime-valid linear models and regression adjusted causal inference, ' +
    'arXiv 2210.08589, with unequal variances; lift: Fieller, E. C. (1954). JRSS B 16.',
  validUnderPeeking: true,
  intervalKind: 'always-valid',
  law: ({ control, treatment, contrast, options }) =>
    inBurnIn(control, treatment, options.kind)
      ? { reason: 'burn_in' }
      : lawAt({ control: control.n, treatment: treatment.n }, options, contrast.adjusted),
  halfWidth: (sizes, options) => {
    if (Math.min(sizes.control, sizes.treatment) < MIN_UNITS_PER_ARM) return null;
    const radius = radiusAt(sizes, options, false);
    return Number.isFinite(radius) ? radius : null;
  },
});
