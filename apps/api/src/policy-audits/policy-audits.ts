import { recordChange } from '../access/record-change.js';
import type { Database, Sql, Transaction } from '../persistence/database.js';
import { findPolicyRow, lockPolicy, notifySnapshot } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { readSnapshot, stateOf } from '../policies/snapshot-store.js';
import { checksOf } from './checks.js';
import type { AuditCheck } from './checks.js';
import { collectFindings } from './collect.js';
import { replaySample } from './replay-sample.js';
import { auditSlots } from './slot-law.js';
import { LEAST_FAILURES, verdictOf } from './verdict.js';
import type { AuditFindings, AuditVerdict } from './verdict.js';

/** How often a policy is audited, and how far back the first time. Decisions younger than a minute may not be stored. */
const EVERY_MS = 3_600_000;
const FIRST_MS = 86_400_000;
const STORED_AFTER_MS = 60_000;
const KEEP = 500;

export interface PolicyAudit extends AuditVerdict {
  readonly policyId: string;
  readonly findings: AuditFindings;
  /** The version that serves since; null when nothing was rolled back. 0: nothing learned. */
  readonly rolledBackTo: number | null;
}

/** Due are policies whose last audit is an hour old, and at once those that began to fail since. */
const DUE = `
select p.id from policy p left join lateral (
  select max(a.at) as at from policy_audit a where a.policy_id = p.id) last on true
where exists (select from decision d where d.policy_id = p.id and d.at >= $2)
  and (last.at is null or last.at <= $1 or ${LEAST_FAILURES} <= (
    select count(*) from decision d
    where d.policy_id = p.id and d.at >= last.at and d.reason in ('FALLBACK_ERROR', 'FALLBACK_INVALID')))
order by p.id`;

/**
 * The audit of logged propensities. Looks at every policy that has decided something, about once an hour and sooner where decisions fail, and takes a
 * version out of service whose probabilities are broken. Every step may run twice and in several processes.
 */
export class PolicyAudits {
  constructor(private readonly db: Database) {}

  /** Audits what is due. */
  async run(now: Date): Promise<PolicyAudit[]> {
    const due = await this.db.query<{ id: string }>(DUE, [
      new Date(now.getTime() - EVERY_MS),
      new Date(now.getTime() - FIRST_MS),
    ]);
    const audits: PolicyAudit[] = [];
    for (const { id } of due) {
      const audit = await this.audit(id, now);
      if (audit) audits.push(audit);
    }
    return audits;
  }

  /** Audits one policy's decisions since its last audit; null when there is no such policy. */
  async audit(policyId: string, now: Date): Promise<PolicyAudit | null> {
    const policy = await findPolicyRow(this.db, policyId);
    if (!policy) return null;
    const to = new Date(now.getTime() - STORED_AFTER_MS);
    const from = await this.since(policy, to);
    const collected = await this.db.transaction((tx) =>
      collectFindings(tx, policyId, {
        from,
        to,
        floor: policy.floor,
        floorSince: policy.updated_at,
        limited: 'wrappers' in policy.params,
      }),
    );
    const findings = {
      ...collected.findings,
      replays: await replaySample(this.db, policy, from, to),
      slotLaw: await auditSlots(this.db, policy, from, to),
    };
    const verdict = verdictOf(findings);
    const bad = collected.brokenVersion ?? policy.serving_version ?? 0;
    const rolledBackTo = await this.db.transaction(async (tx) => {
      const target = verdict.status === 'failed' ? await rollBack(tx, policyId, bad, verdict.reasons) : null;
      await keep(tx, policy, { ...verdict, findings, rolledBackTo: target }, from, now);
      return target;
    });
    return { policyId, ...verdict, findings, rolledBackTo };
  }

  /** From the last audit on. */
  private async since(policy: PolicyRow, to: Date): Promise<Date> {
    const [last] = await this.db.query<{ at: Date }>(
      'select at from policy_audit where policy_id = $1 order by at desc limit 1',
      [policy.id],
    );
    const begun = last ? last.at.getTime() - STORED_AFTER_MS : to.getTime() - FIRST_MS;
    return new Date(Math.min(to.getTime(), begun));
  }
}

