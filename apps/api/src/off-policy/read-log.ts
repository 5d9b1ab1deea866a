import { createRng } from '#experiments';
import type { Context } from '#experiments';
import { serveAction } from '#policies';
import type { CompiledPolicy, DecisionRequest, RewardedDecision } from '#policies';
import { Problem } from '../http/problem.js';
import type { Sql, Transaction } from '../persistence/database.js';
import { KEEP_ALL_FEATURES } from '../serving/decision-record.js';
import type { Candidate } from './candidate.js';
import { LogColumns } from './log-columns.js';
import type { EvaluationInput } from './log-columns.js';

/** Rows that one fetch brings into memory; few, so that the process goes on answering in between. */
const FETCH = 500;

export interface LogRange {
  readonly policyId: string;
  readonly from: Date;
  readonly to: Date;
  readonly subject: string | null;
  readonly limit: number;
}

/** What was read, and what was not. */
export interface LogSummary {
  /** Rewarded decisions in the range that the candidate has not learned from. */
  readonly matching: number;
  /** Of these only the newest were read. */
  readonly cut: boolean;
  /** Rows that the candidate learned on before it was judged on the later ones. */
  readonly learnedOn: number;
  /** Rows whose candidates' features are not all on record. */
  readonly incomplete: number;
  /** Rows left out because the candidate's state had learned from them. */
  readonly alreadyLearned: number;
}

interface Row {
  readonly decision_id: string;
  readonly decision_at: Date;
  readonly action_id: string;
  readonly reward: number;
  readonly propensity: number;
  readonly reward_features: Context | null;
  readonly subject: string | null;
  readonly unit_id: string;
  readonly context: Context;
  readonly candidates: readonly string[];
  readonly probabilities: readonly number[] | null;
  readonly features: Readonly<Record<string, Context>> | null;
  readonly rn: number;
  readonly total: number;
}

const FROM = `
from reward r join decision d on d.id = r.decision_id and d.at = r.decision_at
where r.policy_id = $1 and r.decision_at >= $2 and r.decision_at < $3 and d.at >= $2 and d.at < $3
  and ($4::text is null or r.subject = $4) and d.kind = 'action' and d.fallback is null`;
/** `version` of a reward is the one that first learned from it; 0 and less: none has. */
const NEW = `($5::int is null or r.version > $5 or r.version < 1)`;

const READ = `
declare off_policy_log no scroll cursor for
select *, row_number() over (order by decision_at, decision_id collate "C")::int as rn, count(*) over ()::int as total
from (
  select r.decision_id, r.decision_at, r.action_id, r.reward, r.propensity, r.features as reward_features, r.subject,
    d.unit_id, d.context, d.candidates, d.probabilities, d.features
  ${FROM} and ${NEW} order by r.decision_at desc, r.decision_id collate "C" desc limit $6) newest
order by rn`;

/**
 * Streams the newest rewarded decisions of a policy, oldest first, and asks the candidate about each. A candidate that
 * has learned nothing yet learns the older half, and is judged on the newer one.
 * @throws Problem 409 `not_supported_for_slates`, or `candidate_failed` when the candidate cannot answer.
 */
export async function readLog(
  tx: Transaction,
  range: LogRange,
  candidate: Candidate,
): Promise<{ input: EvaluationInput; log: LogSummary }> {
  const where = [range.policyId, range.from, range.to, range.subject];
  await refuseSlates(tx, range);
  const [counts] = await tx.query<{ all: number; fresh: number }>(
    `select count(*)::int as all, count(*) filter (where ${NEW})::int as fresh ${FROM}`,
    [...where, candidate.learnedThrough],
  );
  const { all = 0, fresh = 0 } = counts ?? {};
  const columns = new LogColumns();
  const respondent = new Respondent(candidate);
  const items = new Items(tx);
  let incomplete = 0;
  await tx.query(READ, [...where, candidate.learnedThrough, range.limit]);
  for (;;) {
    const rows = await tx.query<Row & Record<string, unknown>>(`fetch ${FETCH} from off_policy_log`);
    await items.load(rows);
    const whole = rows.filter(isWhole);
    incomplete += rows.length - whole.length;
    const older = whole.filter(({ rn, total }) => respondent.learns && rn <= total / 2);
    respondent.learn(older.map((row) => rewarded(row, items)));
    for (const row of whole.slice(older.length)) {
      columns.add(evaluated(row, respondent.answer(requestOf(row, items))));
    }
    if (rows.length < FETCH) break;
  }
  await tx.query('close off_policy_log');
  return {
    input: columns.done(),
    log: {
      matching: fresh,
      cut: fresh > range.limit,
      learnedOn: respondent.learned,
      incomplete,
      alreadyLearned: all - fresh,
    },
  };
}

