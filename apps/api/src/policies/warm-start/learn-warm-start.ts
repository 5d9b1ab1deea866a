import type { BanditPolicy } from '#policies';
import { recordChange } from '../../access/record-change.js';
import type { Transaction } from '../../persistence/database.js';
import { advance, readLearned, readProbes, replay } from '../learning-log.js';
import type { LoggedReward } from '../learning-log.js';
import { continues, learnedThrough, meanReward, moveTo } from '../policy-head.js';
import { notifySnapshot } from '../policy-row.js';
import type { PolicyRow } from '../policy-row.js';
import { PolicyFailure, blame, gate } from '../snapshot-state.js';
import type { StoredState } from '../snapshot-state.js';
import { insertSnapshot, readHead, stateOf } from '../snapshot-store.js';
import type { SnapshotRow } from '../snapshot-store.js';
import { nextOf, unitsWithout } from './source-log.js';
import type { SourceDecision } from './source-log.js';
import { settleFor, writeWarmRewards } from './warm-rewards.js';
import { sourceName, toWarmView } from './warm-start-row.js';
import type { WarmStartRow } from './warm-start-row.js';

export interface WarmStep {
  /** Rewards that went into a new version. */
  readonly learned: number;
  readonly version: number | null;
  readonly rejected: string | null;
  readonly more: boolean;
}

const SYSTEM = { actor: 'system: warm start', requestId: '' };

/**
 * One step of the policy's open warm start, inside the learner's transaction and under the policy's lock: the next decisions
 * of the log that it learns from are settled by the policy's own reward definition, frozen, and learned as one version.
 * Rewards, version and place in the log become visible together, so that a crash repeats nothing and `replay` gives the
 * same bits.
 * @returns null when there is none to do.
 */
export async function learnWarmStart(
  tx: Transaction,
  row: PolicyRow,
  policy: BanditPolicy,
  now: Date,
  limit: number,
): Promise<WarmStep | null> {
  const [warm] = await tx.query<WarmStartRow & Record<string, unknown>>(
    `select * from warm_start where policy_id = $1 and status in ('queued', 'running') for update`,
    [row.id],
  );
  if (!warm) return null;
  if (warm.definition !== row.reward_version)
    return fail(tx, row, warm, 'the reward definition changed while it was learned', now);
  const decisions = await nextOf(tx, rangeOf(warm), cursorOf(warm), limit);
  const rewards = await settleFor(tx, row, decisions, now);
  const version = row.latest_version + 1;
  let batch: readonly LoggedReward[] = [];
  if (rewards.length > 0) {
    await writeWarmRewards(tx, row, warm.id, version, rewards);
    batch = await readLearned(tx, row.id, version);
    const refused = await learnBatch(tx, row, policy, warm, batch, now);
    if (refused !== null) return fail(tx, row, warm, refused, now);
  }
  const more = decisions.length === limit;
  const after = await noteProgress(tx, warm, decisions, batch, batch.length > 0 ? version : null, more, now);
  if (!more && after.version === null)
    return fail(
      tx,
      row,
      after,
      'no decision of the log was seen and has a reward by the definition of this policy',
      now,
    );
  if (!more) await note(tx, 'policy.warm-started', after);
  return { learned: batch.length, version: after.version, rejected: null, more };
}

const rangeOf = (warm: WarmStartRow) => ({
  source: warm.source,
  from: warm.from_at,
  to: warm.to_at,
  subject: warm.subject,
  surface: warm.surface,
  without: unitsWithout(warm.policy_id, warm.held_out),
});

const cursorOf = ({ cursor_at: at, cursor_id: id }: WarmStartRow) =>
  at === null || id === null ? null : { at, id };

