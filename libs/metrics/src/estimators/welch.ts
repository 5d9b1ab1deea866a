import { studentTLogSf, studentTQuantile } from '../distributions/index.js';
import { buildEstimator } from './build-estimator.js';
import type { Law } from './law.js';

/** Welch's t at these degrees of freedom; interval and p-value use the same law. */
export function welchLaw(df: number, alpha: number): Law {
  return {
    criticalValue: -studentTQuantile(alpha / 2, df),
    logP: (z) => studentTLogSf(z, df) + Math.LN2,
    logPGreater: (z) => studentTLogSf(z, df),
  };
}

export const welch = buildEstimator({
  key: 'welch',
  title: "Welch's t",
  summary:
    'For experiments read once, at a size fixed beforehand. Narrower than the sequential interval, but looking ' +
    'often and stopping at the first significant result makes false alarms frequent.',
  reference: 'Welch, B. L. (1947). Biometrika 34; lift: Fieller, E. C. (1954). JRSS B 16.',
  validUnderPeeking: false,
  intervalKind: 'confidence',
  law: ({ contrast, options }) => welchLaw(contrast.df, options.alpha),
  halfWidth: ({ control, treatment }, { alpha }) =>
    control + treatment > 2 ? -studentTQuantile(alpha / 2, control + treatment - 2) : null,
});
