import type { Sql } from '../persistence/database.js';
import type { PolicyConfig } from '../serving/catalog-data.js';
import { KEEP_ALL_FEATURES } from '../serving/decision-record.js';
import { DecisionsStore } from '../serving/decisions.store.js';
import type { DecisionRow } from '../serving/decisions.store.js';
import { replayDecision } from '../serving/replay-decision.js';
import { SnapshotStore } from '../serving/snapshot-store.js';
import type { PolicyRow } from '../policies/policy-row.js';

/** Decisions that one audit draws again. */
const SAMPLE = 40;

/** Spread over the time; only decisions since the policy was last changed, and about items that did not change since. */
const SAMPLED = `
select id from (
  select id, row_number() over (order by at) as n, count(*) over () as total from decision d
  where policy_id = $1 and at >= greatest($2::timestamptz, $4::timestamptz) and at < $3 and fallback is null and kind <> 'value'
    and not exists (select from item i where i.id = any(d.candidates) and i.updated_at >= d.at)) rows
where n % greatest(1, total / ${SAMPLE}) = 0 limit ${SAMPLE}`;

const configOf = (row: PolicyRow): PolicyConfig => ({
  id: row.id,
  key: row.key,
  params: row.params,
  exploration: { key: row.exploration.key, params: row.exploration.params ?? {} },
  floor: row.floor,
  rewardWindowSeconds: row.reward === null ? null : row.window_seconds,
});

/** Draws a sample of decisions again, each from the version, request and seed of that time, where all are still known. */
export async function replaySample(
  db: Sql,
  policy: PolicyRow,
  from: Date,
  to: Date,
): Promise<{ sampled: number; different: number }> {
  const decisions = new DecisionsStore(db);
  const snapshots = new SnapshotStore(db);
  const ids = await db.query<{ id: string }>(SAMPLED, [policy.id, from, to, policy.updated_at]);
  let sampled = 0;
  let different = 0;
  for (const { id } of ids) {
    const row = await decisions.find(id);
    if (!row || !isReplayable(row)) continue;
    const version = row.policy_version ?? 0;
    const snapshot = version === 0 ? null : await snapshots.read(policy.id, version);
    if (version > 0 && snapshot === null) continue;
    const items = await decisions.items(row.candidates);
    sampled += 1;
    if (!replayDecision(row, { config: configOf(policy), snapshot, items }).replay.identical) different += 1;
  }
  return { sampled, different };
}

const isReplayable = (row: DecisionRow): boolean =>
  row.features === null || row.candidates.length <= KEEP_ALL_FEATURES;
