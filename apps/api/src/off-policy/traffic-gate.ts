import type { ExperimentDesign } from '#experiments';
import { policyRegistry } from '#policies';
import type { GateVerdict } from '#policies';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { readSnapshot } from '../policies/snapshot-store.js';
import { configHash, configOf, versionHash } from './candidate.js';
import type { CandidateConfig } from './candidate.js';

/** How long a yes lets a candidate through. */
export const GATE_DAYS = 14;

/** Who asks, and why they go past the gate; no reason: they do not. */
export interface GatePass {
  readonly reason: string | undefined;
  readonly acting: Acting;
}

interface Claim {
  readonly policyId: string;
  /** What a yes must have been about; see `configHash` and `versionHash`. */
  readonly hashes: readonly string[];
  /** Whose decisions it must have been judged on; null: those of any policy. */
  readonly log: string | null;
  /** The version that serves, where a yes counts only when that or an earlier one was judged as it had learned; null: any. */
  readonly learned: number | null;
  /** What wants to serve, for people. */
  readonly what: string;
}

interface LastRun {
  readonly id: string;
  readonly answer: GateVerdict['answer'];
  readonly gate: GateVerdict;
  readonly fresh: boolean;
  /** The policy whose decisions it was judged on. */
  readonly log: string;
  readonly margin: number | null;
}

/**
 * The newest evaluation that counts: of the whole log, not of one subject. Fresh: both it and the newest decisions that it
 * looked at are. Evaluated as parameters and created afterwards is the same candidate.
 */
const LAST_RUN = `
select id::text, answer, gate, policy_id as log, (result ->> 'margin')::float8 as margin,
  least(at, (result #>> '{log,to}')::timestamptz) > now() - make_interval(days => ${GATE_DAYS}) as fresh
from off_policy_run
where candidate_hash = any($1) and (candidate_policy = $2 or candidate_kind = 'params')
  and ($3::text is null or policy_id = $3) and result #>> '{log,subject}' is null
  and ($4::int is null or (candidate_policy = $2 and candidate_kind <> 'params'
    and (candidate ->> 'version')::int <= $4 and (result #>> '{log,learnedOn}')::int = 0))
order by off_policy_run.id desc limit 1`;

/**
 * Lets a candidate through when the newest evaluation of exactly it said yes lately, or with a reason. Both are audited.
 * @throws Problem 409 `gate_closed` with the texts of the clauses that do not hold.
 */
async function requireYes(sql: Sql, claim: Claim, { reason, acting }: GatePass): Promise<void> {
  const [run] = await sql.query<LastRun & Record<string, unknown>>(LAST_RUN, [
    claim.hashes,
    claim.policyId,
    claim.log,
    claim.learned,
  ]);
  const passes = run?.answer === 'yes' && run.fresh;
  if (!passes && reason === undefined) throw closed(claim, run);
  const judged = run && { run: run.id, answer: run.answer, log: run.log, margin: run.margin };
  await recordChange(sql, acting, {
    action: passes ? 'policy.pass-gate' : 'policy.override-gate',
    entity: 'policy',
    entityKey: claim.policyId,
    after: {
      ...(passes ? {} : { reason: reason as string }),
      candidate: claim.what,
      hash: claim.hashes[0] as string,
      ...(judged ?? { run: null, answer: null, log: null, margin: null }),
    },
  });
}

function closed({ what, log, learned }: Claim, run: LastRun | undefined): Problem {
  const missing = (run?.gate.clauses ?? []).filter(({ holds }) => !holds);
  const as = learned === null ? '' : ' with what it has learned';
  const why = !run
    ? `it was never evaluated off-policy${as} on the whole log${log === null ? '' : ` of "${log}"`}`
    : run.answer === 'yes'
      ? `its evaluation, or the log of it, is older than ${GATE_DAYS} days`
      : `${run.gate.prose} ${missing.map(({ prose }) => prose).join(' ')}`.trim();
  return new Problem(
    409,
    'gate_closed',
    `${what} may not take traffic: ${why}`.replace(/([^.])$/, '$1.'),
    missing.map(({ key, prose }) => ({ pointer: '/gate', code: key, message: prose })),
  );
}

/** Promotion of a version of a policy that needs a yes. */
export async function gateVersion(sql: Sql, row: PolicyRow, version: number, pass: GatePass): Promise<void> {
  if (!row.gate_required) return;
  const snapshot = version > 0 ? await readSnapshot(sql, row.id, version) : undefined;
  const config = { ...configOf(row), params: snapshot?.params ?? row.params };
  const hash = versionHash(config, snapshot?.sha256 ?? 'nothing learned');
  const what = `Version ${version} of "${row.id}"`;
  await requireYes(sql, { policyId: row.id, hashes: [hash], log: row.id, learned: null, what }, pass);
}

/** A change of what a policy does. A higher floor alone only explores more, and is let through. */
export async function gateChange(
  sql: Sql,
  row: PolicyRow,
  patch: Partial<Record<keyof CandidateConfig | 'gateRequired', unknown>>,
  pass: GatePass,
): Promise<void> {
  if (!row.gate_required) return;
  if (patch.gateRequired === false) return switchOff(sql, row, pass);
  const before = configOf(row);
  const after = {
    key: row.key,
    params: patch.params ?? before.params,
    exploration: patch.exploration ?? before.exploration,
    floor: patch.floor ?? before.floor,
  } as CandidateConfig;
  const raised = { ...before, floor: Math.max(before.floor, after.floor) };
  const hash = configHash(after);
  if (hash === configHash(before) || hash === configHash(raised)) return;
  const what = `The change of "${row.id}"`;
  await requireYes(sql, { policyId: row.id, hashes: [hash], log: row.id, learned: null, what }, pass);
}

/** Without a gate anything may serve: that takes the same reason as going past it once. */
async function switchOff(sql: Sql, { id }: PolicyRow, { reason, acting }: GatePass): Promise<void> {
  if (reason === undefined) {
    const message = 'say in overrideGate why the gate is switched off';
    throw new Problem(
      409,
      'gate_closed',
      `The gate of "${id}" is not switched off without a reason: ${message}.`,
    );
  }
  await recordChange(sql, acting, {
    action: 'policy.switch-gate-off',
    entity: 'policy',
    entityKey: id,
    before: { gateRequired: true },
    after: { gateRequired: false, reason },
  });
}

/**
 * Arms of an experiment that begin to serve a policy. One that learns must have been judged with a version that it has
 * learned and that serves: parameters are judged after they have learned from the log, and a policy that is created with
 * them has learned nothing. On whose log is for the people who start it to say; the audit row names it.
 */
export async function gateArms(sql: Sql, arms: ExperimentDesign['arms'], pass: GatePass): Promise<void> {
  const ids = arms.flatMap(({ treatment }) => (treatment.kind === 'policy' ? [treatment.policyId] : []));
  if (ids.length === 0) return;
  const rows = await sql.query<PolicyRow & Record<string, unknown>>(
    'select * from policy where id = any($1) and gate_required order by id',
    [[...new Set(ids)]],
  );
  for (const row of rows) {
    const config = configOf(row);
    const version = row.serving_version ?? 0;
    const snapshot = version > 0 ? await readSnapshot(sql, row.id, version) : undefined;
    const hashes = [configHash(config), ...(snapshot ? [versionHash(config, snapshot.sha256)] : [])];
    const learned = policyRegistry.get(row.key).learns === 'never' ? null : version;
    await requireYes(
      sql,
      { policyId: row.id, hashes, log: null, learned, what: `The policy "${row.id}"` },
      pass,
    );
  }
}
