import type { Json } from '#experiments';
import type { Sql } from '../persistence/database.js';
import { canonicalJson, sha256 } from '../persistence/canonical.js';
import type { StoredState } from './snapshot-state.js';

export type SnapshotStatus = 'accepted' | 'rejected' | 'candidate';

/** Table `policy_snapshot` with its state. */
export interface SnapshotRow {
  readonly version: number;
  readonly state_version: number;
  readonly params: Readonly<Record<string, Json>>;
  readonly state: Json;
  readonly sha256: string;
  readonly status: SnapshotStatus;
  readonly learned_through: Date | null;
  readonly evaluation: Json;
  readonly training_run: string | null;
  /** Version of the registry of features that it was made under; null: before there was one. */
  readonly feature_version: number | null;
}

export interface NewSnapshot {
  readonly policyId: string;
  readonly version: number;
  readonly stateVersion: number;
  readonly params: Json;
  readonly state: StoredState;
  readonly status: SnapshotStatus;
  readonly reason: string | null;
  readonly rowsUsed: number;
  readonly correctionsUsed?: number;
  readonly meanReward: number | null;
  readonly learnedThrough: Date | null;
  readonly evaluation?: Json;
  readonly trainingRun?: string;
  /** Absent: as of the version that it goes on from. */
  readonly featureVersion?: number;
  readonly now: Date;
}

/** A stored snapshot's state, checked against its checksum. @throws Error when the row was altered. */
export function stateOf(row: Pick<SnapshotRow, 'version' | 'state' | 'sha256'>): StoredState {
  const text = canonicalJson(row.state);
  if (sha256(text) !== row.sha256) throw new Error(`snapshot ${row.version} does not match its checksum`);
  return { json: row.state, text, sha256: row.sha256 };
}

const FEATURE_VERSION = `
  coalesce($16::int, case when exists (select from policy_snapshot where policy_id = $1 and status = 'accepted')
    then (select feature_version from policy_snapshot where policy_id = $1 and status = 'accepted' order by version desc limit 1)
    else (select max(version) from feature_change) end)`;

export async function insertSnapshot(tx: Sql, snapshot: NewSnapshot): Promise<void> {
  await tx.query(
    `insert into policy_snapshot (policy_id, version, state_version, params, state, sha256, status, reason, rows_used,
       mean_reward, learned_through, evaluation, training_run, created_at, corrections_used, feature_version)
     values ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8, $9, $10, $11, $12::jsonb, $13, $14, $15, ${FEATURE_VERSION})`,
    [
      snapshot.policyId,
      snapshot.version,
      snapshot.stateVersion,
      JSON.stringify(snapshot.params),
      snapshot.state.text,
      snapshot.state.sha256,
      snapshot.status,
      snapshot.reason,
      snapshot.rowsUsed,
      snapshot.meanReward,
      snapshot.learnedThrough,
      snapshot.evaluation === undefined ? null : JSON.stringify(snapshot.evaluation),
      snapshot.trainingRun ?? null,
      snapshot.now,
      snapshot.correctionsUsed ?? 0,
      snapshot.featureVersion ?? null,
    ],
  );
}

/** The newest accepted version, from which learning goes on whatever is being served. */
export async function readHead(tx: Sql, policyId: string): Promise<SnapshotRow | undefined> {
  const [row] = await tx.query<SnapshotRow & Record<string, unknown>>(
    `select * from policy_snapshot where policy_id = $1 and status = 'accepted' order by version desc limit 1`,
    [policyId],
  );
  return row;
}

export async function readSnapshot(
  tx: Sql,
  policyId: string,
  version: number,
): Promise<SnapshotRow | undefined> {
  const [row] = await tx.query<SnapshotRow & Record<string, unknown>>(
    `select * from policy_snapshot where policy_id = $1 and version = $2`,
    [policyId, version],
  );
  return row;
}

/** Bytes of state that the newest versions of one policy may take together, and how many they are at least and most. */
const KEEP_BYTES = 32_000_000;
const KEEP_LEAST = 50;
const KEEP_MOST = 5000;

/**
 * Drops old online versions. Kept are: the newest ones (50 to 5000, by the size of the state), what is being served,
 * what training runs, people and changed parameters made (`reason` or `training_run` set), the last of each hour for a
 * week and the last of each day for good. A dropped version can be learned again from its predecessor by `replay`.
 * @param stateBytes size of the newest state.
 */
export async function pruneSnapshots(
  tx: Sql,
  policyId: string,
  latest: number,
  stateBytes: number,
  now: Date,
): Promise<void> {
  const keep = Math.min(KEEP_MOST, Math.max(KEEP_LEAST, Math.floor(KEEP_BYTES / Math.max(1, stateBytes))));
  await tx.query(
    `with old as (
       select version, created_at,
         row_number() over (partition by date_trunc('hour', created_at) order by version desc) as in_hour,
         row_number() over (partition by date_trunc('day', created_at) order by version desc) as in_day
       from policy_snapshot
       where policy_id = $1 and status = 'accepted' and training_run is null and reason is null and version <= $2)
     delete from policy_snapshot s using old, policy p
     where s.policy_id = $1 and s.version = old.version and p.id = $1
       and s.version is distinct from p.serving_version
       and old.in_day > 1 and (old.in_hour > 1 or old.created_at < $3)`,
    [policyId, latest - keep, new Date(now.getTime() - 7 * 86_400_000)],
  );
  await tx.query(
    `delete from policy_snapshot where policy_id = $1 and status = 'rejected' and version <= $2`,
    [policyId, latest - KEEP_MOST],
  );
}
