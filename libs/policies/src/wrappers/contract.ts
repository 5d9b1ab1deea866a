import type { Json, Keyed, ParamsSchema } from '#experiments';
import type { Chooser, DecisionRequest, RewardedDecision } from '../contract.js';

/** What a wrapper keeps beside the state of the policy that it wraps. `update` must not mutate its input. */
export interface WrapperMemory<O, S> {
  initial(params: O): S;
  update(state: S, batch: readonly RewardedDecision[], params: O): S;
  /** Plain JSON. */
  encode(state: S): Json;
  /** @throws DomainError `invalid_state`. */
  decode(json: Json): S;
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
  /** 1 for each action that may be served at all. When no action is left, the limit is not applied. */
  eligible?(request: DecisionRequest, params: O): Uint8Array;
  /** Changes probabilities; needs a policy that chooses, not one that ranks. */
  wrap?(inner: Chooser, state: S, params: O): Chooser;
}
