import { Inject, Injectable } from '@nestjs/common';
import type { Json } from '#experiments';
import type { GateVerdict, Guardrail, OffPolicyEvaluation, SlateEvaluation } from '#policies';
import { writeAudit } from '../access/audit.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql, Transaction } from '../persistence/database.js';
import { policyRowOf } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { resolveCandidate } from './candidate.js';
import type { Candidate, CandidateConfig } from './candidate.js';
import type { ListRuns, OffPolicyBody } from './off-policy.schemas.js';
import type { EvaluationTask } from './evaluation-task.js';
import { readLog } from './read-log.js';
import type { LogRange, LogSummary } from './read-log.js';
import { kindOf, readSlates } from './read-slates.js';
import { measureRange, rewardRangeOf, silenceOf } from './reward-bounds.js';
import { runEvaluation } from './run-evaluation.js';

export interface RunSummary {
  readonly id: number;
  readonly policyId: string;
  readonly at: Date;
  readonly actor: string;
  readonly candidate: CandidateConfig & {
    readonly kind: Candidate['kind'];
    readonly policyId: string;
    readonly version: number | null;
    readonly hash: string;
  };
  readonly answer: GateVerdict['answer'];
  readonly gate: GateVerdict;
}

/** Of slates every figure is per slate, and `diagnostics.slots` looks at every position. */
type Evaluated = Omit<OffPolicyEvaluation, 'gate'> | Omit<SlateEvaluation, 'gate'>;

export type RunResult = Evaluated & {
  readonly log: LogSummary & {
    /** What its decisions chose. Runs of before slates could be evaluated lack it: they are of actions. */
    readonly kind: EvaluationTask['kind'];
    readonly from: string;
    readonly to: string;
    readonly subject: string | null;
    readonly audited: boolean | null;
  };
  readonly margin: number;
  /** Least and largest reward that its definition allows; null where it has none, and of slates: those observed count. */
  readonly rewardRange: readonly [number, number] | null;
  /** Names of the actions by number; empty where they are told apart by place among the candidates. */
  readonly actions: readonly string[];
  /** Features of the context that the reward models saw. */
  readonly features: readonly string[];
};

export interface RunView extends RunSummary {
  readonly result: RunResult;
}

const DAY_MS = 86_400_000;
const SUMMARY = `
select id::int, policy_id as "policyId", at, actor, answer, gate,
  candidate || jsonb_build_object('kind', candidate_kind, 'policyId', candidate_policy, 'hash', candidate_hash) as candidate`;

/** What a candidate would have earned on the log of a policy, and the gate's answer; every run is kept. */
@Injectable()
export class OffPolicyService {
  /** Policies with a run under way: one at a time each, for its memory. */
  private readonly busy = new Set<string>();

  constructor(@Inject(Database) private readonly db: Database) {}

  async run(id: string, body: OffPolicyBody, acting: Acting): Promise<RunView> {
    if (this.busy.has(id))
      throw Problem.conflict('busy', `An evaluation on the log of "${id}" is under way; wait for it`);
    this.busy.add(id);
    try {
      return await this.evaluate(id, body, acting);
    } finally {
      this.busy.delete(id);
    }
  }

  async list(id: string, { limit }: ListRuns): Promise<{ items: RunSummary[] }> {
    await policyRowOf(this.db, id);
    const items = await this.db.query<RunSummary & Record<string, unknown>>(
      `${SUMMARY} from off_policy_run where policy_id = $1 order by off_policy_run.id desc limit $2`,
      [id, limit],
    );
    return { items };
  }

  async get(id: string, run: string): Promise<RunView> {
    const [view] = await this.db.query<RunView & Record<string, unknown>>(
      `${SUMMARY}, result from off_policy_run where policy_id = $1 and off_policy_run.id::text = $2`,
      [id, run],
    );
    if (!view) throw Problem.notFound(`A run on the log of "${id}",`, run);
    return view;
  }

  private async evaluate(id: string, body: OffPolicyBody, acting: Acting): Promise<RunView> {
    const { margin, rows: limit, subject = null, guardrails } = body;
    const [from, to] = rangeOf(body);
    const { candidate, task, log, audited, names, rewardRange } = await this.db.transaction(async (tx) => {
      const policy = await policyRowOf(tx, id);
      const found = await resolveCandidate(tx, policy, body.candidate);
      const audit = await auditOf(tx, id, from, to);
      const reward = policy.reward && rewardRangeOf(policy.reward);
      const watched = guardrailsOf(policy, guardrails);
      const options = {
        gate: { relativeMargin: margin },
        audited: audit,
        ...(reward ? { rewardRange: reward } : {}),
      };
      const silence = policy.reward ? silenceOf(policy.reward) : 0;
      const signals = guardrails.map(({ signal }) => signal);
      const range = { policyId: id, from, to, subject, limit, silence, signals };
      const kind = body.kind ?? (await kindOf(tx, range)) ?? 'action';
      const reader = kind === 'action' ? readActions : readSlateTask;
      const read = await reader(tx, range, found, { ...options, guardrails: watched });
      return { ...read, candidate: found, audited: audit, rewardRange: kind === 'action' ? reward : null };
    });
    const rows = task.kind === 'action' ? task.rows.action.length : task.log.n;
    if (rows < 2) throw tooFew(rows, log);
    const { gate, ...rest } = await runEvaluation(task);
    const result: RunResult = {
      ...rest,
      log: { kind: task.kind, ...log, from: from.toISOString(), to: to.toISOString(), subject, audited },
      margin,
      rewardRange,
      ...names,
    };
    const run = await this.keep(id, candidate, gate, result, acting);
    return this.get(id, run);
  }

