import { MIN_UNITS_PER_ARM, inBurnIn } from './burn-in.js';
import { buildEstimator } from './build-estimator.js';
import type { Law } from './law.js';

const { exp, expm1, log, log1p, min, sqrt } = Math;

/** Units of both arms at which the interval is tightest, relative to a fixed-size one. Fix it before the start. */
export const DEFAULT_TUNING = 5000;

/** Mixture parameter g for which the boundary is tightest near `tuning` units. */
export function mixtureSize(tuning: number, alpha: number): number {
  const logAlpha = log(alpha);
  return tuning / (-2 * logAlpha + log(1 - 2 * logAlpha));
}

/** Half-width of the two-sided confidence sequence in standard errors, at n units of both arms. */
export function sequentialRadius(n: number, g: number, alpha: number): number {
  return sqrt(((n + g) / n) * (log1p(n / g) - 2 * log(alpha)));
}

/** Logarithm of the always-valid two-sided p-value at z standard errors; the inverse of `sequentialRadius`. */
export function sequentialLogP(z: number, n: number, g: number): number {
  return min(0, 0.5 * log1p(n / g) - (z * z * n) / (2 * (n + g)));
}

/** rho^2 of the one-sided boundary that is tightest near `tuning` units. */
export function oneSidedRho2(tuning: number, alpha: number): number {
  const logAlpha = log(2 * alpha);
  return (-2 * logAlpha + log(1 - 2 * logAlpha)) / tuning;
}

/** Half-width of the one-sided confidence sequence in standard errors; alpha < 1/2. */
export function oneSidedRadius(n: number, rho2: number, alpha: number): number {
  const k = n * rho2;
  return sqrt(((2 * (k + 1)) / k) * log1p(sqrt(k + 1) / (2 * alpha)));
}

/** Logarithm of the one-sided p-value: `oneSidedRadius` solved for alpha at fixed rho. */
export function oneSidedLogP(z: number, n: number, rho2: number): number {
  if (z <= 0) return 0;
  const k = n * rho2;
  const exponent = (z * z * k) / (2 * (k + 1));
  // log(expm1(e)) without overflow for large e.
  const logExpm1 = exponent > 30 ? exponent + log1p(-exp(-exponent)) : log(expm1(exponent));
  return min(0, 0.5 * log(k + 1) - Math.LN2 - logExpm1);
}

function lawAt(n: number, alpha: number, tuning: number): Law {
  const g = mixtureSize(tuning, alpha);
  return {
    criticalValue: sequentialRadius(n, g, alpha),
    logP: (z) => sequentialLogP(z, n, g),
    logPGreater: (z) => (alpha < 0.5 ? oneSidedLogP(z, n, oneSidedRho2(tuning, alpha)) : 0),
  };
}

export const asymptoticCs = buildEstimator({
  key: 'asymptotic-cs',
  title: 'Confidence sequence',
  summary:
    'Valid however often the report is looked at and whenever the experiment is stopped. Wider than a ' +
    'fixed-size interval (about 1.5 times at the tuning size). The default.',
  reference:
    'Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2021), arXiv 2103.06476; Howard et al. (2021), Annals of ' +
    'Statistics 49; lift: Fieller, E. C. (1954). JRSS B 16.',
  validUnderPeeking: true,
  intervalKind: 'always-valid',
  law: ({ control, treatment, options }) => {
    const tuning = options.sequentialTuning ?? DEFAULT_TUNING;
    if (!(tuning > 0) || !Number.isFinite(tuning)) return { reason: 'invalid_tuning' };
    if (inBurnIn(control, treatment, options.kind)) return { reason: 'burn_in' };
    return lawAt(control.n + treatment.n, options.alpha, tuning);
  },
  halfWidth: ({ control: a, treatment: b }, { alpha, sequentialTuning: tuning = DEFAULT_TUNING }) =>
    min(a, b) < MIN_UNITS_PER_ARM ? null : sequentialRadius(a + b, mixtureSize(tuning, alpha), alpha),
});
