import { createRng } from '#experiments';
import type { Belief, CompiledExploration, CompiledPolicy, DecisionRequest } from './contract.js';
import { serveAction } from './serve.js';
import { wrapperRegistry } from './wrappers/index.js';

/** Everything that leads to the probability of an action, in the order of the request's actions. */
export interface Examination {
  /** Mean score of each action; null where the policy has none. */
  readonly scores: Float64Array | null;
  /** What is believed about each action's mean reward; null where the policy has no beliefs. */
  readonly beliefs: readonly Belief[] | null;
  /** 1 for each action that may be served. */
  readonly eligible: Uint8Array;
  /** Of the policy alone, without wrappers; null for one that ranks, which has scores in its place. */
  readonly own: Float64Array | null;
  /** With wrappers or exploration, before the floor. */
  readonly explored: Float64Array;
  /** With the floor: what is drawn from. Of slates: for the first position. */
  readonly served: Float64Array;
}

/**
 * Takes a decision apart without making it: nothing is drawn, and equal inputs give equal answers.
 * @param bare the same policy and state without its wrappers; the policy itself where it wears none.
 * @param floor least probability of every action, in [0, 1].
 * @throws DomainError `no_candidates`, or `invalid_distribution` when the policy breaks its contract.
 */
export function examineRequest(
  compiled: CompiledPolicy,
  bare: CompiledPolicy,
  request: DecisionRequest,
  exploration: CompiledExploration,
  floor: number,
): Examination {
  // The draw itself is not looked at, so any seed will do.
  const at = (least: number): Float64Array =>
    serveAction(compiled, request, exploration, least, createRng('examine')).probabilities;
  const own = bare.decides === 'action' ? bare.distribution(request).slice() : null;
  return {
    scores: compiled.scores?.(request) ?? null,
    beliefs: compiled.decides === 'action' ? (compiled.beliefs?.(request) ?? null) : null,
    eligible: compiled.eligible?.(request) ?? new Uint8Array(request.actions.length).fill(1),
    own,
    explored: at(0),
    served: at(floor),
  };
}

/**
 * Which wrappers keep an action from being served: the keys, per action in the order of the request. A limit that would
 * leave nothing counts here although it is not applied, so look at `eligible` first.
 * @param params parsed parameters of the policy.
 */
export function limitedBy(params: unknown, request: DecisionRequest): readonly (readonly string[])[] {
  const { wrappers = [] } = (params ?? {}) as { wrappers?: readonly { key: string; params: unknown }[] };
  const limits = wrappers.flatMap(({ key, params: own }) => {
    const mask = wrapperRegistry.find(key)?.eligible?.(request, own);
    return mask ? [{ key, mask }] : [];
  });
  return request.actions.map((_, i) => limits.filter(({ mask }) => mask[i] === 0).map(({ key }) => key));
}
