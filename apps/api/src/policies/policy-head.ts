import type { Policy, RewardedDecision } from '#policies';
import { canonicalJson } from '../persistence/canonical.js';
import type { Transaction } from '../persistence/database.js';
import { notifySnapshot } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import type { SnapshotRow } from './snapshot-store.js';

/** Whether learning may go on from this version: same parameters, same shape of state. */
export const continues = (head: SnapshotRow, policy: Policy, row: PolicyRow): boolean =>
  head.state_version === policy.stateVersion && canonicalJson(head.params) === canonicalJson(row.params);

/** Moves the policy's pointers, if nobody else has written a version since its row was read. */
export async function moveTo(
  tx: Transaction,
  row: PolicyRow,
  version: number,
  accepted: boolean,
  now: Date,
): Promise<void> {
  const moved = await tx.query(
    `update policy set latest_version = $2, serving_version = case when $3 then $2 else serving_version end,
       last_learned_at = case when $3 then $4 else last_learned_at end
     where id = $1 and latest_version = $5 returning id`,
    [row.id, version, accepted, now, row.latest_version],
  );
  if (moved.length !== 1) throw new Error(`policy ${row.id} has moved on from version ${row.latest_version}`);
  if (accepted) await notifySnapshot(tx, row.id);
}

/** Mean reward of a batch; null when it is empty. */
export const meanReward = (batch: readonly Pick<RewardedDecision, 'reward'>[]): number | null =>
  batch.length === 0 ? null : batch.reduce((sum, one) => sum + one.reward, 0) / batch.length;

/** Time of the newest decision that a version has learned from. */
export function learnedThrough(
  batch: readonly Pick<RewardedDecision, 'at'>[],
  head: SnapshotRow | undefined,
): Date | null {
  const before = head?.learned_through?.getTime() ?? -Infinity;
  const latest = Math.max(before, batch.at(-1)?.at ?? -Infinity);
  return Number.isFinite(latest) ? new Date(latest) : null;
}
