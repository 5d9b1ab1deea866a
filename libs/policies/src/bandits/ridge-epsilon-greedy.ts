import { defineParams } from '#experiments';
import { z } from 'zod';
import { epsilonGreedyDistribution } from './epsilon-greedy.js';
import { identityLink } from './linear-link.js';
import { epsilonField, linearFields } from './linear-params.js';
import { linearPolicy } from './linear-policy.js';

const schema = z.object({ ...linearFields, epsilon: epsilonField });

/** The action with the largest expected reward in this context, or with probability epsilon any of them; ties share. */
export const ridgeEpsilonGreedy = linearPolicy(
  {
    key: 'ridge-epsilon-greedy',
    title: 'Contextual epsilon-greedy',
    summary:
      'Mostly the action that should earn most in this context; in a fixed share of decisions any action.',
    reference:
      'Langford and Zhang (2007), The epoch-greedy algorithm for multi-armed bandits with side information',
    params: defineParams(schema),
  },
  identityLink,
  (model, { epsilon }) =>
    (request) =>
      epsilonGreedyDistribution(model.means(request), epsilon),
);
