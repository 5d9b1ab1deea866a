import { z } from 'zod';
import { probabilityBestBeta } from '../sampling/beta-best.js';
import type { Belief } from '../contract.js';
import { betaBelief } from '../sampling/beliefs.js';
import type { Evidence, Play } from './counted-policy.js';

export const betaPriorFields = {
  priorAlpha: z
    .number()
    .min(0.1)
    .max(1e9)
    .default(1)
    .describe('Successes of the Beta prior of every action.'),
  priorBeta: z.number().min(0.1).max(1e9).default(1).describe('Failures of the Beta prior of every action.'),
};

export interface BetaPrior {
  readonly priorAlpha: number;
  readonly priorBeta: number;
}

/** Beta posteriors of rates; a fractional reward counts as that much of a success. */
export interface BetaPosterior {
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
}

export function betaPosterior({ weight, sum }: Evidence, prior: BetaPrior): BetaPosterior {
  return {
    alpha: sum.map((s) => prior.priorAlpha + s),
    beta: weight.map((n, i) => prior.priorBeta + Math.max(0, n - (sum[i] as number))),
  };
}

export const posteriorMeans = ({ alpha, beta }: BetaPosterior): Float64Array =>
  alpha.map((a, i) => a / (a + (beta[i] as number)));

/** Thompson sampling: each action as often as its rate is the largest. */
export function playThompsonBeta(evidence: Evidence, prior: BetaPrior): Play {
  const posterior = betaPosterior(evidence, prior);
  return {
    distribution: probabilityBestBeta(posterior.alpha, posterior.beta),
    scores: posteriorMeans(posterior),
  };
}

/** The posteriors as curves. */
export function betaBeliefs(evidence: Evidence, prior: BetaPrior): readonly Belief[] {
  const { alpha, beta } = betaPosterior(evidence, prior);
  return Array.from(alpha, (a, i) => betaBelief(a, beta[i] as number));
}
