import type { Context, Json } from '#experiments';
import { allowedBy, limitContext } from '#policies';
import type { Action, DecisionRequest } from '#policies';

/** What hard limits leave of a request. */
export interface HardLimits {
  /** With the attributes that limits name. */
  readonly request: DecisionRequest;
  /** 1 for each action that may be shown; null: the policy is told all that its limits need, and keeps them itself. */
  readonly open: Uint8Array | null;
}

/**
 * Hard limits hold whatever policies may be told: an age rating or a member's no to messages counts although nobody
 * registered the attribute or consented to its use. They are decided before the policy, which sees what they leave alone.
 * @param said all that the client said.
 * @param told what of it may be told.
 * @param request as the policy gets it.
 * @param params of the policy.
 */
export function hardLimits(
  said: Context,
  told: Context,
  request: DecisionRequest,
  params: Json | undefined,
): HardLimits {
  if (said === told) return { request, open: null };
  const limited = { ...request, context: { ...request.context, ...limitContext(said, params) } };
  return { request: limited, open: allowedBy(params, limited) };
}

/** Actions that are left; null where that is all of them. */
export function onlyOpen(actions: readonly Action[], open: Uint8Array | null): readonly Action[] | null {
  return open?.includes(0) ? actions.filter((_, i) => open[i] === 1) : null;
}
