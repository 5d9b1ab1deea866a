import type { Json } from '#experiments';
import { policyRegistry } from '#policies';
import type { Sql } from '../persistence/database.js';
import type { Withhold } from '../persistence/withhold.js';
import type { PolicyRow } from './policy-row.js';
import type { RewardDefinition } from './reward.js';
import { presetOf } from '../rewards/reward-presets.js';
import type { SnapshotStatus } from './snapshot-store.js';
import type { TrainingSettings } from './training-settings.js';

export interface PolicyView {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly params: Json;
  readonly exploration: { readonly key: string; readonly params: Json };
  readonly floor: number;
  readonly reward: RewardDefinition | null;
  /** The ready-made reward that this is; null for one of your own. */
  readonly rewardPreset: string | null;
  /** Raised whenever reward or window change; every stored reward names the version it comes from. */
  readonly rewardVersion: number;
  readonly windowSeconds: number;
  readonly graceSeconds: number;
  readonly learning: boolean;
  /** The policy that is asked about every decision of this one without serving; null: none. */
  readonly shadow: { readonly policyId: string; readonly version: number | null } | null;
  /** Which share of the choices is not shown, to measure the lift of showing; null: none. */
  readonly withhold: Withhold | null;
  /** Nothing new of this policy serves before the off-policy gate has said yes. */
  readonly gateRequired: boolean;
  /** When it trains by itself, and what a run may take; null: the defaults, and no schedule. */
  readonly training: TrainingSettings | null;
  readonly learns: 'online' | 'batch' | 'never';
  readonly servingVersion: number | null;
  readonly latestVersion: number;
  /** Raised by every change of the configuration; the ETag of one policy. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly usedBy: readonly string[];
  /** Decisions whose window is open, and rewards that wait to be learned. */
  readonly pendingRewards: number;
  readonly lastLearnedAt: Date | null;
}

interface PolicyFacts {
  readonly used_by: string[];
  readonly pending: number;
}

const FACTS = `
select p.*,
  array(select e.key from experiment e
        where e.status <> 'archived'
          and exists (select from jsonb_array_elements(e.arms) a where a -> 'treatment' ->> 'policyId' = p.id)
        order by e.key) as used_by,
  ((select count(*) from reward_due d where d.policy_id = p.id)
   + (select count(*) from reward r where r.policy_id = p.id and r.version = 0))::int as pending
from policy p`;

function toView(row: PolicyRow & PolicyFacts): PolicyView {
  return {
    id: row.id,
    key: row.key,
    title: row.title,
    params: row.params,
    exploration: { key: row.exploration.key, params: row.exploration.params ?? {} },
    floor: row.floor,
    reward: row.reward,
    rewardPreset: presetOf(row.reward, row.window_seconds),
    rewardVersion: row.reward_version,
    windowSeconds: row.window_seconds,
    graceSeconds: row.grace_seconds,
    learning: row.learning,
    shadow: row.shadow && { policyId: row.shadow.policyId, version: row.shadow.version ?? null },
    withhold: row.withhold,
    gateRequired: row.gate_required,
    training: row.training,
    learns: policyRegistry.find(row.key)?.learns ?? 'never',
    servingVersion: row.serving_version,
    latestVersion: row.latest_version,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    usedBy: row.used_by,
    pendingRewards: row.pending,
    lastLearnedAt: row.last_learned_at,
  };
}

/** All policies, or the one with the id. */
export async function readPolicyViews(tx: Sql, id: string | null = null): Promise<PolicyView[]> {
  const rows = await tx.query<PolicyRow & PolicyFacts & Record<string, unknown>>(
    `${FACTS} where $1::text is null or p.id = $1 order by p.created_at, p.id`,
    [id],
  );
  return rows.map(toView);
}

export interface SnapshotView {
  readonly version: number;
  readonly status: SnapshotStatus;
  readonly serving: boolean;
  readonly reason: string | null;
  readonly rowsUsed: number;
  /** Rewards learned earlier that this version corrected. */
  readonly correctionsUsed: number;
  readonly meanReward: number | null;
  readonly learnedThrough: Date | null;
  readonly evaluation: Json;
  readonly createdAt: Date;
  readonly sha256: string;
}

/** Newest first; without their states. */
export async function readSnapshotViews(
  tx: Sql,
  policyId: string,
  before: number | null,
  limit: number,
): Promise<SnapshotView[]> {
  return tx.query<SnapshotView & Record<string, unknown>>(
    `select s.version, s.status, s.version is not distinct from p.serving_version as serving, s.reason,
       s.rows_used as "rowsUsed", s.corrections_used as "correctionsUsed", s.mean_reward as "meanReward", s.learned_through as "learnedThrough", s.evaluation,
       s.created_at as "createdAt", s.sha256
     from policy_snapshot s join policy p on p.id = s.policy_id
     where s.policy_id = $1 and ($2::int is null or s.version < $2) order by s.version desc limit $3`,
    [policyId, before, limit],
  );
}
