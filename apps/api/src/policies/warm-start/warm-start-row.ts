import type { Sql } from '../../persistence/database.js';

/** Whose log is learned from: a policy's, or that of an experiment's arms (null: all of them). */
export type WarmSource =
  | { readonly kind: 'policy'; readonly policyId: string }
  | { readonly kind: 'experiment'; readonly experiment: string; readonly arms: readonly string[] | null };

/** The part of the log that is not learned from, for judging what was learned. */
export interface HeldOut {
  /** `time`: the newest decisions; `unit`: those of a random share of the units. */
  readonly by: 'time' | 'unit';
  readonly share: number;
  readonly from: string;
  readonly to: string;
}

/** Table `warm_start`. */
export interface WarmStartRow {
  readonly id: string;
  readonly policy_id: string;
  readonly actor: string;
  readonly source: WarmSource;
  readonly surface: string;
  readonly subject: string | null;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly held_out: HeldOut | null;
  readonly definition: number;
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed';
  readonly matching: number;
  readonly read: number;
  readonly rewards: number;
  readonly decisions: number;
  readonly reward_sum: number;
  readonly cursor_at: Date | null;
  readonly cursor_id: string | null;
  readonly first_version: number | null;
  readonly version: number | null;
  readonly error: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

/** Where a policy's first knowledge comes from. */
export interface WarmStartView {
  readonly id: number;
  readonly policyId: string;
  readonly actor: string;
  readonly source: WarmSource;
  readonly surface: string;
  readonly subject: string | null;
  /** The decisions learned from: from `from` on, before `to`. */
  readonly from: Date;
  readonly to: Date;
  readonly heldOut: HeldOut | null;
  readonly rewardVersion: number;
  readonly status: WarmStartRow['status'];
  /** Share of the decisions read, 0 to 1. */
  readonly progress: number;
  /** Decisions of the log to learn from. */
  readonly matching: number;
  /** Those that were read, and those of them that had a reward and were learned. */
  readonly read: number;
  readonly decisions: number;
  /** Rewards learned; of slates one per position that was seen. */
  readonly rewards: number;
  readonly meanReward: number | null;
  /** The snapshot that holds all of it; null before it has succeeded. */
  readonly version: number | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export const toWarmView = (row: WarmStartRow): WarmStartView => ({
  id: Number(row.id),
  policyId: row.policy_id,
  actor: row.actor,
  source: row.source,
  surface: row.surface,
  subject: row.subject,
  from: row.from_at,
  to: row.to_at,
  heldOut: row.held_out,
  rewardVersion: row.definition,
  status: row.status,
  progress: row.status === 'succeeded' ? 1 : Math.min(1, row.read / Math.max(1, row.matching)),
  matching: row.matching,
  read: row.read,
  decisions: row.decisions,
  rewards: row.rewards,
  meanReward: row.rewards > 0 ? row.reward_sum / row.rewards : null,
  version: row.status === 'succeeded' ? row.version : null,
  error: row.error,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
});

/** Warm starts of a policy, the newest first. */
export async function readWarmStarts(sql: Sql, policyId: string): Promise<WarmStartRow[]> {
  return sql.query<WarmStartRow & Record<string, unknown>>(
    'select * from warm_start where policy_id = $1 order by id desc limit 50',
    [policyId],
  );
}

/** What is learned from, in a few words. */
export const sourceName = (source: WarmSource): string =>
  source.kind === 'policy'
    ? `the log of "${source.policyId}"`
    : `${source.arms === null ? 'the arms' : `the arms ${source.arms.join(', ')}`} of "${source.experiment}"`;