/** @returns why the state may not be served, or null after it has become the newest version. */
async function learnBatch(
  tx: Transaction,
  row: PolicyRow,
  policy: BanditPolicy,
  warm: WarmStartRow,
  batch: readonly LoggedReward[],
  now: Date,
): Promise<string | null> {
  const head = await readHead(tx, row.id);
  const probes = await readProbes(tx, batch);
  try {
    const params = blame(() => policy.params.parse(row.params));
    const state = advance(policy, await stateBefore(tx, row, policy, head, params), batch, params);
    const refused = gate(policy, state, { params, exploration: row.exploration, floor: row.floor }, probes);
    if (refused !== null) return refused;
    await insertSnapshot(tx, {
      policyId: row.id,
      version: row.latest_version + 1,
      stateVersion: policy.stateVersion,
      params: row.params,
      state,
      status: 'accepted',
      reason: `warm start from ${sourceName(warm.source)}`,
      rowsUsed: batch.length,
      meanReward: meanReward(batch),
      learnedThrough: learnedThrough(batch, head),
      now,
    });
  } catch (error) {
    if (error instanceof PolicyFailure) return error.message;
    throw error;
  }
  await moveTo(tx, row, row.latest_version + 1, true, now);
  return null;
}

/** The newest state; learned again from the log where parameters changed on the way. */
async function stateBefore(
  tx: Transaction,
  row: PolicyRow,
  policy: BanditPolicy,
  head: SnapshotRow | undefined,
  params: unknown,
): Promise<StoredState> {
  if (head && continues(head, policy, row)) return stateOf(head);
  return replay(tx, policy, row.id, params, { from: null, after: 0, through: row.latest_version });
}

async function noteProgress(
  tx: Transaction,
  warm: WarmStartRow,
  decisions: readonly SourceDecision[],
  batch: readonly LoggedReward[],
  version: number | null,
  more: boolean,
  now: Date,
): Promise<WarmStartRow> {
  const last = decisions.at(-1);
  const [after] = await tx.query<WarmStartRow & Record<string, unknown>>(
    `update warm_start set status = $2, read = read + $3, rewards = rewards + $4, decisions = decisions + $5,
       reward_sum = reward_sum + $6, cursor_at = coalesce($7, cursor_at), cursor_id = coalesce($8, cursor_id),
       first_version = coalesce(first_version, $9), version = coalesce($9, version), finished_at = $10
     where id = $1 returning *`,
    [
      warm.id,
      more ? 'running' : 'succeeded',
      decisions.length,
      batch.length,
      new Set(batch.map(({ decisionId }) => decisionId)).size,
      batch.reduce((sum, { reward }) => sum + reward, 0),
      last?.at ?? null,
      last?.id ?? null,
      version,
      more ? null : now,
    ],
  );
  return after as WarmStartRow;
}

/** Takes back what was learned of it: the policy is as it was before, so that another log can be tried. */
async function fail(
  tx: Transaction,
  row: PolicyRow,
  warm: WarmStartRow,
  error: string,
  now: Date,
): Promise<WarmStep> {
  await tx.query('delete from warm_reward where policy_id = $1', [row.id]);
  await tx.query(
    `update policy_snapshot set status = 'rejected', reason = $3
     where policy_id = $1 and version >= $2 and status = 'accepted'`,
    [row.id, warm.first_version ?? row.latest_version + 1, `the warm start failed: ${error}`],
  );
  await tx.query('update policy set serving_version = null where id = $1', [row.id]);
  const [after] = await tx.query<WarmStartRow & Record<string, unknown>>(
    `update warm_start set status = 'failed', error = $2, finished_at = $3 where id = $1 returning *`,
    [warm.id, error, now],
  );
  await notifySnapshot(tx, row.id);
  await note(tx, 'policy.warm-start-failed', after as WarmStartRow);
  return { learned: 0, version: null, rejected: error, more: false };
}

const note = (tx: Transaction, action: string, warm: WarmStartRow): Promise<void> =>
  recordChange(tx, SYSTEM, { action, entity: 'policy', entityKey: warm.policy_id, after: toWarmView(warm) });
