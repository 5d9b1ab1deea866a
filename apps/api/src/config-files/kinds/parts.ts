import { DEFAULT_GUARD_PLAN } from '#metrics';
import type { GuardPlan } from '#metrics';
import { NO_PLAN } from '#experiments';
import type { SchedulePlan } from '#experiments';
import type { ManagedPart } from '../../access/managed.js';
import { ExperimentStore } from '../../experiments/experiment-store.js';
import { ExperimentsService } from '../../experiments/experiments.service.js';
import type { PatchSchedule } from '../../experiments/schedule.schemas.js';
import { ScheduleService } from '../../experiments/schedule.service.js';
import { GuardrailsService } from '../../guardrails/guardrails.service.js';
import type { PatchGuardrails } from '../../guardrails/guardrail.schemas.js';
import { Problem, problemFrom } from '../../http/problem.js';
import type { GivenRules } from '../../persistence/assignment-rules.js';
import type { Sql } from '../../persistence/database.js';
import type { PatchAssignmentRules } from '../../reports/assignment-health.schemas.js';
import { AssignmentRulesService } from '../../reports/assignment-rules.service.js';
import { sameJson } from './kind.js';
import type { Run } from './kind.js';
import { NO_PARTS, PART_SCHEMAS } from './part-schemas.js';
import type { AssignmentRulesPart, GuardrailsPart, RunParts, SchedulePart } from './part-schemas.js';

/** In the order in which they are written: a start date asks that everything else is ready. */
export const RUN_PARTS = [
  'guardrails',
  'assignmentRules',
  'schedule',
] as const satisfies readonly ManagedPart[];
export type RunPart = (typeof RUN_PARTS)[number];
export const isRunPart = (field: string): field is RunPart =>
  (RUN_PARTS as readonly string[]).includes(field);

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

function scheduleOf(plan: Partial<SchedulePlan>): SchedulePart {
  const { startAt, endAt, atEnd, ramp, stopWhen } = { ...NO_PLAN, ...plan };
  return {
    startAt: iso(startAt),
    endAt: iso(endAt),
    atEnd,
    ramp: ramp.map((step) => ({ ...step, at: iso(step.at) })),
    stopWhen: { ...stopWhen },
  } as unknown as SchedulePart;
}

const rulesOf = ({ exclude = {}, thresholds = {}, lateAfterSeconds }: GivenRules): AssignmentRulesPart => ({
  exclude,
  thresholds,
  ...(lateAfterSeconds === undefined ? {} : { lateAfterSeconds }),
});

const byKey = <T extends { readonly key: string }>(rows: readonly T[]): ReadonlyMap<string, T> =>
  new Map(rows.map((row) => [row.key, row]));

/** How experiments are run, by key. @param keys null: of all. */
export async function readParts(
  sql: Sql,
  keys: readonly string[] | null,
): Promise<(experiment: string) => RunParts> {
  const wanted = [keys];
  const schedules = byKey(
    await sql.query<{ key: string; plan: Partial<SchedulePlan> }>(
      'select experiment as key, plan from experiment_schedule where $1::text[] is null or experiment = any($1)',
      wanted,
    ),
  );
  const plans = byKey(
    await sql.query<{ key: string; plan: Partial<GuardPlan> }>(
      'select experiment as key, plan from guardrail_plan where $1::text[] is null or experiment = any($1)',
      wanted,
    ),
  );
  const rules = byKey(
    await sql.query<{ key: string; rules: GivenRules }>(
      'select scope as key, rules from assignment_rule where $1::text[] is null or scope = any($1)',
      wanted,
    ),
  );
  return (experiment) => ({
    schedule: scheduleOf(schedules.get(experiment)?.plan ?? {}),
    guardrails: { ...DEFAULT_GUARD_PLAN, ...plans.get(experiment)?.plan } as GuardrailsPart,
    assignmentRules: rulesOf(rules.get(experiment)?.rules ?? {}),
  });
}

/** The fields of a part that differ, each as it shall be. */
function differing<T extends object>(before: T, after: T): Partial<T> {
  const names = Object.keys(after) as (keyof T)[];
  return Object.fromEntries(
    names.filter((name) => !sameJson(before[name], after[name])).map((name) => [name, after[name]]),
  ) as Partial<T>;
}

/** What is there and is not named any more goes. */
const replaced = (before: object, after: object): Record<string, unknown> => ({
  ...Object.fromEntries(Object.keys(before).map((name) => [name, null])),
  ...after,
});

const at = (text: string | null): number | null => (text === null ? null : Date.parse(text));

