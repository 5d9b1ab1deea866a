import type { Registry } from '#experiments';
import { policyRegistry } from '#policies';
import type { BanditPolicy, Policy } from '#policies';
import type { Database, Transaction } from '../persistence/database.js';
import {
  advance,
  amend,
  markCorrected,
  markLearned,
  readCorrections,
  readProbes,
  readWaiting,
  replay,
  takeInCorrections,
} from './learning-log.js';
import type { LoggedCorrection, LoggedReward } from './learning-log.js';
import { continues, learnedThrough, meanReward, moveTo } from './policy-head.js';
import { lockPolicy } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import { settleDue } from './settle-rewards.js';
import type { SettleResult } from './settle-rewards.js';
import { NO_STATE, PolicyFailure, blame, gate } from './snapshot-state.js';
import type { StoredState } from './snapshot-state.js';
import { readRules } from '../persistence/feature-rules.js';
import { insertSnapshot, pruneSnapshots, readHead, stateOf } from './snapshot-store.js';
import type { SnapshotRow } from './snapshot-store.js';
import { learnWarmStart } from './warm-start/learn-warm-start.js';

export interface LearnResult extends SettleResult {
  /** False when another learner holds the policy, or it does not exist: nothing was done. */
  readonly held: boolean;
  /** Rewards that went into a new version. */
  readonly learned: number;
  /** Corrections of rewards learned earlier that went into the new version. */
  readonly corrections: number;
  /** The version made, accepted or not. */
  readonly version: number | null;
  /** Why the version was refused. */
  readonly rejected: string | null;
  /** A limit was reached: there is more to do at once. */
  readonly more: boolean;
}

export interface LearnLimits {
  /** Most decisions to settle, and most rewards to learn, in one transaction. */
  readonly rows: number;
}

const LIMITS: LearnLimits = { rows: 5000 };
const PRUNE_EVERY = 25;
const RETRY_FIRST_MS = 60_000;
const RETRY_LAST_MS = 3_600_000;

/**
 * Settles a policy's closed attribution windows and learns from them, in one transaction: rewards, the state that
 * used them and the pointer to it become visible together or not at all, so every reward counts once whatever
 * crashes. The policy's row lock makes one learner at a time; the version it read must still be the latest when the
 * new one is written (fencing).
 *
 * A frozen policy goes on settling; its rewards wait and are learned when it is unfrozen. A state that fails the gate
 * is recorded as rejected, the serving one stays, and its rewards wait for the next try after 1, 2, 4... minutes, at
 * most an hour. A warm start that somebody asked for goes before the policy's own rewards, also while it is frozen.
 * Outcomes that arrive after settlement correct their reward: as a compensating update where the policy
 * can, else when it next learns everything again.
 */
export class LearnPolicy {
  constructor(
    private readonly db: Database,
    private readonly registry: Registry<Policy> = policyRegistry,
    private readonly limits: LearnLimits = LIMITS,
  ) {}

  /**
   * @param lagMs how far storage is behind what clients were promised: windows that closed within this time stay open,
   *   since their outcomes may still be under way. Policies without a window need not wait: an outcome makes their rewards.
   * @throws DomainError `unknown_key` when the policy's algorithm is not registered.
   */
  run(policyId: string, now: Date, lagMs = 0): Promise<LearnResult> {
    return this.db.transaction(async (tx) => {
      const row = await lockPolicy(tx, policyId, false);
      if (!row) return idle({ held: false });
      const policy = this.registry.get(row.key);
      const through = row.window_seconds === 0 ? now : new Date(now.getTime() - lagMs);
      const settled = await settleDue(
        tx,
        row,
        policy.learns === 'online',
        { now, through },
        this.limits.rows,
      );
      const more = settled.decisions === this.limits.rows;
      const warm =
        policy.learns === 'online' && (await learnWarmStart(tx, row, policy, now, this.limits.rows));
      if (warm) return idle({ ...settled, ...warm, more: more || warm.more });
      if (policy.learns !== 'online' || !row.learning) return idle({ ...settled, more });
      const learned = await this.learn(tx, row, policy, now, more);
      const full = Math.max(learned.learned, learned.corrections) === this.limits.rows;
      return idle({ ...settled, ...learned, more: more || full });
    });
  }

