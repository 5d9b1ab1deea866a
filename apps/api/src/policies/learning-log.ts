import type { Context } from '#experiments';
import type { BanditPolicy, CorrectedReward, DecisionRequest, RewardedDecision } from '#policies';
import type { Sql, Transaction } from '../persistence/database.js';
import { contextSql, givenFeatures, readRules } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import { WITH_LOT } from './comparable-rewards.js';
import type { Signals } from './reward.js';
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
  /** What was learned before; null for a reward that is learned for the first time. */
  readonly previous: number | null;
  readonly signals: Signals | null;
  readonly previous_signals: Signals | null;
  readonly unit_id: string;
  readonly context: Context;
}

/** A reward in the learning log: `version` is the snapshot that first used it. */
export interface LoggedReward extends RewardedDecision {
  readonly version: number;
}

/** A correction in the learning log. */
export interface LoggedCorrection extends CorrectedReward {
  readonly version: number;
}

const columns = (rules: FeatureRules): string => `
  r.decision_id, r.position, r.subject, r.action_id, r.propensity, r.decision_at, r.features, d.unit_id,
  ${contextSql(rules, 'd')} as context`;
const DECISION = `join decision d on d.id = r.decision_id and d.at = r.decision_at`;
/** In a batch by time. Byte order of ids, so that a database with another collation replays the same. */
const orderOf = (table: string): string =>
  `${table}.decision_at, ${table}.decision_id collate "C", ${table}.position`;

// What was learned from decisions without a lot is left out once the reward is incremental: it cannot say what showing brings.
const waitingRewards = (rules: FeatureRules): string => `
select ${columns(rules)}, r.reward, null::float8 as previous, r.version, r.signals, null::jsonb as previous_signals
from reward r ${DECISION}
where r.policy_id = $1 and r.version = ${WAITING} and ${WITH_LOT}
  and d.at >= (select min(decision_at) from reward where policy_id = $1 and version = ${WAITING})
order by ${orderOf('r')} limit $2`;

const waitingCorrections = (rules: FeatureRules): string => `
select ${columns(rules)}, c.reward, c.previous, c.version, c.signals, c.previous_signals
from reward_correction c join reward r on r.decision_id = c.decision_id and r.position = c.position ${DECISION}
where c.policy_id = $1 and c.version = ${WAITING} and ${WITH_LOT} order by ${orderOf('r')} limit $2`;

/**
 * The learning log in the order in which it is learned, batch by batch: rewards as they were learned at first (before their first correction), also those of a warm start from another log, then
 * corrections as they were learned.
 * $2, $3: versions in ($2, $3]. $4: the least version of corrections that keep rewards as they were.
 */
const logSql = (rules: FeatureRules): string => `
with first as (
  select distinct on (decision_id, position) decision_id, position, previous, previous_signals from reward_correction
  where policy_id = $1 and version >= $4 order by decision_id, position, revision)
select * from (
  select ${columns(rules)}, coalesce(first.previous, r.reward) as reward, null::float8 as previous, r.version,
    case when first.decision_id is null then r.signals else first.previous_signals end as signals,
    null::jsonb as previous_signals
  from reward r ${DECISION} left join first on first.decision_id = r.decision_id and first.position = r.position
  where r.policy_id = $1 and r.version > $2 and r.version <= $3 and ${WITH_LOT}
  union all
  select ${columns(rules)}, r.reward, null, r.version, r.signals, null from warm_reward r ${DECISION}
  where r.policy_id = $1 and r.version > $2 and r.version <= $3 and ${WITH_LOT}
  union all
  select ${columns(rules)}, c.reward, c.previous, c.version, c.signals, c.previous_signals
  from reward_correction c join reward r on r.decision_id = c.decision_id and r.position = c.position ${DECISION}
  where c.policy_id = $1 and c.version > $2 and c.version <= $3 and ${WITH_LOT}) log
order by log.version, log.previous is not null, ${orderOf('log')}`;

const fromRow = (row: LogRow, rules: FeatureRules): LoggedReward => ({
  decisionId: row.decision_id,
  unitId: row.unit_id,
  context: row.context,
  subject: row.subject,
  action: { id: row.action_id, features: givenFeatures(rules, row.features ?? {}) },
  position: row.position,
  propensity: row.propensity,
  reward: row.reward,
  ...(row.signals && { signals: row.signals }),
  at: row.decision_at.getTime(),
  version: row.version,
});

const correctionOf = (row: LogRow, rules: FeatureRules): LoggedCorrection => ({
  ...fromRow(row, rules),
  previous: row.previous as number,
  ...(row.previous_signals && { previousSignals: row.previous_signals }),
});

