import type { Json, Keyed, ParamsSchema } from '#experiments';
import type { Contact } from './contact.js';
import type { ActionVectors, Chooser, DecisionRequest, RewardedDecision, SlotRule } from '../contract.js';

/** What a wrapper keeps beside the state of the policy that it wraps. `update` must not mutate its input. */
export interface WrapperMemory<O, S> {
  initial(params: O): S;
  update(state: S, batch: readonly RewardedDecision[], params: O): S;
  /** Plain JSON. */
  encode(state: S): Json;
  /** @throws DomainError `invalid_state`. */
  decode(json: Json): S;
}

/** A request with the scores that a re-ranker finds. */
export interface Ranking {
  readonly request: DecisionRequest;
  /** One per action in request order; not to be changed. */
  readonly scores: Float64Array;
  /** 1 for each action that may be served. */
  readonly open: Uint8Array;
  /** What the model has learned about the actions; null where it has no vectors. */
  vectors(): ActionVectors | null;
}

/**
 * Goes around a policy and changes what it may serve, how often, or what it learns from. Wrappers compose: each one
 * sees what the ones inside it answer, and learns from rewards as the ones outside it leave them. Whatever it does, the
 * distribution that leaves it is the one that is drawn from, so propensities stay as exact as those of the policy.
 */
export interface Wrapper<O = unknown, S = unknown> extends Keyed {
  readonly title: string;
  readonly summary: string;
  /** Reference in the literature. */
  readonly reference: string;
  readonly params: ParamsSchema<O>;
  /** Absent for a wrapper that keeps nothing; with it, only policies that learn online can be wrapped. */
  readonly memory?: WrapperMemory<O, S>;
  /** Optional: the signals of the reward definition that it needs, each with the JSON pointer of the parameter naming it. */
  signals?(params: O): readonly { readonly name: string; readonly pointer: string }[];
  /** What the policy inside learns from, in place of the decision's reward. */
  reward?(decision: RewardedDecision, state: S, params: O): number;
  /** 1 for each action that may be served at all. When no action is left, the limit is not applied, unless it is `hard`. */
  eligible?(request: DecisionRequest, params: O): Uint8Array;
  /**
   * Optional: context attributes that say what may be shown at all. They are kept for units that policies may not know.
   */
  limitAttributes?(params: O): readonly string[];
  /** Optional: features of actions that say what may be shown at all. They are kept where policies may know few. */
  limitFeatures?(params: O): readonly string[];
  /** Optional: whether the unit may be sent something now; goes with `silent`, the action that is left if not. */
  contact?(request: DecisionRequest, params: O): Contact;
  silent?(params: O): string;
  /** Optional: ids of actions that have to be ranked at a time, also where the policy would not retrieve them. */
  named?(params: O, at: number): readonly string[];
  /** The limit holds whatever happens: then rather nothing is served, and a default order leaves the others out too. */
  readonly hard?: boolean;
  /** Changes probabilities; needs a policy that chooses, not one that ranks. */
  wrap?(inner: Chooser, state: S, params: O): Chooser;
  /** Re-rankers: other scores in place of those found, all finite; needs a policy that ranks, not one that chooses. */
  rerank?(ranking: Ranking, params: O): Float64Array;
  /**
   * Re-rankers: changes the probabilities of a slot after the exploration has made them of the scores. Must stay a
   * distribution over what is not taken; needs a policy that ranks. The scores are those that the exploration was given.
   */
  slots?(rule: SlotRule, ranking: Ranking, params: O): SlotRule;
}

/** Which policies a wrapper can go around: those that give probabilities, those that give scores, or both. */
export type Fits = 'choosers' | 'rankers' | 'all';

export function fitsOf(wrapper: Wrapper): Fits {
  if (wrapper.wrap) return 'choosers';
  return wrapper.rerank || wrapper.slots ? 'rankers' : 'all';
}
