import type { Json } from '#experiments';
import { Problem } from '../http/problem.js';
import { canonicalJson } from '../persistence/canonical.js';
import type { Sql } from '../persistence/database.js';
import { findPolicyRow } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import { REWARD_PRESETS } from '../rewards/reward-presets.js';
import { widerRules } from './reward.js';
import type { RewardDefinition } from './reward.js';

interface RewardFields {
  readonly reward?: RewardDefinition | null | undefined;
  readonly rewardPreset?: string | undefined;
  readonly windowSeconds?: number | undefined;
}

/**
 * The fields with a preset put in the place of its key.
 * @throws Problem 400 when a reward is given as well, or the window and a rule do not fit together.
 */
export function resolveReward<T extends RewardFields>(body: T): Omit<T, 'rewardPreset'> {
  const { rewardPreset, ...fields } = body;
  if (rewardPreset === undefined) return fields;
  if (body.reward !== undefined) {
    throw Problem.invalid('/rewardPreset', 'conflicting', 'give either a reward or a preset, not both');
  }
  const preset = REWARD_PRESETS.find(({ key }) => key === rewardPreset);
  if (!preset) throw new Error(`the preset "${rewardPreset}" has passed the schema and is not registered`);
  return { ...fields, reward: preset.reward, windowSeconds: body.windowSeconds ?? preset.windowSeconds };
}

/**
 * @throws Problem 400 for what needs a window and has none: a rule about the unit, since nothing would say when to look, and
 * signals, since they would be settled before they can have happened.
 */
export function checkRewardWindow(reward: RewardDefinition | null, windowSeconds: number): void {
  if (reward === null || windowSeconds > 0) return;
  const [rule] = widerRules(reward);
  if (rule !== undefined)
    throw Problem.invalid(
      `/reward${rule.pointer}`,
      'needs_window',
      'an outcome of the unit, of the item or of a decision within counts at the end of a window; windowSeconds must be above 0',
    );
  if (Object.keys(reward.signals ?? {}).length > 0)
    throw Problem.invalid(
      '/reward/signals',
      'needs_window',
      'signals are measured when the window closes; windowSeconds must be above 0',
    );
}

const textOf = (row: Pick<PolicyRow, 'reward' | 'window_seconds'>): string =>
  canonicalJson({ reward: row.reward, window: row.window_seconds } as unknown as Json);

/**
 * Keeps the definition as a new version when it has changed; rewards settled from now on carry the new number. Those
 * on record keep theirs: what was promised when they were learned stays true.
 * @param before the row before the change; null for a new policy, whose version is 1.
 */
export async function keepRewardVersion(tx: Sql, id: string, before: PolicyRow | null): Promise<void> {
  if (before !== null) {
    const after = await findPolicyRow(tx, id);
    if (!after || textOf(before) === textOf(after)) return;
    await tx.query('update policy set reward_version = reward_version + 1 where id = $1', [id]);
  }
  await tx.query(
    `insert into reward_definition (policy_id, version, reward, window_seconds)
     select id, reward_version, reward, window_seconds from policy where id = $1 and reward is not null`,
    [id],
  );
}

export interface RewardVersionView {
  readonly version: number;
  readonly reward: RewardDefinition;
  readonly windowSeconds: number;
  readonly createdAt: Date;
  /** Rewards on record that come from it. */
  readonly rewards: number;
}

/** All versions of a policy's reward, the newest first. */
export async function readRewardVersions(tx: Sql, id: string): Promise<RewardVersionView[]> {
  return tx.query<RewardVersionView & Record<string, unknown>>(
    `select v.version, v.reward, v.window_seconds as "windowSeconds", v.created_at as "createdAt",
       (select count(*) from reward r where r.policy_id = v.policy_id and r.definition = v.version)::int as rewards
     from reward_definition v where v.policy_id = $1 order by v.version desc`,
    [id],
  );
}

/** Puts decisions on the list of rewards to settle whose outcome comes from another version of the definition. */
export async function settleAgain(tx: Sql, id: string): Promise<void> {
  await tx.query(
    `insert into reward_due (decision_id, decision_at, policy_id, due_at)
     select o.decision_id, o.decision_at, o.policy_id, now()
     from (select decision_id, decision_at, policy_id, definition from reward where policy_id = $1
           union select decision_id, decision_at, policy_id, definition from withheld_outcome where policy_id = $1) o
     join policy p on p.id = o.policy_id where o.definition <> p.reward_version
     on conflict (decision_id) do nothing`,
    [id],
  );
  // What came from other logs is not settled again: it is left out, as a number of another definition.
  await tx.query(
    `update warm_reward w set version = -1 from policy p
     where w.policy_id = $1 and p.id = $1 and w.definition <> p.reward_version`,
    [id],
  );
}
