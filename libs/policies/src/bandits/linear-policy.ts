import type { BanditPolicy, Belief, Chooser, DecisionRequest } from '../contract.js';
import { logitNormalBelief, normalBelief } from '../sampling/beliefs.js';
import { correctLinear, isSum } from './linear-correct.js';
import { learnLinear } from './linear-learn.js';
import type { Link } from './linear-link.js';
import { compileLinear } from './linear-model.js';
import type { LinearModel } from './linear-model.js';
import type { LinearParams } from './linear-params.js';
import {
  decodeLinearState,
  encodeLinearState,
  initialLinearState,
  LINEAR_READABLE,
  LINEAR_STATE_VERSION,
} from './linear-state.js';
import type { LinearState } from './linear-state.js';

type Described<P> = Pick<BanditPolicy<P, LinearState>, 'key' | 'title' | 'summary' | 'reference' | 'params'>;

/** How a policy turns the model of a snapshot into probabilities, one per action, exact. */
export type Exploring<P> = (
  model: LinearModel,
  params: P,
  state: LinearState,
) => (request: DecisionRequest) => Float64Array;

function beliefsOf(model: LinearModel, request: DecisionRequest, width: number, { curved }: Link): Belief[] {
  const { mean, sd } = model.posterior(request);
  const make = curved === null ? normalBelief : logitNormalBelief;
  return Array.from(mean, (one, i) => make(one, width * (sd[i] as number)));
}

/** A policy of the linear family: they learn alike and differ in how they explore. */
export function linearPolicy<P extends LinearParams>(
  described: Described<P>,
  link: Link,
  exploring: Exploring<P>,
  /** How wide the policy takes its posterior to be, for those that sample from one. */
  width?: (params: P) => number,
): BanditPolicy<P, LinearState> {
  const compile = (state: LinearState, params: P): Chooser => {
    const model = compileLinear(state, params);
    const { curved } = link;
    return {
      decides: 'action',
      propensity: { kind: 'exact' },
      scores: (request) => {
        const means = model.means(request);
        return curved === null ? means : means.map((score) => curved.mean(score));
      },
      distribution: exploring(model, params, state),
      ...(width && { beliefs: (request: DecisionRequest) => beliefsOf(model, request, width(params), link) }),
    };
  };
  return {
    ...described,
    learns: 'online',
    ...(link.curved !== null && { leastReward: 0 as const }),
    stateVersion: LINEAR_STATE_VERSION,
    readableStateVersions: LINEAR_READABLE,
    initialState: initialLinearState,
    update: (state, batch, params) => learnLinear(state, batch, params, link),
    ...(link.curved === null && {
      correct: correctLinear,
      corrects: (params: P) => isSum(params, link),
    }),
    encode: encodeLinearState,
    decode: decodeLinearState,
    compile,
  };
}
