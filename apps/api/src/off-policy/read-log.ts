import type { Context } from '#experiments';
import type { RewardedDecision } from '#policies';
import type { Transaction } from '../persistence/database.js';
import { contextSql, readRules } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import type { Candidate } from './candidate.js';
import { LogColumns } from './log-columns.js';
import type { EvaluationInput } from './log-columns.js';
import { isWhole, Items, requestOf } from './logged-items.js';
import type { LoggedRequest } from './logged-items.js';
import type { Signals } from '../policies/reward.js';
import { Respondent } from './respondent.js';
import { Turns } from './turns.js';

/** Rows that one fetch brings into memory. */
export const FETCH = 500;
/** Rows that a candidate learns from at once. */
export const LEARN = 50;

export interface LogRange {
  readonly policyId: string;
  readonly from: Date;
  readonly to: Date;
  readonly subject: string | null;
  readonly limit: number;
  /** Reward of what was seen and had no outcome. */
  readonly silence: number;
  /** Further signals of the reward to read. */
  readonly signals: readonly string[];
}

/** What was read, and what was not; of slates, slates are counted. */
export interface LogSummary {
  /** Rewarded decisions in the range that the candidate has not learned from. */
  readonly matching: number;
  /** Of these only the newest were read. */
  readonly cut: boolean;
  /** Rows left out because their reward is of an earlier definition, or is to be incremental and no lot was drawn. */
  readonly otherReward: number;
  /** Rows of the exploration slice: they count in the estimates, not in what the log earned by itself. */
  readonly explored: number;
  /** Rows that the candidate learned on before it was judged on the later ones. */
  readonly learnedOn: number;
  /** Rows whose candidates' features, or signals, are not all on record. */
  readonly incomplete: number;
  /** Rows left out because the candidate's state had learned from them. */
  readonly alreadyLearned: number;
  /** Of these, the ones that its warm start learned from. Runs of before there were warm starts lack it. */
  readonly warmStarted?: number;
}

interface Row extends LoggedRequest {
  readonly decision_id: string;
  readonly action_id: string;
  readonly reward: number;
  readonly propensity: number;
  /** What happened; of an incremental reward what it is made of. */
  readonly outcome: number;
  readonly signals: Signals | null;
  readonly slice: 'exploration' | 'analysis' | null;
  readonly reward_features: Context | null;
  readonly probabilities: readonly number[] | null;
  readonly rn: number;
  readonly total: number;
}

const FROM = `
from reward r join decision d on d.id = r.decision_id and d.at = r.decision_at join policy p on p.id = r.policy_id
where r.policy_id = $1 and r.decision_at >= $2 and r.decision_at < $3 and d.at >= $2 and d.at < $3
  and ($4::text is null or r.subject = $4) and d.kind = 'action' and d.fallback is null`;
/** Numbers of different definitions do not compare. */
export const CURRENT = `(r.definition = p.reward_version and (p.reward -> 'incremental' is null or d.withheld is not null))`;
/** `version` of a reward is the one that first learned from it; 0 and less: none has. */
const NEW = `($5::int is null or r.version > $5 or r.version < 1)`;
/**
 * $6, $7: the candidate and its version. A decision that its warm start learned from says nothing new about it either.
 * @param id SQL of the decision's id.
 */
export const inWarmStart = (id: string): string => `($7::int is not null and exists (
  select from warm_reward w where w.policy_id = $6 and w.decision_id = ${id} and w.version between 1 and $7))`;
const WARM = inWarmStart('r.decision_id');

/** Values of $5, $6 and $7. */
export const learnedBy = ({ learnedThrough, policyId, version }: Candidate): unknown[] => [
  learnedThrough,
  policyId,
  version,
];

const COUNT = `
select count(*) filter (where ${CURRENT})::int as all, count(*) filter (where ${CURRENT} and ${NEW} and not ${WARM})::int as fresh,
  count(*) filter (where ${CURRENT} and ${WARM})::int as warm, count(*) filter (where not ${CURRENT})::int as other ${FROM}`;

