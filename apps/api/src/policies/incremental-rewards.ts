import type { Context } from '#experiments';
import { incrementalReward } from '#policies';
import type { Lot } from '#policies';
import type { Sql } from '../persistence/database.js';
import type { IncrementalParts, KnownReward } from './correct-rewards.js';
import type { PolicyRow } from './policy-row.js';
import type { PositionReward } from './reward.js';
import { pathOf, readBaselines, segmentOf } from './withheld-outcomes.js';

/** What a reward depends on beside its outcome. */
interface RewardedChoice {
  readonly kind: 'value' | 'action' | 'slate';
  readonly subject: string | null;
  readonly context: Context;
  readonly slice: string | null;
}

type MadeReward = PositionReward & IncrementalParts;

/**
 * How outcomes become rewards under the policy's definition. Incremental ones are centred by baselines from what was
 * settled before this call, so that no reward depends on its own outcome through them; one that is settled again keeps its
 * baseline, so that only what has arrived late changes it. Before anything was withheld the baseline is 0.
 * @returns a function that answers null where there is no reward: withheld, and the reward is the outcome of showing; or
 *   a place of a slate without a lot, and the reward is the lift.
 */
export async function rewardsOf(
  tx: Sql,
  policy: PolicyRow,
): Promise<
  (
    decision: RewardedChoice,
    settled: PositionReward,
    lot: Lot | null,
    before: KnownReward | undefined,
  ) => MadeReward | null
> {
  const incremental = policy.reward?.incremental;
  if (!incremental)
    return (_decision, settled, lot) =>
      lot?.withheld ? null : { ...settled, outcome: null, baseline: null };
  const baselineOf = await readBaselines(tx, policy);
  return ({ kind, subject, context }, settled, drawn, before) => {
    if (drawn === null && kind === 'slate') return null;
    const kept = before?.definition === policy.reward_version ? before.baseline : null;
    const path = pathOf(subject, settled.actionId, segmentOf(context, incremental.by));
    const baseline = kept ?? baselineOf(path)?.mean ?? 0;
    const outcome = settled.reward;
    const lot = drawn ?? { withheld: false, propensity: 1 };
    return { ...settled, reward: incrementalReward(outcome, baseline, lot), outcome, baseline };
  };
}

/**
 * Whether a policy may learn from the decision: not from the analysis slice, and with an incremental reward only from
 * decisions that might have been withheld, since the others cannot say what showing brings.
 */
export const mayLearnFrom = (policy: PolicyRow, { slice }: RewardedChoice, lot: Lot | null): boolean =>
  slice !== 'analysis' && (policy.reward?.incremental === undefined || lot !== null);
