import type { Policy } from '#policies';
import { Problem } from '../http/problem.js';

const DAY_SECONDS = 86_400;

interface BudgetSetup {
  /** Valid parameters of the policy. */
  readonly params: unknown;
  readonly windowSeconds: number;
  readonly graceSeconds: number;
}

/**
 * An exploration budget is charged to the day of the decision once its reward is settled. If that takes a day or longer,
 * nothing of today is ever charged, and the budget never binds.
 * @throws Problem 400 `window_too_long` that points to the wrapper.
 */
export function checkBudget(policy: Policy, { params, windowSeconds, graceSeconds }: BudgetSetup): void {
  const { wrappers = [] } = policy.params.parse(params) as {
    readonly wrappers?: readonly { readonly key: string }[];
  };
  const worn = wrappers.findIndex(({ key }) => key === 'exploration-budget');
  if (worn < 0 || windowSeconds + graceSeconds < DAY_SECONDS) return;
  throw Problem.invalid(
    `/params/wrappers/${worn}`,
    'window_too_long',
    'a budget by the day needs rewards of the same day; windowSeconds and graceSeconds together must be below 86400',
  );
}