/** Everything that the candidate needs to answer the request again is on record. */
const isWhole = ({ action_id, candidates, features }: Row): boolean =>
  candidates.includes(action_id) && (features === null || candidates.length <= KEEP_ALL_FEATURES);

async function refuseSlates(tx: Sql, { policyId, from, to }: LogRange): Promise<void> {
  const [slate] = await tx.query(
    `select 1 from decision where policy_id = $1 and at >= $2 and at < $3 and kind = 'slate' limit 1`,
    [policyId, from, to],
  );
  if (!slate) return;
  throw Problem.conflict(
    'not_supported_for_slates',
    `The policy "${policyId}" served slates; the gate judges policies that choose one action`,
  );
}

/** The candidate: answers, after learning where it has to. */
class Respondent {
  learned = 0;
  readonly learns: boolean;
  private state: unknown;
  private compiled: CompiledPolicy | null;

  constructor(private readonly candidate: Candidate) {
    const { compiled, learner } = candidate;
    this.compiled = compiled;
    this.learns = learner !== null;
    if (learner) this.state = learner.policy.initialState(learner.params);
  }

  learn(batch: readonly RewardedDecision[]): void {
    const { learner } = this.candidate;
    if (batch.length === 0 || !learner) return;
    this.state = guarded(() => learner.policy.update(this.state, batch, learner.params));
    this.learned += batch.length;
    this.compiled = null;
  }

  answer(request: DecisionRequest): Float64Array {
    const { learner, exploration, config } = this.candidate;
    return guarded(() => {
      this.compiled ??= learner?.policy.compile(this.state, learner.params) ?? null;
      const compiled = this.compiled as CompiledPolicy;
      return serveAction(compiled, request, exploration, config.floor, createRng('off-policy')).probabilities;
    });
  }
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it threw something that is not an error';
    throw Problem.conflict('candidate_failed', `The candidate cannot answer a logged request: ${why}`);
  }
}

/** Features of items as the item table has them now. */
class Items {
  private readonly known = new Map<string, Context>();
  constructor(private readonly sql: Sql) {}

  async load(rows: readonly Row[]): Promise<void> {
    const wanted = new Set(rows.flatMap(({ candidates }) => candidates.filter((id) => !this.known.has(id))));
    if (wanted.size === 0) return;
    const found = await this.sql.query<{ id: string; features: Context }>(
      'select id, features from item where id = any($1)',
      [[...wanted]],
    );
    for (const id of wanted) this.known.set(id, {});
    for (const { id, features } of found) this.known.set(id, features);
  }

  of(id: string): Context {
    return this.known.get(id) ?? {};
  }
}

const requestOf = (row: Row, items: Items): DecisionRequest => ({
  unitId: row.unit_id,
  context: row.context,
  subject: row.subject,
  at: row.decision_at.getTime(),
  actions: row.candidates.map((id) => ({ id, features: row.features?.[id] ?? items.of(id) })),
});

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
  at: row.decision_at.getTime(),
});

const evaluated = (row: Row, target: Float64Array) => ({
  unitId: row.unit_id,
  context: row.context,
  candidates: row.candidates,
  action: row.action_id,
  propensity: row.propensity,
  reward: row.reward,
  probabilities: row.probabilities,
  target,
});
