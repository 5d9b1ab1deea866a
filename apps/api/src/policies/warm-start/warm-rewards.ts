import type { Context } from '#experiments';
import type { RewardedDecision } from '#policies';
import type { Transaction } from '../../persistence/database.js';
import type { PolicyRow } from '../policy-row.js';
import { settle } from '../reward.js';
import type { PositionReward } from '../reward.js';
import { featuresOf, isHidden, lotOf, readEvents, readFeatures, servedOf } from '../settle-rewards.js';
import type { SourceDecision } from './source-log.js';

/** What a policy learns from one position of another's decision. */
export interface WarmReward {
  readonly decision: SourceDecision;
  readonly reward: PositionReward;
  readonly features: Context;
}

/**
 * The rewards of logged decisions by the definition of the policy that is to learn them, whatever the log's own policy
 * counts: outcomes and exposures are read again, within the policy's own window. Withheld choices and places have none. The
 * propensity of a choice is the logged one; an arm with a fixed value is sure of its choice, so there it is the share of
 * units that the arm had (of a slate: at its first position, all others follow from it).
 */
export async function settleFor(
  tx: Transaction,
  policy: PolicyRow,
  decisions: readonly SourceDecision[],
  now: Date,
): Promise<WarmReward[]> {
  const definition = policy.reward;
  if (definition === null) return [];
  const eventsOf = await readEvents(tx, policy, decisions, now);
  const rows = decisions.flatMap((decision) => {
    const result = settle(servedOf(decision), eventsOf(decision), definition, policy.window_seconds);
    return result.rewards
      .filter((reward) => lotOf(decision, reward)?.withheld !== true && !isHidden(policy, reward, result))
      .map((reward) => ({ decision, reward: { ...reward, propensity: shareOf(decision, reward) } }));
  });
  const items = await readFeatures(tx, rows);
  return rows.map((row) => ({ ...row, features: featuresOf(row.decision, row.reward.actionId, items) }));
}

const shareOf = (decision: SourceDecision, { position, propensity }: PositionReward): number =>
  decision.policy_id === null && position === 0 ? propensity * decision.arm_propensity : propensity;

/** As a learner sees it. */
export const asLearned = ({ decision, reward, features }: WarmReward): RewardedDecision => ({
  decisionId: decision.id,
  unitId: decision.unit_id,
  context: decision.context,
  subject: decision.subject,
  action: { id: reward.actionId, features },
  position: reward.position,
  propensity: reward.propensity,
  reward: reward.reward,
  ...(reward.signals && { signals: reward.signals }),
  at: decision.at.getTime(),
});

/** Freezes what is learned, as part of a version of the policy's learning log. */
export async function writeWarmRewards(
  tx: Transaction,
  policy: PolicyRow,
  warmStart: string,
  version: number,
  rows: readonly WarmReward[],
): Promise<void> {
  await tx.query(
    `insert into warm_reward (policy_id, warm_start, version, definition, decision_id, position, subject, action_id, reward,
       signals, propensity, decision_at, features)
     select $1, $2, $3, $4, r.decision_id, r.position, r.subject, r.action_id, r.reward, nullif(r.signals, 'null'), r.propensity,
       r.decision_at, r.features
     from unnest($5::text[], $6::int[], $7::text[], $8::text[], $9::float8[], $10::jsonb[], $11::float8[], $12::timestamptz[],
       $13::jsonb[])
       as r (decision_id, position, subject, action_id, reward, signals, propensity, decision_at, features)`,
    [
      policy.id,
      warmStart,
      version,
      policy.reward_version,
      rows.map(({ decision }) => decision.id),
      rows.map(({ reward }) => reward.position),
      rows.map(({ decision }) => decision.subject),
      rows.map(({ reward }) => reward.actionId),
      rows.map(({ reward }) => reward.reward),
      rows.map(({ reward }) => JSON.stringify(reward.signals ?? null)),
      rows.map(({ reward }) => reward.propensity),
      rows.map(({ decision }) => decision.at),
      rows.map(({ features }) => JSON.stringify(features)),
    ],
  );
}
