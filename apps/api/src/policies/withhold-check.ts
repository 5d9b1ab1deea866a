import { policyRegistry } from '#policies';
import { Problem } from '../http/problem.js';
import type { Withhold } from '../persistence/withhold.js';
import type { RewardDefinition } from './reward.js';

interface Setup {
  readonly withhold: Withhold | null;
  readonly reward: RewardDefinition | null;
  readonly windowSeconds: number;
}

const HOUR = 3600;
const PERIOD_SECONDS: Readonly<Record<Withhold['steadyFor'], number>> = {
  decision: 0,
  hour: HOUR,
  day: 24 * HOUR,
  week: 7 * 24 * HOUR,
  always: Infinity,
};

/**
 * @throws Problem 400 where a lot is kept for less time than outcomes count: what is withheld now would be shown within its
 *   own window, and what is compared with showing would be showing.
 */
export function checkSteadyLot({ withhold, reward, windowSeconds }: Setup): void {
  if (withhold === null || reward === null) return;
  const known = Object.entries(PERIOD_SECONDS);
  if ((PERIOD_SECONDS[withhold.steadyFor] ?? 0) >= windowSeconds) return;
  const enough = known.flatMap(([name, seconds]) => (seconds >= windowSeconds ? [`"${name}"`] : []));
  throw Problem.invalid(
    '/withhold/steadyFor',
    'shorter_than_window',
    `a lot must be kept at least as long as outcomes count (${windowSeconds} s): what is withheld would be shown ` +
      `within its own window; allowed are ${enough.join(', ')}, or a shorter windowSeconds`,
  );
}

/**
 * @throws Problem 400 where withholding and reward do not fit together: withholding needs a window, since nothing says when
 * to stop waiting for an outcome that did not come; and an incremental reward needs a withheld slice to be estimated from,
 * and a policy that can tell a negative reward from none.
 */
export function checkWithhold(key: string, { withhold, reward, windowSeconds }: Setup): void {
  if (withhold !== null && reward !== null && windowSeconds === 0)
    throw Problem.invalid(
      '/withhold',
      'needs_window',
      'what happens after a withheld decision is counted when a window closes; windowSeconds must be above 0',
    );
  if (!reward?.incremental) return;
  if (withhold === null)
    throw Problem.invalid(
      '/reward/incremental',
      'needs_withhold',
      'what happens without showing is learned from withheld decisions; set withhold, for example {"share": 0.03}',
    );
  if (policyRegistry.find(key)?.leastReward === undefined) return;
  const able = policyRegistry
    .list()
    .filter(({ learns, leastReward }) => learns === 'online' && leastReward === undefined);
  throw Problem.invalid(
    '/reward/incremental',
    'not_supported',
    `an incremental reward may be negative, which "${key}" counts as 0; these can learn from it: ` +
      `${able.map((policy) => policy.key).join(', ')}`,
  );
}
