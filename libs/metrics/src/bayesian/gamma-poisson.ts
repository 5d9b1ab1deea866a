import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { OutcomeReason } from '../inference/outcome.js';
import { gammaQuantile, logGamma } from '../distributions/index.js';
import { logBetaLower } from '../distributions/beta.js';
import { logGammaLower, logGammaUpper, stirlingError } from '../distributions/gamma.js';
import type { ArmLaw } from './exact.js';

export interface GammaPrior {
  /** Pseudo-events, >= 0. */
  readonly shape: number;
  /** Pseudo-exposure, >= 0. */
  readonly rate: number;
}

export interface EventArm {
  readonly events: number;
  /** Time or units over which the events were counted. */
  readonly exposure: number;
}

export interface RateSummary {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

export interface RateComparison {
  /** P(treatment rate > control rate). */
  readonly chanceToWin: number;
  readonly control: RateSummary;
  readonly treatment: RateSummary;
}

interface GammaShapes {
  readonly shape: number;
  readonly rate: number;
}

function posteriorOf(prior: GammaPrior, arm: EventArm): GammaShapes | OutcomeReason {
  const numbers = [prior.shape, prior.rate, arm.events, arm.exposure];
  if (!numbers.every(Number.isFinite)) return 'not_finite';
  if (numbers.some((value) => value < 0)) return 'invalid_input';
  const shape = prior.shape + arm.events;
  const rate = prior.rate + arm.exposure;
  return shape > 0 && rate > 0 ? { shape, rate } : 'insufficient_units';
}

function summary({ shape, rate }: GammaShapes, alpha: number): RateSummary {
  return {
    mean: shape / rate,
    lower: gammaQuantile(alpha / 2, shape) / rate,
    upper: gammaQuantile(1 - alpha / 2, shape) / rate,
  };
}

/** The posterior of one rate, by its logarithm; the reasons of `compareRates` where there is none. */
export function rateLaw(prior: GammaPrior, arm: EventArm): ArmLaw | OutcomeReason {
  const found = posteriorOf(prior, arm);
  if (typeof found === 'string') return found;
  const { shape, rate } = found;
  const centre = Math.log(shape) - Math.log(rate);
  // Density of log x at its mode, log(shape / rate): shape^shape e^-shape / Gamma(shape).
  const peak = shape < 10 ? shape * Math.log(shape) - shape - logGamma(shape) : stirlingPeak(shape);
  return {
    law: {
      centre,
      scale: 1 / Math.sqrt(shape),
      noise: 4 * Number.EPSILON * Math.max(1, shape),
      // shape (d - expm1(d)): nothing large is subtracted near the mode.
      logDensity: (u) => peak + shape * (u - centre - Math.expm1(u - centre)),
      logCdf: (u) => logGammaLower(shape, shape * Math.exp(u - centre)),
      logSf: (u) => logGammaUpper(shape, shape * Math.exp(u - centre)),
    },
    mean: shape / rate,
    interval: (alpha) => [gammaQuantile(alpha / 2, shape) / rate, gammaQuantile(1 - alpha / 2, shape) / rate],
    times: (u, k) => u + Math.log(k),
    logJacobian: (u) => u,
  };
}

const stirlingPeak = (shape: number): number => 0.5 * Math.log(shape / (2 * Math.PI)) - stirlingError(shape);

/**
 * Two Poisson rates with the same gamma prior (conjugate gamma-Poisson model): the chance to win is an incomplete
 * beta function of the shapes at the share of control's rate parameter, because the share of control in a sum of
 * two gamma variables is beta distributed. Equal-tailed credible intervals of level 1 - alpha. Not computed:
 * `not_finite`, `invalid_input` (a negative number, alpha outside (0, 1)), `insufficient_units` (a posterior
 * without shape or rate: no prior and no data).
 */
export function compareRates(
  prior: GammaPrior,
  control: EventArm,
  treatment: EventArm,
  alpha: number,
): Computed<RateComparison> {
  const c = posteriorOf(prior, control);
  const t = posteriorOf(prior, treatment);
  if (typeof c === 'string') return notComputed(c);
  if (typeof t === 'string') return notComputed(t);
  if (!(alpha > 0 && alpha < 1)) return notComputed('invalid_input');
  const total = c.rate + t.rate;
  return computed({
    chanceToWin: Math.exp(logBetaLower(c.shape, t.shape, c.rate / total, t.rate / total)),
    control: summary(c, alpha),
    treatment: summary(t, alpha),
  });
}