  /** @param settling rewards are still being settled: what is to be learned again waits for them. */
  private async learn(
    tx: Transaction,
    row: PolicyRow,
    policy: BanditPolicy,
    now: Date,
    settling: boolean,
  ): Promise<Pick<LearnResult, 'learned' | 'corrections' | 'version' | 'rejected'>> {
    const none = { learned: 0, corrections: 0, version: null, rejected: null };
    const head = await readHead(tx, row.id);
    const again = rebuildReason(head, policy, row, settling);
    if (await isBackingOff(tx, row, head, now)) return none;
    const batch = await readWaiting(tx, row.id, this.limits.rows);
    const corrections = await correctionsFor(tx, policy, row, this.limits.rows);
    if (batch.length + corrections.length === 0 && again === null) return none;
    const version = row.latest_version + 1;
    const from = again === null ? head : undefined;
    const { state, reason: rejected } = await this.nextState(tx, row, policy, from, batch, corrections);
    const accepted = rejected === null;
    await insertSnapshot(tx, {
      policyId: row.id,
      version,
      stateVersion: policy.stateVersion,
      params: row.params,
      state,
      status: accepted ? 'accepted' : 'rejected',
      reason: rejected ?? again,
      rowsUsed: batch.length,
      correctionsUsed: corrections.length,
      meanReward: meanReward(batch),
      learnedThrough: learnedThrough(batch, head),
      ...(await madeUnder(tx, from)),
      now,
    });
    if (accepted) {
      await markLearned(tx, row.id, batch, version);
      await markCorrected(tx, row.id, corrections, version);
    }
    if (accepted && again !== null) await learnedAgain(tx, row, policy);
    await moveTo(tx, row, version, accepted, now);
    if (version % PRUNE_EVERY === 0) await pruneSnapshots(tx, row.id, version, state.text.length, now);
    const used = accepted ? { learned: batch.length, corrections: corrections.length } : none;
    return { ...used, version, rejected };
  }

  /** The state after the batch, and why it may not be served (null: it may). */
  private async nextState(
    tx: Transaction,
    row: PolicyRow,
    policy: BanditPolicy,
    head: SnapshotRow | undefined,
    batch: readonly LoggedReward[],
    corrections: readonly LoggedCorrection[],
  ): Promise<{ state: StoredState; reason: string | null }> {
    const probes = await readProbes(tx, batch.length > 0 ? batch : corrections);
    try {
      const params = blame(() => policy.params.parse(row.params));
      const range = { from: null, after: 0, through: row.latest_version, takeIn: !canCorrect(policy, row) };
      let state = head ? stateOf(head) : await replay(tx, policy, row.id, params, range);
      if (batch.length > 0) state = advance(policy, state, batch, params);
      if (corrections.length > 0) state = amend(policy, state, corrections, params);
      return {
        state,
        reason: gate(policy, state, { params, exploration: row.exploration, floor: row.floor }, probes),
      };
    } catch (error) {
      if (error instanceof PolicyFailure) return { state: NO_STATE, reason: error.message };
      throw error;
    }
  }
}

/** Whether the policy can learn corrections as it is configured. */
function canCorrect(policy: BanditPolicy, row: PolicyRow): boolean {
  if (!policy.correct) return false;
  try {
    return policy.corrects?.(policy.params.parse(row.params)) ?? true;
  } catch {
    return false;
  }
}

/** Those that wait and that the policy can learn. */
const correctionsFor = async (
  tx: Transaction,
  policy: BanditPolicy,
  row: PolicyRow,
  limit: number,
): Promise<LoggedCorrection[]> => (canCorrect(policy, row) ? readCorrections(tx, row.id, limit) : []);

/** Why everything is to be learned again, or null when learning goes on from the head. */
function rebuildReason(
  head: SnapshotRow | undefined,
  policy: BanditPolicy,
  row: PolicyRow,
  settling: boolean,
): string | null {
  if (head === undefined) return null;
  if (!continues(head, policy, row)) return 'learned again from all rewards: parameters or code changed';
  return row.relearn_since !== null && !settling
    ? 'learned again from all rewards: somebody asked for it'
    : null;
}

/** Everything was learned with the rewards as they are known now. */
async function learnedAgain(tx: Transaction, row: PolicyRow, policy: BanditPolicy): Promise<void> {
  if (!canCorrect(policy, row)) await takeInCorrections(tx, row.id);
  await tx.query('update policy set relearn_since = null where id = $1', [row.id]);
}

/**
 * Whether refused versions since the last good one say that it is too early to try again. Those that a failed warm start
 * took back say nothing about what the policy learns by itself.
 */
async function isBackingOff(
  tx: Transaction,
  row: PolicyRow,
  head: SnapshotRow | undefined,
  now: Date,
): Promise<boolean> {
  const [refused] = await tx.query<{ times: number; last: Date | null }>(
    `select count(*)::int as times, max(created_at) as last from policy_snapshot s
     where policy_id = $1 and status = 'rejected' and version > $2 and not exists (
       select from warm_start w where w.policy_id = $1 and s.version between w.first_version and w.version)`,
    [row.id, head?.version ?? 0],
  );
  if (!refused?.last) return false;
  const wait = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(refused.times - 1, 10));
  return now.getTime() < refused.last.getTime() + wait;
}

const idle = (result: Partial<LearnResult>): LearnResult => ({
  held: true,
  decisions: 0,
  rewards: 0,
  corrected: 0,
  unexposed: 0,
  unattributed: 0,
  learned: 0,
  corrections: 0,
  version: null,
  rejected: null,
  more: false,
  ...result,
});

/** What is learned from the start again has forgotten what it was told before. */
async function madeUnder(
  tx: Transaction,
  from: SnapshotRow | undefined,
): Promise<{ featureVersion?: number }> {
  return from === undefined ? { featureVersion: (await readRules(tx)).version } : {};
}
