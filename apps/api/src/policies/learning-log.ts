import type { Context } from '#experiments';
import type { BanditPolicy, DecisionRequest, RewardedDecision } from '#policies';
import type { Sql, Transaction } from '../persistence/database.js';
import { WAITING } from './settle-rewards.js';
import { blame, storeState } from './snapshot-state.js';
import type { StoredState } from './snapshot-state.js';

/** Rows that one fetch of a replay brings into memory. */
const FETCH = 5000;

interface LogRow {
  readonly decision_id: string;
  readonly position: number;
  readonly subject: string | null;
  readonly action_id: string;
  readonly reward: number;
  readonly propensity: number;
  readonly decision_at: Date;
  readonly features: Context | null;
  readonly version: number;
  readonly unit_id: string;
  readonly context: Context;
}

/** A reward in the learning log: `version` is the snapshot that first used it. */
export interface LoggedReward extends RewardedDecision {
  readonly version: number;
}

/**
 * The learning log in the order in which it is learned: batch by batch, and in a batch by time. Byte order of ids,
 * so that a database with another collation replays the same.
 */
const LOG = `
select r.decision_id, r.position, r.subject, r.action_id, r.reward, r.propensity, r.decision_at, r.features, r.version,
  d.unit_id, d.context
from reward r join decision d on d.id = r.decision_id and d.at = r.decision_at`;
const ORDER = `r.decision_at, r.decision_id collate "C", r.position`;

const fromRow = (row: LogRow): LoggedReward => ({
  decisionId: row.decision_id,
  unitId: row.unit_id,
  context: row.context,
  subject: row.subject,
  action: { id: row.action_id, features: row.features ?? {} },
  position: row.position,
  propensity: row.propensity,
  reward: row.reward,
  at: row.decision_at.getTime(),
  version: row.version,
});

/** The oldest rewards that wait to be learned, at most `limit`. Older days of decisions are not even looked at. */
export async function readWaiting(tx: Sql, policyId: string, limit: number): Promise<LoggedReward[]> {
  const rows = await tx.query<LogRow & Record<string, unknown>>(
    `${LOG} where r.policy_id = $1 and r.version = ${WAITING}
       and d.at >= (select min(decision_at) from reward where policy_id = $1 and version = ${WAITING})
     order by ${ORDER} limit $2`,
    [policyId, limit],
  );
  return rows.map(fromRow);
}

/** Notes that exactly these rewards went into a version. */
export async function markLearned(
  tx: Sql,
  policyId: string,
  batch: readonly LoggedReward[],
  version: number,
): Promise<void> {
  await tx.query(
    `update reward set version = $2 from unnest($3::text[], $4::int[]) as used (decision_id, position)
     where reward.policy_id = $1 and reward.version = ${WAITING}
       and reward.decision_id = used.decision_id and reward.position = used.position`,
    [policyId, version, batch.map((one) => one.decisionId), batch.map((one) => one.position)],
  );
}

export interface ReplayRange {
  /** State to begin with; null for the policy's initial state. */
  readonly from: StoredState | null;
  /** Batches of versions in (after, through] are learned. */
  readonly after: number;
  readonly through: number;
}

/**
 * Learns the log again, batch by batch as it was learned at first. With the parameters of the version it leads to,
 * the result equals that version's state bit for bit, as long as the log's decisions are kept.
 */
export async function replay(
  tx: Transaction,
  policy: BanditPolicy,
  policyId: string,
  params: unknown,
  range: ReplayRange,
): Promise<StoredState> {
  let state = range.from ?? blame(() => storeState(policy, policy.initialState(params)));
  let batch: LoggedReward[] = [];
  const learn = (): void => {
    if (batch.length > 0) state = advance(policy, state, batch, params);
    batch = [];
  };
  await tx.query(
    `declare learning_log no scroll cursor for ${LOG} where r.policy_id = $1 and r.version > $2 and r.version <= $3
     order by r.version, ${ORDER}`,
    [policyId, Math.max(range.after, WAITING), range.through],
  );
  for (;;) {
    const rows = await tx.query<LogRow & Record<string, unknown>>(`fetch ${FETCH} from learning_log`);
    for (const row of rows) {
      if (batch.length > 0 && batch[0]?.version !== row.version) learn();
      batch.push(fromRow(row));
    }
    if (rows.length < FETCH) break;
  }
  learn();
  await tx.query('close learning_log');
  return state;
}

/** One step of learning, from stored state to stored state: what was not stored cannot influence what is learned. */
export function advance(
  policy: BanditPolicy,
  from: StoredState,
  batch: readonly RewardedDecision[],
  params: unknown,
): StoredState {
  return blame(() => storeState(policy, policy.update(policy.decode(from.json), batch, params)));
}

/** Most decisions whose requests a new state must answer before it may be served. */
const MOST_PROBES = 3;

/** The requests of some of the newest decisions of a batch, as they were served. */
export async function readProbes(tx: Sql, batch: readonly LoggedReward[]): Promise<DecisionRequest[]> {
  const newest = [...new Map(batch.map((one) => [one.decisionId, one])).values()].slice(-MOST_PROBES);
  const requests: DecisionRequest[] = [];
  for (const { decisionId, at, ...rest } of newest) {
    const rows = await tx.query<{ id: string; features: Context | null }>(
      `select c.id, coalesce(d.features -> c.id, i.features) as features
       from decision d cross join lateral unnest(d.candidates) with ordinality as c (id, ordinal)
       left join item i on i.id = c.id
       where d.id = $1 and d.at = $2 order by c.ordinal`,
      [decisionId, new Date(at)],
    );
    if (rows.length === 0) continue;
    const actions = rows.map((row) => ({ id: row.id, features: row.features ?? {} }));
    requests.push({ unitId: rest.unitId, context: rest.context, subject: rest.subject, actions, at });
  }
  return requests;
}
