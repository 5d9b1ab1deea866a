import type { CorrectedReward } from '../contract.js';
import { addScaled } from '../linear-algebra/rank-one.js';
import { checkRewarded, correctOne, decayFactor, tallyKey } from './decayed-counts.js';
import type { Tally } from './decayed-counts.js';
import { copyBlock } from './linear-block.js';
import type { LinearBlock } from './linear-block.js';
import { readBatch } from './linear-layout.js';
import { identityLink } from './linear-link.js';
import type { Link } from './linear-link.js';
import type { LinearParams } from './linear-params.js';
import type { LinearState } from './linear-state.js';

/**
 * Whether a state is nothing but sums over its decisions, each fading by the clock: A of their features, b of features
 * by reward, and the rewards. Shared weights are solved now and then, with the rewards of that time, and the curvature of
 * a logistic model is taken at the weights that earlier rewards gave: both depend on what was known when.
 */
export function isSum(params: Pick<LinearParams, 'sharing'>, link: Link): boolean {
  return params.sharing === 'disjoint' && link.curved === null;
}

/** The state of these sums. */
export function summed(
  state: LinearState,
  blocks: ReadonlyMap<string, LinearBlock>,
  rewards: Tally,
): LinearState {
  const prior = { base: identityLink.base(rewards), shared: null, since: 0 };
  return { ...state, blocks, prior, rewards, solutions: { latest: state.solutions.latest } };
}

/**
 * Replaces rewards that were learned before, in a state for which isSum holds: b += w x (reward - previous), faded as the
 * decision itself has faded. A stays, as the decisions count already. The state given stays as it is.
 * @param copies how often each decision counted, once without.
 * @throws DomainError `invalid_reward`.
 */
export function correctLinear(
  state: LinearState,
  batch: readonly CorrectedReward[],
  params: LinearParams,
  copies?: Uint8Array,
): LinearState {
  batch.forEach(checkRewarded);
  // The layout stays: every feature there was room for has been named when the decision was learned.
  const { x } = readBatch(state, batch, params).vectors;
  const blocks = new Map(state.blocks);
  let { rewards } = state;
  batch.forEach((decision, n) => {
    const count = copies?.[n] ?? 1;
    const key = tallyKey(decision.subject, decision.action.id, params.perSubject);
    const old = state.blocks.get(key);
    if (count === 0 || old === undefined) return;
    let block = blocks.get(key) as LinearBlock;
    if (block === old) blocks.set(key, (block = copyBlock(old, 1, old.at)));
    const change = count * (decision.reward - decision.previous);
    const share = decayFactor(decision.at, block.at, params.halfLifeDays);
    addScaled(block.b, (x[n] as Float64Array).subarray(0, block.dim), share * change);
    const counted = { ...decision, reward: count * decision.reward, previous: count * decision.previous };
    rewards = correctOne(rewards, counted, params.halfLifeDays);
  });
  return summed(state, blocks, rewards);
}
