import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import type { OutcomeReason } from '../inference/outcome.js';
import { gammaQuantile } from '../distributions/index.js';
import { logBetaLower } from '../distributions/beta.js';

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