function schedulePatch(before: SchedulePart, after: SchedulePart): PatchSchedule {
  const { startAt, endAt, ramp, ...rest } = differing(before, after);
  return {
    ...rest,
    ...(startAt === undefined ? {} : { startAt: at(startAt) }),
    ...(endAt === undefined ? {} : { endAt: at(endAt) }),
    ...(ramp === undefined ? {} : { ramp: ramp.map((step) => ({ ...step, at: at(step.at) })) }),
  };
}

const guardrailsPatch = (before: GuardrailsPart, after: GuardrailsPart): PatchGuardrails => ({
  ...differing(before, after),
  metrics: replaced(before.metrics, after.metrics) as PatchGuardrails['metrics'],
});

const rulesPatch = (before: AssignmentRulesPart, after: AssignmentRulesPart): PatchAssignmentRules => ({
  exclude: replaced(before.exclude, after.exclude),
  thresholds: replaced(before.thresholds, after.thresholds),
  lateAfterSeconds: after.lateAfterSeconds ?? null,
});

/** Faults of a part with pointers into the experiment. What its design lacks for a start is told where it lacks it. */
function placed(part: RunPart, error: unknown): Error {
  const problem = problemFrom(error);
  if (problem.status >= 500) return error as Error;
  const { status, code, detail, errors } = problem;
  if (code === 'not_ready') return problem;
  const fields: object = PART_SCHEMAS[part].shape;
  const isOwn = (pointer: string): boolean => Object.hasOwn(fields, pointer.split('/')[1] ?? '');
  const inside = errors.map((one) =>
    isOwn(one.pointer) ? { ...one, pointer: `/${part}${one.pointer}` } : one,
  );
  return new Problem(
    status,
    code,
    detail,
    inside.length > 0 ? inside : [{ pointer: `/${part}`, code, message: detail }],
  );
}

/** Writes one part of how an experiment is run, through the service that people's changes go through. */
async function writePart(
  { db, acting }: Run,
  key: string,
  part: RunPart,
  before: RunParts,
  after: RunParts,
): Promise<void> {
  const store = new ExperimentStore(db);
  const experiments = new ExperimentsService(db, store);
  // The experiment is locked, and its state is what the plan saw.
  const anyVersion = { ...acting, ifMatch: '*' };
  if (part === 'schedule')
    await new ScheduleService(db, store, experiments).patch(
      key,
      schedulePatch(before.schedule, after.schedule),
      anyVersion,
    );
  else if (part === 'guardrails')
    await new GuardrailsService(db, store, experiments).patch(
      key,
      guardrailsPatch(before.guardrails, after.guardrails),
      anyVersion,
    );
  else
    await new AssignmentRulesService(db).patchExperiment(
      key,
      rulesPatch(before.assignmentRules, after.assignmentRules),
      anyVersion,
    );
}

/** @param before what is there; absent: the experiment is new. @returns what it means, in words. */
export async function writeParts(
  run: Run,
  key: string,
  after: RunParts,
  before: RunParts = NO_PARTS,
): Promise<string[]> {
  const prose: string[] = [];
  for (const part of RUN_PARTS) {
    if (sameJson(before[part], after[part])) continue;
    try {
      await writePart(run, key, part, before, after);
    } catch (error) {
      throw placed(part, error);
    }
    prose.push(...PROSE[part](before, after));
  }
  return prose;
}

const minute = (text: string): string => `${text.slice(0, 16).replace('T', ' ')} UTC`;

function scheduleProse({ schedule: before }: RunParts, { schedule: after }: RunParts): string[] {
  const started = (text: string): string =>
    `It starts by itself at ${minute(text)}, at once where that has passed.`;
  const told = [
    ...(before.startAt === after.startAt
      ? []
      : [after.startAt === null ? 'It has no start date any more: a draft again.' : started(after.startAt)]),
    ...(before.endAt === after.endAt
      ? []
      : [
          after.endAt === null
            ? 'It has no end date any more.'
            : `It ends by itself at ${minute(after.endAt)}.`,
        ]),
    ...(sameJson(before.ramp, after.ramp) ? [] : [rampProse(after)]),
  ];
  return told.map((line) => `schedule: ${line}`);
}

function rampProse({ ramp }: SchedulePart): string {
  const steps = ramp.map(({ traffic }) => `${Number((traffic * 100).toPrecision(3))} %`).join(', ');
  return ramp.length === 0
    ? 'No ramp: its traffic is what the file says.'
    : `A ramp to ${steps}, from its first step on; steps below its traffic are passed over.`;
}

const PROSE: Readonly<Record<RunPart, (before: RunParts, after: RunParts) => string[]>> = {
  schedule: scheduleProse,
  guardrails: () => ['guardrails: The plan holds from the next look on.'],
  assignmentRules: () => ['assignmentRules: Its report leaves out other units from the next roll-up on.'],
};
