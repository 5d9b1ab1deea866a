import { defineParams } from '#experiments';
import { z } from 'zod';
import { epsilonGreedyDistribution } from './epsilon-greedy.js';
import { identityLink } from './linear-link.js';
import { epsilonField, linearFields } from './linear-params.js';
import { linearPolicy } from './linear-policy.js';

const schema = z.object({
  ...linearFields,
  alpha: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.25)
    .describe(
      'How many deviations of its estimate an action is given the benefit of, in units of the reward.',
    ),
  epsilon: epsilonField,
});

/**
 * The action with the largest upper confidence bound theta'x + alpha sqrt(x' (A + ridge I)^-1 x). The bound alone
 * would leave nothing in the log about all other actions, so it always plays under an epsilon mixture, which makes the
 * propensities exact and never zero; equal bounds share.
 */
export const linUcb = linearPolicy(
  {
    key: 'lin-ucb',
    title: 'LinUCB',
    summary:
      'Plays the action that could plausibly earn most in this context, so it tries what it knows least about.',
    reference:
      'Li, Chu, Langford and Schapire (2010), A contextual-bandit approach to personalized news article recommendation',
    params: defineParams(schema),
  },
  identityLink,
  (model, { alpha, epsilon }) =>
    (request) => {
      const { mean, sd } = model.posterior(request);
      for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) + alpha * (sd[i] as number);
      return epsilonGreedyDistribution(mean, epsilon);
    },
);
