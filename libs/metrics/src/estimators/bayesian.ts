import type { BayesianEvidence, EstimateOptions } from '../contract.js';
import type { Contrast } from '../contrast.js';
import { normalPosterior } from '../bayesian/normal-effect.js';
import { normalLogSf, normalQuantile } from '../distributions/index.js';
import { buildEstimator } from './build-estimator.js';
import type { Law } from './law.js';

const { LN2, abs, sqrt } = Math;

/** Relative half-width of the region of practical equivalence. */
const DEFAULT_EQUIVALENCE = 0.01;

/**
 * Posterior of the difference with the prior N(0, sd^2) of the lift carried over by the size of the baseline; the
 * flat prior leaves the contrast as it is. The joint law with the baseline (flat prior) stays normal, so Fieller's
 * lift of the posterior excludes zero exactly when the credible interval does.
 */
function posterior(c: Contrast, { priorLiftSd }: EstimateOptions): Contrast | { reason: string } {
  if (priorLiftSd === undefined) return c;
  if (!(priorLiftSd > 0) || !Number.isFinite(priorLiftSd)) return { reason: 'invalid_prior' };
  if (c.baseline === 0) return { reason: 'zero_baseline' };
  const priorSd = priorLiftSd * abs(c.baseline);
  const ratio = (c.standardError / priorSd) ** 2;
  const share = 1 / (1 + ratio);
  // Covariance of estimate and baseline in units of the estimate's total standard deviation, data and prior.
  const explained = c.covariance / (c.standardError * sqrt(1 + 1 / ratio));
  const shrunk = {
    ...c,
    estimate: share * c.estimate,
    standardError: c.standardError * sqrt(share),
    covariance: c.covariance * share,
    baselineVariance: Math.max(0, c.baselineVariance - explained * explained),
  };
  const numbers = [shrunk.estimate, shrunk.standardError, shrunk.covariance, shrunk.baselineVariance];
  return numbers.every(Number.isFinite) && shrunk.standardError > 0 ? shrunk : { reason: 'not_finite' };
}

function evidence(c: Contrast, options: EstimateOptions): BayesianEvidence | null {
  const half = (options.equivalence ?? DEFAULT_EQUIVALENCE) * abs(c.baseline);
  const result = normalPosterior(c.estimate, c.standardError, null, { alpha: options.alpha, rope: half });
  if (!result.ok) return null;
  const { value } = result;
  const lowerIsBetter = options.betterWhen === 'lower';
  return {
    probabilityBetter: lowerIsBetter ? value.probabilityNegative : value.probabilityPositive,
    expectedLoss: lowerIsBetter ? value.expectedGain : value.expectedLoss,
    probabilityEquivalent: half > 0 ? value.rope.within : null,
  };
}

const normalLaw = (alpha: number): Law => ({
  criticalValue: -normalQuantile(alpha / 2),
  logP: (z) => normalLogSf(z) + LN2,
  logPGreater: normalLogSf,
});

/**
 * Normal likelihood, normal prior. No beta-binomial for shares: its interval of the difference is not dual to its
 * chance to win, and at the sizes where anything is decided the two agree.
 */
export const bayesian = buildEstimator({
  key: 'bayesian',
  title: 'Bayesian',
  summary:
    'Chance to be better, expected loss and the chance that the difference does not matter, with a credible interval. ' +
    'Without a prior the chance to be better is one minus a one-sided p-value: stopping at the first high value makes ' +
    'false alarms as frequent as with any fixed-size test.',
  reference:
    'Gelman, Carlin, Stern, Dunson, Vehtari, Rubin (2013). Bayesian Data Analysis, section 2.5; expected loss: ' +
    'Stucchio (2015); equivalence region: Kruschke (2018), AMPPS 1.',
  validUnderPeeking: false,
  intervalKind: 'credible',
  law: ({ options }) => normalLaw(options.alpha),
  posterior,
  bayes: evidence,
  halfWidth: (_sizes, { alpha }) => -normalQuantile(alpha / 2),
});
