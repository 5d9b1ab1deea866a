import { NO_PLAN } from '#experiments';
import type { ScheduleFacts, SchedulePlan, ScheduleProgress } from '#experiments';
import type { Sql } from '../persistence/database.js';

export interface StoredSchedule {
  readonly experiment: string;
  readonly plan: SchedulePlan;
  readonly progress: ScheduleProgress;
  /** What it did last, or waits for. */
  readonly note: string;
  /** The note says why a move was refused; it is tried again. */
  readonly failed: boolean;
  /** 0: nothing was ever planned. */
  readonly revision: number;
}

interface ScheduleRow extends Record<string, unknown> {
  readonly experiment: string;
  readonly plan: SchedulePlan;
  readonly step: number;
  readonly step_at: Date | null;
  readonly note: string;
  readonly failed: boolean;
  readonly revision: number;
}

const scheduleOf = (row: ScheduleRow): StoredSchedule => ({
  experiment: row.experiment,
  plan: { ...NO_PLAN, ...row.plan },
  progress: { step: row.step, stepAt: row.step_at?.getTime() ?? null },
  note: row.note,
  failed: row.failed,
  revision: row.revision,
});

/** The schedule of an experiment; an empty one where nothing is planned. @param lock keeps others from changing it. */
export async function readSchedule(db: Sql, experiment: string, lock = false): Promise<StoredSchedule> {
  const [row] = await db.query<ScheduleRow>(
    `select * from experiment_schedule where experiment = $1${lock ? ' for update' : ''}`,
    [experiment],
  );
  if (row) return scheduleOf(row);
  const progress = { step: 0, stepAt: null };
  return { experiment, plan: NO_PLAN, progress, note: '', failed: false, revision: 0 };
}

/** Experiments for which something may be due. */
export async function openSchedules(db: Sql): Promise<string[]> {
  const rows = await db.query<{ key: string }>(
    `select s.experiment as key from experiment_schedule s join experiment e on e.key = s.experiment
      where e.status in ('scheduled', 'running', 'paused') order by s.experiment`,
  );
  return rows.map(({ key }) => key);
}

export async function writeSchedule(tx: Sql, schedule: StoredSchedule): Promise<void> {
  const { experiment, plan, progress, note, failed, revision } = schedule;
  await tx.query(
    `insert into experiment_schedule (experiment, plan, step, step_at, note, failed, revision)
     values ($1, $2::jsonb, $3, $4, $5, $6, $7)
     on conflict (experiment) do update set plan = excluded.plan, step = excluded.step, step_at = excluded.step_at,
       note = excluded.note, failed = excluded.failed, revision = excluded.revision, updated_at = now()`,
    [
      experiment,
      JSON.stringify(plan),
      progress.step,
      progress.stepAt === null ? null : new Date(progress.stepAt),
      note,
      failed,
      revision,
    ],
  );
}

/** Notes change with every wait; they are no change of the plan. */
export async function writeNote(db: Sql, experiment: string, note: string, failed: boolean): Promise<void> {
  await db.query(
    `update experiment_schedule set note = $2, failed = $3, updated_at = now()
      where experiment = $1 and (note, failed) is distinct from ($2, $3)`,
    [experiment, note, failed],
  );
}

/** Since when the units of an experiment count, where they were dealt anew after its start; Unix milliseconds. */
export async function dealtAnewAt(db: Sql, experiment: string): Promise<number | null> {
  const [row] = await db.query<{ at: Date }>(
    `select p.started_at as at from experiment e
       join experiment_phase p on p.experiment = e.key and p.phase = e.counted_from_phase
      where e.key = $1 and e.counted_from_phase > 1`,
    [experiment],
  );
  return row?.at.getTime() ?? null;
}

interface Summary {
  readonly units?: number;
  readonly asOf?: string;
  readonly guardrails?: ScheduleFacts['guardrails'];
  readonly decisionLift?: { readonly lower: number | null; readonly upper: number | null } | null;
}

/** What the last report said, of the experiment's stored summary. */
export function factsOf(summary: unknown): ScheduleFacts {
  const { units, asOf, guardrails, decisionLift } = (summary ?? {}) as Summary;
  const { lower, upper } = decisionLift ?? { lower: null, upper: null };
  return {
    at: asOf === undefined ? null : Date.parse(asOf),
    units: units ?? 0,
    halfWidth: lower === null || upper === null ? null : (upper - lower) / 2,
    guardrails: guardrails ?? 'unknown',
  };
}