  private keep(
    id: string,
    { config, hash, kind, policyId, version }: Candidate,
    gate: GateVerdict,
    result: RunResult,
    acting: Acting,
  ): Promise<string> {
    return this.db.transaction(async (tx) => {
      const [row] = await tx.query<{ id: string }>(
        `insert into off_policy_run (policy_id, actor, candidate_kind, candidate_policy, candidate_hash, candidate,
           answer, gate, result)
         values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9::jsonb) returning id::text`,
        [
          id,
          acting.actor,
          kind,
          policyId,
          hash,
          JSON.stringify({ ...config, version }),
          gate.answer,
          JSON.stringify(gate),
          JSON.stringify(result),
        ],
      );
      const run = row?.id as string;
      const after = { run, candidate: { ...config, kind, policyId, version }, answer: gate.answer };
      await writeAudit(tx, {
        action: 'policy.off-policy',
        entity: 'policy',
        entityKey: id,
        actor: acting.actor,
        requestId: acting.requestId,
        after: after as unknown as Json,
      });
      return run;
    });
  }
}

interface Read {
  readonly task: EvaluationTask;
  readonly log: LogSummary;
  readonly names: Pick<RunResult, 'actions' | 'features'>;
}

type Watched = Omit<Guardrail, 'reward'>;

/** @throws Problem 400 `unknown_signal` for what the reward does not measure. */
function guardrailsOf({ reward }: PolicyRow, wanted: OffPolicyBody['guardrails']): Watched[] {
  const signals = reward?.signals ?? {};
  const known = Object.keys(signals);
  return wanted.map(({ signal, ...rest }, i) => {
    const measure = known.includes(signal) ? signals[signal] : undefined;
    if (!measure) {
      const allowed = known.length === 0 ? 'it defines none' : `it defines ${known.join(', ')}`;
      throw Problem.invalid(
        `/guardrails/${i}/signal`,
        'unknown_signal',
        `the reward of the policy does not define the signal "${signal}"; ${allowed}`,
      );
    }
    const range = measureRange(measure);
    return { key: signal, ...rest, ...(range ? { range } : {}) };
  });
}

type TaskOptions = Omit<EvaluationTask['options'], 'guardrails'> & {
  readonly gate: { readonly relativeMargin: number };
  readonly guardrails: readonly Watched[];
};

/** Guardrails with their columns. */
const withSignals = <T extends Watched>(watched: readonly T[], signals: readonly Float64Array[]) =>
  watched.map((one, j) => ({ ...one, reward: signals[j] ?? new Float64Array(0) }));

async function readActions(
  tx: Transaction,
  range: LogRange,
  found: Candidate,
  { guardrails: watched, ...options }: TaskOptions,
): Promise<Read> {
  const { input, log } = await readLog(tx, range, found);
  const { actions, features, rows, target, signals } = input;
  const guardrails = withSignals(watched, signals);
  const task = { kind: 'action' as const, rows, target, options: { ...options, guardrails } };
  return { task, log, names: { actions, features } };
}

async function readSlateTask(
  tx: Transaction,
  range: LogRange,
  found: Candidate,
  { guardrails: watched, ...options }: TaskOptions,
): Promise<Read> {
  const { input, log, missing } = await readSlates(tx, range, found);
  const { actions, features, signals, target } = input;
  // Of slates the range is that of the log, as for the reward.
  const guardrails = withSignals(
    watched.map(({ range: _possible, ...rest }) => rest),
    signals,
  );
  const task = {
    kind: 'slate' as const,
    log: input.log,
    target,
    options: { ...options, missing, guardrails },
  };
  return { task, log, names: { actions, features } };
}

function rangeOf({ days, from, to }: OffPolicyBody): [from: Date, to: Date] {
  const end = to === undefined ? new Date() : new Date(to);
  return [from === undefined ? new Date(end.getTime() - days * DAY_MS) : new Date(from), end];
}

/**
 * What audits said of the logged propensities: false where the newest one that says anything found them wrong, or any
 * that looked at decisions of the range found them broken; null where none says anything.
 */
async function auditOf(sql: Sql, id: string, from: Date, to: Date): Promise<boolean | null> {
  const [audits] = await sql.query<{ newest: string | null; broken: boolean }>(
    `select (array_agg(status order by at desc))[1] as newest,
       coalesce(bool_or(status = 'failed' and from_at < $3 and at > $2), false) as broken
     from policy_audit where policy_id = $1 and status in ('ok', 'alarm', 'failed')`,
    [id, from, to],
  );
  if (!audits?.newest) return null;
  return audits.newest === 'ok' && !audits.broken;
}

function tooFew(rows: number, log: LogSummary): Problem {
  const other =
    log.otherReward > 0
      ? `; ${log.otherReward} more have a reward that the definition of now does not give`
      : '';
  const learned = log.alreadyLearned > 0 ? `; it had learned from ${log.alreadyLearned} more` : '';
  return Problem.conflict(
    'too_few_rows',
    `There are ${rows} rewarded decisions to judge the candidate on; at least 2 are needed${learned}${other}`,
  );
}
