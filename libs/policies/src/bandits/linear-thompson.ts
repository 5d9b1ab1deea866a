import { defineParams } from '#experiments';
import { z } from 'zod';
import { probabilityBest } from '../sampling/gaussian-best.js';
import { identityLink } from './linear-link.js';
import { linearFields } from './linear-params.js';
import { linearPolicy } from './linear-policy.js';
import type { Exploring } from './linear-policy.js';

/**
 * Exact probability of every action to have the largest score when scores are drawn from their posterior, `scale`
 * times as wide.
 */
export const thompson: Exploring<{ readonly scale: number }> = (model, { scale }) => {
  return (request) => {
    const { mean, sd } = model.posterior(request);
    for (let i = 0; i < sd.length; i++) sd[i] = scale * (sd[i] as number);
    return probabilityBest(mean, sd);
  };
};

const schema = z.object({
  ...linearFields,
  scale: z
    .number()
    .positive()
    .max(1e6)
    .default(0.2)
    .describe(
      'Width of the posterior that is sampled, in units of the reward; about half the deviation of rewards.',
    ),
});

/**
 * Thompson sampling on a Bayesian linear model of the reward. The score of each action is sampled rather than the
 * weights (the same law when actions share nothing, and no square root of a matrix), and the probability of each
 * action to have the largest score is computed exactly.
 */
export const linearThompson = linearPolicy(
  {
    key: 'linear-thompson',
    title: 'Linear Thompson sampling',
    summary:
      'Learns which action suits which context, and plays each as often as it is likely to be the best there.',
    reference: 'Agrawal and Goyal (2013), Thompson sampling for contextual bandits with linear payoffs',
    params: defineParams(schema),
  },
  identityLink,
  thompson,
  ({ scale }) => scale,
);