/** The oldest rewards that wait to be learned, at most `limit`. Older days of decisions are not even looked at. */
export async function readWaiting(tx: Sql, policyId: string, limit: number): Promise<LoggedReward[]> {
  const rules = await readRules(tx);
  const rows = await tx.query<LogRow & Record<string, unknown>>(waitingRewards(rules), [policyId, limit]);
  return rows.map((row) => fromRow(row, rules));
}

/** The rewards that a version learned first, in the order in which `replay` learns them. */
export async function readLearned(tx: Sql, policyId: string, version: number): Promise<LoggedReward[]> {
  const rules = await readRules(tx);
  const rows = await tx.query<LogRow & Record<string, unknown>>(logSql(rules), [
    policyId,
    version - 1,
    version,
    WAITING,
  ]);
  return rows.filter(({ previous }) => previous === null).map((row) => fromRow(row, rules));
}

/** The oldest corrections that wait to be learned, at most `limit`. */
export async function readCorrections(tx: Sql, policyId: string, limit: number): Promise<LoggedCorrection[]> {
  const rules = await readRules(tx);
  const rows = await tx.query<LogRow & Record<string, unknown>>(waitingCorrections(rules), [policyId, limit]);
  return rows.map((row) => correctionOf(row, rules));
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

/** Notes that exactly these corrections went into a version. */
export async function markCorrected(
  tx: Sql,
  policyId: string,
  batch: readonly LoggedCorrection[],
  version: number,
): Promise<void> {
  if (batch.length === 0) return;
  await tx.query(
    `update reward_correction c set version = $2 from unnest($3::text[], $4::int[]) as used (decision_id, position)
     where c.policy_id = $1 and c.version = ${WAITING}
       and c.decision_id = used.decision_id and c.position = used.position`,
    [policyId, version, batch.map((one) => one.decisionId), batch.map((one) => one.position)],
  );
}

/** Version of a correction that went into the log's reward itself when everything was learned again. */
const TAKEN_IN = -1;

/** Notes that everything was learned again with the rewards as they are known now. */
export async function takeInCorrections(tx: Sql, policyId: string): Promise<void> {
  await tx.query(
    `update reward_correction set version = ${TAKEN_IN} where policy_id = $1 and version = ${WAITING}`,
    [policyId],
  );
}

export interface ReplayRange {
  /** State to begin with; null for the policy's initial state. */
  readonly from: StoredState | null;
  /** Batches of versions in (after, through] are learned. */
  readonly after: number;
  readonly through: number;
  /** Learn rewards whose correction waits as they are known now; for policies that cannot learn corrections. */
  readonly takeIn?: boolean;
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
  const rules = await readRules(tx);
  let state = range.from ?? blame(() => storeState(policy, policy.initialState(params)));
  let rows: LogRow[] = [];
  const learn = (): void => {
    const [first] = rows;
    if (first === undefined) return;
    state =
      first.previous === null
        ? advance(
            policy,
            state,
            rows.map((row) => fromRow(row, rules)),
            params,
          )
        : amend(
            policy,
            state,
            rows.map((row) => correctionOf(row, rules)),
            params,
          );
    rows = [];
  };
  await tx.query(`declare learning_log no scroll cursor for ${logSql(rules)}`, [
    policyId,
    Math.max(range.after, WAITING),
    range.through,
    range.takeIn ? WAITING + 1 : WAITING,
  ]);
  for (;;) {
    const fetched = await tx.query<LogRow & Record<string, unknown>>(`fetch ${FETCH} from learning_log`);
    for (const row of fetched) {
      const [first] = rows;
      if (first && (first.version !== row.version || (first.previous === null) !== (row.previous === null)))
        learn();
      rows.push(row);
    }
    if (fetched.length < FETCH) break;
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

/** As advance, for rewards that take the place of others. A policy that cannot correct has no corrections in its log. */
export function amend(
  policy: BanditPolicy,
  from: StoredState,
  batch: readonly CorrectedReward[],
  params: unknown,
): StoredState {
  return blame(() => {
    if (!policy.correct) throw new Error(`the policy "${policy.key}" cannot learn corrections`);
    return storeState(policy, policy.correct(policy.decode(from.json), batch, params));
  });
}

/** Most decisions whose requests a new state must answer before it may be served. */
const MOST_PROBES = 3;

/** The requests of some of the newest decisions of a batch, as they were served. */
export async function readProbes(tx: Sql, batch: readonly LoggedReward[]): Promise<DecisionRequest[]> {
  const rules = await readRules(tx);
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
    const actions = rows.map((row) => ({ id: row.id, features: givenFeatures(rules, row.features ?? {}) }));
    requests.push({ unitId: rest.unitId, context: rest.context, subject: rest.subject, actions, at });
  }
  return requests;
}