/**
 * Lets the newest good version before the bad one serve, and freezes learning, so that it stays there until somebody has
 * looked. Does nothing when that was done already: a frozen policy, or one that serves another version by now, is left.
 * @returns the version that serves now; null when nothing was done.
 */
async function rollBack(
  tx: Transaction,
  policyId: string,
  bad: number,
  reasons: readonly string[],
): Promise<number | null> {
  const row = await lockPolicy(tx, policyId, true);
  if (!row?.learning || row.serving_version === null || row.serving_version < bad) return null;
  const target = await lastGood(tx, policyId, bad);
  await tx.query(
    `update policy set serving_version = nullif($2::int, 0), learning = false, revision = revision + 1, updated_at = now()
     where id = $1`,
    [policyId, target],
  );
  await recordChange(
    tx,
    { actor: 'system: propensity audit', requestId: '' },
    {
      action: 'policy.rollback',
      entity: 'policy',
      entityKey: policyId,
      before: { servingVersion: row.serving_version, learning: true },
      after: { servingVersion: target === 0 ? null : target, learning: false, reasons },
    },
  );
  await notifySnapshot(tx, policyId);
  return target;
}

/** The version that served when the last audit passed, else the newest accepted one before the bad one, whole; else 0. */
async function lastGood(tx: Sql, policyId: string, bad: number): Promise<number> {
  const candidates = await tx.query<{ version: number }>(
    `select s.version from policy_snapshot s
     where s.policy_id = $1 and s.status = 'accepted' and s.version < $2
     order by s.version <= coalesce((select max(a.serving_version) from policy_audit a
       where a.policy_id = $1 and a.status = 'ok' and a.serving_version < $2), 2147483647) desc, s.version desc limit 5`,
    [policyId, bad],
  );
  for (const { version } of candidates) {
    const snapshot = await readSnapshot(tx, policyId, version);
    if (snapshot && isWhole(snapshot)) return version;
  }
  return 0;
}

function isWhole(snapshot: Parameters<typeof stateOf>[0]): boolean {
  try {
    stateOf(snapshot);
    return true;
  } catch {
    return false;
  }
}

async function keep(
  tx: Sql,
  policy: PolicyRow,
  audit: Omit<PolicyAudit, 'policyId'>,
  from: Date,
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into policy_audit (policy_id, at, from_at, status, serving_version, decisions, reasons, result, rolled_back_to)
     values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9) on conflict do nothing`,
    [
      policy.id,
      now,
      from,
      audit.status,
      policy.serving_version,
      audit.findings.decisions,
      audit.reasons,
      JSON.stringify(audit.findings),
      audit.rolledBackTo,
    ],
  );
  await tx.query(
    `delete from policy_audit where policy_id = $1 and at < (
       select min(at) from (select at from policy_audit where policy_id = $1 order by at desc limit ${KEEP}) kept)`,
    [policy.id],
  );
}

export interface PolicyAuditView {
  readonly at: Date;
  readonly from: Date;
  readonly status: AuditVerdict['status'];
  readonly reasons: readonly string[];
  readonly servingVersion: number | null;
  readonly decisions: number;
  readonly rolledBackTo: number | null;
  readonly findings: AuditFindings;
  /** The findings check by check, each with its rule, threshold and state. */
  readonly checks: readonly AuditCheck[];
}

/** The newest audits of a policy, the newest first. */
export async function readAudits(db: Sql, policyId: string, limit: number): Promise<PolicyAuditView[]> {
  const audits = await db.query<Omit<PolicyAuditView, 'checks'> & Record<string, unknown>>(
    `select at, from_at as "from", status, reasons, serving_version as "servingVersion", decisions,
       rolled_back_to as "rolledBackTo", result as findings
     from policy_audit where policy_id = $1 order by at desc limit $2`,
    [policyId, limit],
  );
  return audits.map((audit) => ({ ...audit, checks: checksOf(audit.findings) }));
}
