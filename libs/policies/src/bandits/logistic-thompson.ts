import { defineParams } from '#experiments';
import { z } from 'zod';
import { logitLink } from './linear-link.js';
import { linearFields, ownRidgeField, ridgeField } from './linear-params.js';
import { linearPolicy } from './linear-policy.js';
import { thompson } from './linear-thompson.js';

const schema = z.object({
  ...linearFields,
  // Logits of features of size 1: without a firm prior a few early surprises would throw the weights far off.
  ridge: ridgeField.default(20),
  ownRidge: ownRidgeField.default(40),
  scale: z
    .number()
    .positive()
    .max(1e6)
    .default(0.3)
    .describe('Width of the posterior that is sampled: 1 is the Bayesian one, less explores less.'),
});

/**
 * Thompson sampling on logistic regression with a full Laplace approximation, kept online: every decision adds
 * mu (1 - mu) x x' to the precision and moves the weights by one Newton step. The order of the scores' logits is that
 * of the rewards, so the probability of each action to be the best is computed on the logits, exactly.
 */
export const logisticThompson = linearPolicy(
  {
    key: 'logistic-thompson',
    title: 'Logistic Thompson sampling',
    summary:
      'As linear Thompson sampling, for rewards that are a yes or a no: rare successes weigh as much as they tell.',
    reference:
      'Chapelle and Li (2011), An empirical evaluation of Thompson sampling; full covariance instead of a diagonal',
    params: defineParams(schema),
  },
  logitLink,
  thompson,
  ({ scale }) => scale,
);
