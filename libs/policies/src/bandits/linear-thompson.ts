import { defineParams } from '#experiments';
import { z } from 'zod';
import type { BanditPolicy, Chooser } from '../contract.js';
import { probabilityBest } from '../sampling/gaussian-best.js';
import { learnLinear } from './linear-learn.js';
import { identityLink } from './linear-link.js';
import { compileLinear } from './linear-model.js';
import { linearFields } from './linear-params.js';
import {
  decodeLinearState,
  encodeLinearState,
  initialLinearState,
  LINEAR_STATE_VERSION,
} from './linear-state.js';
import type { LinearState } from './linear-state.js';

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
type Params = z.output<typeof schema>;

function compile(state: LinearState, params: Params): Chooser {
  const model = compileLinear(state, params);
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    scores: (request) => model.means(request),
    distribution: (request) => {
      const { mean, sd } = model.posterior(request);
      for (let i = 0; i < sd.length; i++) sd[i] = params.scale * (sd[i] as number);
      return model.warmUp(request, probabilityBest(mean, sd));
    },
  };
}

/**
 * Thompson sampling on a Bayesian linear model of the reward. The score of each action is sampled rather than the
 * weights (the same law when actions share nothing, and no square root of a matrix), and the probability of each
 * action to have the largest score is computed exactly.
 */
export const linearThompson: BanditPolicy<Params, LinearState> = {
  key: 'linear-thompson',
  title: 'Linear Thompson sampling',
  summary:
    'Learns which action suits which context, and plays each as often as it is likely to be the best there.',
  reference: 'Agrawal and Goyal (2013), Thompson sampling for contextual bandits with linear payoffs',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: LINEAR_STATE_VERSION,
  initialState: initialLinearState,
  update: (state, batch, params) => learnLinear(state, batch, params, identityLink),
  encode: encodeLinearState,
  decode: decodeLinearState,
  compile,
};
