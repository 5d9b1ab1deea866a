import { defineParams } from '#experiments';
import { z } from 'zod';
import { identityLink } from './linear-link.js';
import { linearFields } from './linear-params.js';
import { linearPolicy } from './linear-policy.js';

const schema = z.object({
  ...linearFields,
  gamma: z
    .number()
    .positive()
    .max(1e9)
    .default(30)
    .describe(
      'How fast exploration narrows, per unit of the reward: an action that is expected to earn d less than the best ' +
        'is played with probability 1 / (K + gamma d sqrt(decisions)).',
    ),
});

/**
 * Inverse-gap weights: p_a = 1 / (K + g (s* - s_a)) for every action that is not the best, which has the rest; the
 * best share it when there are several.
 * @param means expected rewards; overwritten by the weights. @param sharpness g, in 1 / units of the reward.
 */
export function inverseGapWeights(means: Float64Array, sharpness: number): Float64Array {
  const count = means.length;
  let best = -Infinity;
  for (let i = 0; i < count; i++) best = Math.max(best, means[i] as number);
  let rest = 1;
  let ties = 0;
  for (let i = 0; i < count; i++) {
    const gap = best - (means[i] as number);
    if (gap === 0) ties++;
    else rest -= 1 / (count + sharpness * gap);
  }
  for (let i = 0; i < count; i++) {
    const gap = best - (means[i] as number);
    means[i] = gap === 0 ? rest / ties : 1 / (count + sharpness * gap);
  }
  return means;
}

/**
 * SquareCB: inverse-gap weights over a ridge regression, with g = gamma sqrt(t) after t decisions (those that still
 * count, under forgetting). Its propensities cost nothing and are never zero: the choice where logs are to judge other
 * policies.
 */
export const squareCb = linearPolicy(
  {
    key: 'square-cb',
    title: 'SquareCB',
    summary:
      'Plays every action the more often the closer it is to the best one. Its log can judge any other policy.',
    reference:
      'Foster and Rakhlin (2020), Beyond UCB: optimal and efficient contextual bandits with regression oracles',
    params: defineParams(schema),
  },
  identityLink,
  (model, { gamma }, { rewards }) => {
    const sharpness = gamma * Math.sqrt(rewards.weight);
    return (request) => inverseGapWeights(model.means(request), sharpness);
  },
);
