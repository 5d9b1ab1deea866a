import { DomainError } from '#experiments';
import { explorationRegistry, policyRegistry } from '#policies';
import { Problem } from '../http/problem.js';
import type { Withhold } from '../persistence/withhold.js';
import { checkBudget } from './budget-check.js';
import type { RewardDefinition } from './reward.js';
import { checkRewardWindow } from './reward-versions.js';
import { checkSignals } from './signals-check.js';
import { checkMessages } from './messages-check.js';
import { checkWithhold } from './withhold-check.js';

export interface Setup {
  readonly withhold: Withhold | null;
  readonly params: unknown;
  readonly exploration: { readonly key: string; readonly params?: unknown };
  readonly reward: RewardDefinition | null;
  readonly windowSeconds: number;
  readonly graceSeconds: number;
  readonly learning: boolean;
}

/**
 * Checks the parameters against the registries.
 * @throws Problem 400 whose pointer leads to the field of the body.
 */
export function checkSetup(key: string, setup: Setup): void {
  const policy = policyRegistry.find(key);
  if (!policy) throw unknown('/key', 'policy', key, policyRegistry.list());
  const exploration = explorationRegistry.find(setup.exploration.key);
  if (!exploration)
    throw unknown('/exploration/key', 'exploration', setup.exploration.key, explorationRegistry.list());
  below('/params', () => {
    const params = policy.params.parse(setup.params);
    // Some parameters go together badly, which shows only when the policy is made of them.
    if (policy.learns === 'online') policy.compile(policy.initialState(params), params);
    if (policy.learns === 'never') policy.compile(null, params);
  });
  below('/exploration/params', () => exploration.params.parse(setup.exploration.params ?? {}));
  checkRewardWindow(setup.reward, setup.windowSeconds);
  checkSignals(policy, setup);
  checkBudget(policy, setup);
  checkWithhold(key, setup);
  checkMessages(key, setup);
  if (policy.learns === 'online' && setup.learning && setup.reward === null) {
    throw Problem.invalid(
      '/reward',
      'required',
      'a policy that learns online needs a reward definition, or learning: false',
    );
  }
}

function unknown(pointer: string, what: string, key: string, known: readonly { key: string }[]): Problem {
  const keys = known.map((entry) => entry.key).join(', ');
  return Problem.invalid(
    pointer,
    'unknown_key',
    `the ${what} "${key.slice(0, 100)}" is not registered; known are ${keys}`,
  );
}

/** Runs a registry's own validation and puts its pointers below the field of the body. */
export function below<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const inner = error.pointer === undefined || error.pointer === '/' ? '' : error.pointer;
    throw Problem.invalid(`${field}${inner}`, error.code, error.message);
  }
}
