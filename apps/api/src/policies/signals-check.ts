import type { Json } from '#experiments';
import { wrapperRegistry } from '#policies';
import type { Policy } from '#policies';
import { Problem } from '../http/problem.js';
import type { RewardDefinition } from './reward.js';

interface SignalSetup {
  /** Valid parameters of the policy. */
  readonly params: unknown;
  readonly reward: RewardDefinition | null;
}

/**
 * A wrapper may only name signals that the reward measures: one that it does not would count 0 for ever.
 * @throws Problem 400 `unknown_signal` that points to the parameter naming it.
 */
export function checkSignals(policy: Policy, { params, reward }: SignalSetup): void {
  const known = Object.keys(reward?.signals ?? {});
  const { wrappers = [] } = policy.params.parse(params) as {
    readonly wrappers?: readonly { readonly key: string; readonly params: Json }[];
  };
  wrappers.forEach(({ key, params: own }, i) => {
    for (const { name, pointer } of wrapperRegistry.get(key).signals?.(own) ?? []) {
      if (known.includes(name)) continue;
      const allowed = known.length === 0 ? 'it defines none' : `it defines ${known.join(', ')}`;
      throw Problem.invalid(
        `/params/wrappers/${i}/params${pointer}`,
        'unknown_signal',
        `the wrapper "${key}" needs the signal "${name}", which the reward does not define; ${allowed}`,
      );
    }
  });
}