interface Counts extends Record<string, unknown> {
  readonly all: number;
  readonly fresh: number;
  readonly warm: number;
  readonly other: number;
}

const readSql = (rules: FeatureRules): string => `
declare off_policy_log no scroll cursor for
select *, row_number() over (order by decision_at, decision_id collate "C")::int as rn, count(*) over ()::int as total
from (
  select r.decision_id, r.decision_at, r.action_id, r.reward, r.propensity, r.features as reward_features, r.subject,
    coalesce(r.outcome, r.reward) as outcome, r.signals, d.slice, d.unit_id, ${contextSql(rules, 'd')} as context, d.candidates, d.probabilities, d.features
  ${FROM} and ${CURRENT} and ${NEW} and not ${WARM} order by r.decision_at desc, r.decision_id collate "C" desc limit $8) newest
order by rn`;

/**
 * Streams the newest rewarded decisions of a policy, oldest first, and asks the candidate about each. A candidate that
 * has learned nothing yet learns the older half, and is judged on the newer one.
 * @throws Problem 409 `candidate_failed` when the candidate cannot answer.
 */
export async function readLog(
  tx: Transaction,
  range: LogRange,
  candidate: Candidate,
): Promise<{ input: EvaluationInput; log: LogSummary }> {
  const where = [range.policyId, range.from, range.to, range.subject, ...learnedBy(candidate)];
  const [counts] = await tx.query<Counts>(COUNT, where);
  const { all = 0, fresh = 0, other = 0, warm = 0 } = counts ?? {};
  const columns = new LogColumns();
  const respondent = new Respondent(candidate);
  const items = new Items(tx);
  const turns = new Turns();
  let incomplete = 0;
  await tx.query(readSql(await readRules(tx)), [...where, range.limit]);
  for (;;) {
    const rows = await tx.query<Row & Record<string, unknown>>(`fetch ${FETCH} from off_policy_log`);
    await items.load(rows);
    const whole = rows.filter((row) => isWhole(row, [row.action_id]) && measures(row, range.signals));
    incomplete += rows.length - whole.length;
    const older = whole.filter(({ rn, total }) => respondent.learns && rn <= total / 2);
    for (let i = 0; i < older.length; i += LEARN) {
      respondent.learn(older.slice(i, i + LEARN).map((row) => rewarded(row, items)));
      await turns.next();
    }
    for (const row of whole.slice(older.length)) {
      await turns.next();
      columns.add(evaluated(row, range, respondent.answer(requestOf(row, items))));
    }
    if (rows.length < FETCH) break;
  }
  await tx.query('close off_policy_log');
  return {
    input: columns.done(),
    log: {
      matching: fresh,
      otherReward: other,
      explored: columns.explored,
      cut: fresh > range.limit,
      learnedOn: respondent.learned,
      incomplete,
      alreadyLearned: all - fresh,
      warmStarted: warm,
    },
  };
}

const rewarded = (row: Row, items: Items): RewardedDecision => ({
  decisionId: row.decision_id,
  unitId: row.unit_id,
  context: row.context,
  subject: row.subject,
  action: {
    id: row.action_id,
    features: row.reward_features ?? row.features?.[row.action_id] ?? items.of(row.action_id),
  },
  position: 0,
  propensity: row.propensity,
  reward: row.reward,
  ...(row.signals && { signals: row.signals }),
  at: row.decision_at.getTime(),
});

const measures = ({ signals }: Row, names: readonly string[]): boolean =>
  names.every((name) => signals?.[name] !== undefined);

const evaluated = (row: Row, { silence, signals }: LogRange, target: Float64Array) => ({
  unitId: row.unit_id,
  context: row.context,
  candidates: row.candidates,
  action: row.action_id,
  propensity: row.propensity,
  reward: row.reward,
  probabilities: row.probabilities,
  target,
  explored: row.slice === 'exploration',
  rewarded: row.outcome !== silence,
  signals: signals.map((name) => row.signals?.[name] as number),
});
