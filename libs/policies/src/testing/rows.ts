import type { Context } from '#experiments';
import type { BanditPolicy, Chooser, RewardedDecision } from '../contract.js';

/** One learned decision of a world written out by hand. */
export function rewarded(id: string, context: Context, reward: number, n: number): RewardedDecision {
  return {
    decisionId: `d${n}`,
    unitId: `u${n}`,
    subject: null,
    context,
    action: { id, features: {} },
    position: 0,
    propensity: 0.5,
    reward,
    at: 1_700_000_000_000 + n,
  };
}

/** A policy that has learned these rows at once. */
export function chooserOf<P, S>(
  policy: BanditPolicy<P, S>,
  rows: readonly RewardedDecision[],
  input: object,
): Chooser {
  const params = policy.params.parse(input);
  const compiled = policy.compile(policy.update(policy.initialState(params), rows, params), params);
  if (compiled.decides !== 'action') throw new Error('a chooser was expected');
  return compiled;
}
