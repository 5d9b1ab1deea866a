import { DEFAULT_GUARD_PLAN } from '#metrics';
import type { GuardAction, GuardFinding, GuardPlan, GuardWatch } from '#metrics';
import type { Sql } from '../persistence/database.js';

export interface StoredPlan {
  readonly plan: GuardPlan;
  /** 0: nothing was ever set, and the defaults hold. */
  readonly revision: number;
}

/** What was done about a breach. */
export type BreachDone = 'alerted' | 'paused' | 'control';

export interface Breach {
  readonly id: string;
  readonly phase: number;
  readonly watch: GuardWatch;
  readonly key: string;
  readonly arm: string;
  readonly action: GuardAction;
  readonly done: BreachDone;
  readonly detail: string;
  readonly detectedAt: Date;
  readonly takenBackAt: Date | null;
  readonly takenBackBy: string | null;
  /** Since when it may act again after it was taken back; null while it stays quiet. */
  readonly watchedAgainAt: Date | null;
}

/** Taken back, so that its test stays quiet in its phase. */
export const isQuiet = ({ takenBackAt, watchedAgainAt }: Breach): boolean =>
  takenBackAt !== null && watchedAgainAt === null;

export interface Check {
  readonly checkedAt: Date;
  readonly tookMs: number;
  readonly state: GuardFinding['status'];
  readonly findings: readonly GuardFinding[];
}

/** What is watched in an experiment. @param lock keeps others from changing it. */
export async function readPlan(db: Sql, experiment: string, lock = false): Promise<StoredPlan> {
  const [row] = await db.query<{ plan: Partial<GuardPlan>; revision: number }>(
    `select plan, revision from guardrail_plan where experiment = $1${lock ? ' for update' : ''}`,
    [experiment],
  );
  return { plan: { ...DEFAULT_GUARD_PLAN, ...row?.plan }, revision: row?.revision ?? 0 };
}

export async function writePlan(tx: Sql, experiment: string, { plan, revision }: StoredPlan): Promise<void> {
  await tx.query(
    `insert into guardrail_plan (experiment, plan, revision) values ($1, $2::jsonb, $3)
     on conflict (experiment) do update set plan = excluded.plan, revision = excluded.revision, updated_at = now()`,
    [experiment, JSON.stringify(plan), revision],
  );
}

export async function readCheck(db: Sql, experiment: string): Promise<Check | null> {
  const [row] = await db.query<Check & Record<string, unknown>>(
    `select checked_at as "checkedAt", took_ms as "tookMs", state, findings from guardrail_check where experiment = $1`,
    [experiment],
  );
  return row ?? null;
}

export async function writeCheck(db: Sql, experiment: string, check: Check): Promise<void> {
  await db.query(
    `insert into guardrail_check (experiment, checked_at, took_ms, state, findings) values ($1, $2, $3, $4, $5::jsonb)
     on conflict (experiment) do update set checked_at = excluded.checked_at, took_ms = excluded.took_ms,
       state = excluded.state, findings = excluded.findings`,
    [experiment, check.checkedAt, check.tookMs, check.state, JSON.stringify(check.findings)],
  );
}

/** Breaches of an experiment, the newest first. */
export async function readBreaches(db: Sql, experiment: string): Promise<Breach[]> {
  return db.query<Breach & Record<string, unknown>>(
    `select id::text as id, phase, watch, key, arm, action, done, detail, detected_at as "detectedAt",
            taken_back_at as "takenBackAt", taken_back_by as "takenBackBy",
            watched_again_at as "watchedAgainAt"
       from guardrail_breach where experiment = $1 order by detected_at desc, guardrail_breach.id desc limit 200`,
    [experiment],
  );
}

interface NewBreach {
  readonly experiment: string;
  readonly phase: number;
  readonly finding: GuardFinding;
  readonly done: BreachDone;
  readonly at: Date;
}

/** Keeps a breach; one that is known is open again, with the action that it has led to now. */
export async function writeBreach(tx: Sql, breach: NewBreach): Promise<void> {
  const { experiment, phase, finding, done, at } = breach;
  await tx.query(
    `insert into guardrail_breach (experiment, phase, watch, key, arm, action, done, detail, detected_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (experiment, phase, watch, key, arm) do update
       set action = excluded.action, done = excluded.done, detail = excluded.detail, detected_at = excluded.detected_at,
       taken_back_at = null, taken_back_by = null, watched_again_at = null`,
    [experiment, phase, finding.watch, finding.key, finding.arm, finding.action, done, finding.detail, at],
  );
}

/** Lets the tests that are quiet in a phase act again. */
export async function watchAgain(tx: Sql, experiment: string, phase: number): Promise<void> {
  await tx.query(
    `update guardrail_breach set watched_again_at = now()
      where experiment = $1 and phase = $2 and taken_back_at is not null and watched_again_at is null`,
    [experiment, phase],
  );
}
