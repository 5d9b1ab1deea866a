import type { RewardDefinition } from '../../api/types-operations.js';
import { humanise } from '../../format/index.js';

/** What a policy is paid for, in a few words. */
export function rewardSentence(reward: RewardDefinition | null): string {
  if (reward === null || reward.outcomes.length === 0) return 'none';
  const { combine, outcomes } = reward;
  const names = outcomes.map((outcome) =>
    outcome.value === 'one' ? humanise(outcome.name) : `value of ${outcome.name}`,
  );
  return outcomes.length === 1 ? (names[0] ?? '—') : `${combine} of ${names.join(', ')}`;
}
