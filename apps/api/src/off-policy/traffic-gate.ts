import type { ExperimentDesign } from '#experiments';
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
  readonly hash: string;
  /** What wants to serve, for people. */
  readonly what: string;
}

interface LastRun {
  readonly id: string;
  readonly answer: GateVerdict['answer'];
  readonly gate: GateVerdict;
  readonly fresh: boolean;
}

/**
 * Lets a candidate through when the newest evaluation of exactly it said yes lately, or with a reason, which is audited.
 * @throws Problem 409 `gate_closed` with the texts of the clauses that do not hold.
 */
async function requireYes(sql: Sql, claim: Claim, { reason, acting }: GatePass): Promise<void> {
  // Evaluated as parameters and created afterwards is the same candidate.
  const [run] = await sql.query<LastRun & Record<string, unknown>>(
    `select id::text, answer, gate, at > now() - make_interval(days => ${GATE_DAYS}) as fresh from off_policy_run
     where candidate_hash = $1 and (candidate_policy = $2 or candidate_kind = 'params')
     order by off_policy_run.id desc limit 1`,
    [claim.hash, claim.policyId],
  );
  if (run?.answer === 'yes' && run.fresh) return;
  if (reason === undefined) throw closed(claim, run);
  await recordChange(sql, acting, {
    action: 'policy.override-gate',
    entity: 'policy',
    entityKey: claim.policyId,
    after: {
      reason,
      candidate: claim.what,
      hash: claim.hash,
      run: run?.id ?? null,
      answer: run?.answer ?? null,
    },
  });
}

function closed({ what }: Claim, run: LastRun | undefined): Problem {
  const missing = (run?.gate.clauses ?? []).filter(({ holds }) => !holds);
  const why = !run
    ? 'it was never evaluated off-policy'
    : run.answer === 'yes'
      ? `its evaluation is older than ${GATE_DAYS} days`
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
  await requireYes(sql, { policyId: row.id, hash, what: `Version ${version} of "${row.id}"` }, pass);
}

/** A change of what a policy does. A higher floor alone only explores more, and is let through. */
export async function gateChange(
  sql: Sql,
  row: PolicyRow,
  patch: Partial<Record<keyof CandidateConfig, unknown>>,
  pass: GatePass,
): Promise<void> {
  if (!row.gate_required) return;
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
  await requireYes(sql, { policyId: row.id, hash, what: `The change of "${row.id}"` }, pass);
}

/** Arms of an experiment that begin to serve a policy. */
export async function gateArms(sql: Sql, arms: ExperimentDesign['arms'], pass: GatePass): Promise<void> {
  const ids = arms.flatMap(({ treatment }) => (treatment.kind === 'policy' ? [treatment.policyId] : []));
  if (ids.length === 0) return;
  const rows = await sql.query<PolicyRow & Record<string, unknown>>(
    'select * from policy where id = any($1) and gate_required order by id',
    [[...new Set(ids)]],
  );
  for (const row of rows) {
    const claim = { policyId: row.id, hash: configHash(configOf(row)), what: `The policy "${row.id}"` };
    await requireYes(sql, claim, pass);
  }
}
