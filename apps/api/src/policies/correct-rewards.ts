import { canonicalJson } from '../persistence/canonical.js';
import type { Sql } from '../persistence/database.js';
import type { PositionReward, Signals } from './reward.js';

/** A reward that is on record. */
export interface KnownReward {
  readonly decision_id: string;
  readonly position: number;
  /** What is known now. */
  readonly reward: number;
  readonly signals: Signals | null;
  /** What an incremental reward is centred by; null where the reward is the outcome. */
  readonly baseline: number | null;
  /** Snapshot that first used it; 0 waits, -1 is never learned from. */
  readonly version: number;
  readonly definition: number;
}

/** What an incremental reward is made of; nulls where the reward is the outcome. */
export interface IncrementalParts {
  readonly outcome: number | null;
  readonly baseline: number | null;
}

/** What a reward turned out to be after it had been written. */
export interface ChangedReward {
  readonly known: KnownReward;
  readonly reward: Pick<PositionReward, 'reward' | 'signals'> & IncrementalParts;
  readonly decisionAt: Date;
}

const KNOWN = `
select decision_id, position, reward, signals, baseline, version, definition from reward where decision_id = any($1)`;

const CHANGE = `
update reward r set reward = n.reward, definition = $4, signals = nullif(n.signals, 'null'), outcome = n.outcome,
  baseline = n.baseline
from unnest($1::text[], $2::int[], $3::float8[], $5::jsonb[], $6::float8[], $7::float8[])
  as n (decision_id, position, reward, signals, outcome, baseline)
where r.decision_id = n.decision_id and r.position = n.position`;

/** A correction that waits is changed in place: what was learned before it stays its `previous`. */
const CORRECT = `
insert into reward_correction (decision_id, position, revision, policy_id, decision_at, previous, reward, corrected_at,
  version, previous_signals, signals)
select n.decision_id, n.position,
  coalesce((select max(c.revision) + case when bool_or(c.version = 0) then 0 else 1 end from reward_correction c
            where c.decision_id = n.decision_id and c.position = n.position), 1),
  $1, n.decision_at, n.previous, n.reward, $2, 0, nullif(n.previous_signals, 'null'), nullif(n.signals, 'null')
from unnest($3::text[], $4::int[], $5::timestamptz[], $6::float8[], $7::float8[], $8::jsonb[], $9::jsonb[])
  as n (decision_id, position, decision_at, previous, reward, previous_signals, signals)
on conflict (decision_id, position, revision) do update
  set reward = excluded.reward, signals = excluded.signals, corrected_at = excluded.corrected_at`;

const differs = ({ known, reward }: ChangedReward): boolean =>
  known.reward !== reward.reward || canonicalJson(known.signals) !== canonicalJson(reward.signals ?? null);

const keyOf = (decisionId: string, position: number): string => `${decisionId}/${position}`;

/** The rewards on record of these decisions, found by decision and position. */
export async function readKnown(
  tx: Sql,
  decisionIds: readonly string[],
): Promise<(decisionId: string, position: number) => KnownReward | undefined> {
  const rows = await tx.query<KnownReward & Record<string, unknown>>(KNOWN, [decisionIds]);
  const known = new Map(rows.map((row) => [keyOf(row.decision_id, row.position), row]));
  return (decisionId, position) => known.get(keyOf(decisionId, position));
}

/**
 * Writes what rewards turned out to be: because outcomes of their window arrived after it was settled, or because they
 * were settled again under another definition. A reward that no snapshot has used is simply changed; one that was
 * learned gets a correction as well, which waits to be learned as a compensating update.
 * @param definition version of the reward definition that the new rewards come from.
 * @returns corrections that wait to be learned because of this.
 */
export async function writeChanges(
  tx: Sql,
  policyId: string,
  changes: readonly ChangedReward[],
  definition: number,
  now: Date,
): Promise<number> {
  if (changes.length === 0) return 0;
  await tx.query(CHANGE, [
    changes.map(({ known }) => known.decision_id),
    changes.map(({ known }) => known.position),
    changes.map(({ reward }) => reward.reward),
    definition,
    changes.map(({ reward }) => JSON.stringify(reward.signals ?? null)),
    changes.map(({ reward }) => reward.outcome),
    changes.map(({ reward }) => reward.baseline),
  ]);
  const learned = changes.filter((change) => change.known.version > 0 && differs(change));
  if (learned.length === 0) return 0;
  await tx.query(CORRECT, [
    policyId,
    now,
    learned.map(({ known }) => known.decision_id),
    learned.map(({ known }) => known.position),
    learned.map(({ decisionAt }) => decisionAt),
    learned.map(({ known }) => known.reward),
    learned.map(({ reward }) => reward.reward),
    learned.map(({ known }) => JSON.stringify(known.signals)),
    learned.map(({ reward }) => JSON.stringify(reward.signals ?? null)),
  ]);
  return learned.length;
}
