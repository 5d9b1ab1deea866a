import type { Sql } from '../persistence/database.js';
import type { PolicyConfig } from '../serving/catalog-data.js';
import { KEEP_ALL_FEATURES } from '../serving/decision-record.js';
import { DecisionsStore } from '../serving/decisions.store.js';
import type { DecisionRow } from '../serving/decisions.store.js';
import type { ReplayInputs } from '../serving/replay-decision.js';
import { SnapshotStore } from '../serving/snapshot-store.js';
import type { PolicyRow } from '../policies/policy-row.js';

/** Spread over the time; only decisions since the policy was last changed, and about items that did not change since. */
const SAMPLED = `
select id from (
  select id, row_number() over (order by at) as n, count(*) over () as total from decision d
  where policy_id = $1 and at >= greatest($2::timestamptz, $4::timestamptz) and at < $3 and fallback is null
    and kind = any($5) and cardinality(candidates) > 0
    and not exists (select from item i where i.id = any(d.candidates) and i.updated_at >= d.at)) rows
where n % greatest(1, total / $6::int) = 0 limit $6`;

const configOf = (row: PolicyRow): PolicyConfig => ({
  id: row.id,
  key: row.key,
  params: row.params,
  exploration: { key: row.exploration.key, params: row.exploration.params ?? {} },
  floor: row.floor,
  rewardWindowSeconds: row.reward === null ? null : row.window_seconds,
});

export interface Sampling {
  readonly from: Date;
  readonly to: Date;
  readonly kinds: readonly ('action' | 'slate')[];
  /** Most decisions to take. */
  readonly most: number;
}

export interface SampledDecision {
  readonly row: DecisionRow;
  /** What it was made from, as far as it is known still. */
  readonly inputs: ReplayInputs & { readonly config: PolicyConfig };
}

/** Decisions of a policy whose version, request and seed of that time are all still known, spread over the time. */
export async function* sampledDecisions(
  db: Sql,
  policy: PolicyRow,
  { from, to, kinds, most }: Sampling,
): AsyncGenerator<SampledDecision> {
  const decisions = new DecisionsStore(db);
  const snapshots = new SnapshotStore(db);
  const known = new Map<number, ReplayInputs['snapshot']>();
  const ids = await db.query<{ id: string }>(SAMPLED, [policy.id, from, to, policy.updated_at, kinds, most]);
  const rows = (await decisions.findAll(ids.map(({ id }) => id))).filter(isReplayable);
  const items = await decisions.items([...new Set(rows.flatMap(({ candidates }) => candidates))]);
  for (const row of rows) {
    const version = row.policy_version ?? 0;
    // Versions come in the order of time, so that an older one is not needed again.
    if (!known.has(version)) {
      known.clear();
      known.set(version, version === 0 ? null : await snapshots.read(policy.id, version));
    }
    const snapshot = known.get(version) ?? null;
    if (version > 0 && snapshot === null) continue;
    yield {
      row,
      inputs: { config: configOf(policy), snapshot, items },
    };
  }
}

const isReplayable = (row: DecisionRow): boolean =>
  row.features === null || row.candidates.length <= KEEP_ALL_FEATURES;
