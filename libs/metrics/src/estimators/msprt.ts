import type { ArmSizes } from '../contract.js';
import { normalLogSf } from '../distributions/index.js';
import { mixtureSize } from './asymptotic-cs.js';
import { MIN_UNITS_PER_ARM, inBurnIn } from './burn-in.js';
import { buildEstimator } from './build-estimator.js';
import type { Law } from './law.js';

const { LN2, log, log1p, min, sqrt } = Math;

/** Default variance of the mixture over effects in variances of one unit: effects around 0.07 standard deviations. */
export const DEFAULT_MIXTURE = 0.005;

/** r = V / tau^2, variance of the difference over the variance of the mixture; the variance of a unit cancels. */
function varianceRatio(sizes: ArmSizes, alpha: number, tuning: number | undefined): number {
  // With equal arms the mixture that is tightest at `tuning` units has tau^2 = 4 / g variances of a unit.
  const mixture = tuning === undefined ? DEFAULT_MIXTURE : 4 / mixtureSize(tuning, alpha);
  return (1 / sizes.control + 1 / sizes.treatment) / mixture;
}

/** z at which the likelihood ratio sqrt(r/(1+r)) exp(z^2 / (2 (1+r))) is 1 / alpha. */
function radius(r: number, alpha: number): number {
  return sqrt((1 + r) * (log1p(1 / r) - 2 * log(alpha)));
}

function lawAt(r: number, alpha: number): Law {
  const shrink = -0.5 * log1p(1 / r);
  return {
    criticalValue: radius(r, alpha),
    logP: (z) => min(0, -shrink - (z * z) / (2 * (1 + r))),
    // Mixture over positive effects only (half-normal): its likelihood ratio is a supermartingale for effects <= 0.
    logPGreater: (z) => {
      if (z <= 0) return 0;
      const u = z / sqrt(1 + r);
      return min(0, -(LN2 + shrink + 0.5 * u * u + normalLogSf(-u)));
    },
  };
}

export const msprt = buildEstimator({
  key: 'msprt',
  title: 'Mixture SPRT',
  summary:
    'Valid however often the report is looked at. Like the confidence sequence, but tuned to an effect size ' +
    'instead of a number of units, and it counts arms of unequal size by what they tell.',
  reference:
    'Johari, Koomen, Pekelis, Walsh (2022). Always valid inference. Operations Research 70; lift: Fieller, E. C. ' +
    '(1954). JRSS B 16.',
  validUnderPeeking: true,
  intervalKind: 'always-valid',
  law: ({ control, treatment, options }) => {
    const { alpha, sequentialTuning: tuning } = options;
    if (tuning !== undefined && !(tuning > 0 && Number.isFinite(tuning))) return { reason: 'invalid_tuning' };
    if (inBurnIn(control, treatment, options.kind)) return { reason: 'burn_in' };
    return lawAt(varianceRatio({ control: control.n, treatment: treatment.n }, alpha, tuning), alpha);
  },
  halfWidth: (sizes, { alpha, sequentialTuning }) =>
    min(sizes.control, sizes.treatment) < MIN_UNITS_PER_ARM
      ? null
      : radius(varianceRatio(sizes, alpha, sequentialTuning), alpha),
});
