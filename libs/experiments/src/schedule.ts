import { DomainError } from './errors.js';
import type { ExperimentDesign } from './lifecycle.js';

/** What a step of a ramp waits for. Times are Unix milliseconds. */
export interface RampStep {
  /** Share of the experiment's units that take part from then on. */
  readonly traffic: number;
  /** Not before this moment; null: no such bound. */
  readonly at: number | null;
  /** Not before so many minutes after the step before it (the start, for the first). */
  readonly afterMinutes: number;
  /** `guardrails`: also not before a report from after that time says that they are fine. */
  readonly needs: 'time' | 'guardrails';
}

/** What is planned for an experiment; nulls and an empty ramp: nothing. */
export interface SchedulePlan {
  readonly startAt: number | null;
  readonly endAt: number | null;
  /** What happens when the end date or the goal of `stopWhen` is reached. */
  readonly atEnd: 'stop' | 'pause';
  readonly ramp: readonly RampStep[];
  /** The first that is reached ends it, but never before the shortest run. */
  readonly stopWhen: {
    readonly units: number | null;
    /** Half the width of the interval of the decision metric's lift. */
    readonly halfWidth: number | null;
  };
}

export const NO_PLAN: SchedulePlan = {
  startAt: null,
  endAt: null,
  atEnd: 'stop',
  ramp: [],
  stopWhen: { units: null, halfWidth: null },
};

/** How far a plan has come. */
export interface ScheduleProgress {
  /** Steps of the ramp that were made or passed over. */
  readonly step: number;
  /** When the last of them was; null: none yet. */
  readonly stepAt: number | null;
}

/** What the last report says; `at` null: there is none. */
export interface ScheduleFacts {
  readonly at: number | null;
  readonly units: number;
  readonly halfWidth: number | null;
  readonly guardrails: 'fine' | 'harmed' | 'unknown';
}

export type ScheduleMove =
  | { readonly kind: 'start' | 'stop' | 'pause'; readonly why: string }
  | { readonly kind: 'traffic'; readonly traffic: number; readonly step: number; readonly why: string }
  /** The step changes nothing any more, e.g. because somebody raised the traffic by hand. */
  | { readonly kind: 'skip'; readonly step: number; readonly why: string }
  /** Nothing now; `why` says what is waited for. */
  | { readonly kind: 'wait'; readonly why: string };

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const iso = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
const share = (traffic: number): string => `${Number((traffic * 100).toPrecision(3))} %`;

/**
 * A plan that could never be carried out, or would take traffic away, is refused.
 * @throws DomainError `invalid_schedule` with the field's pointer.
 */
export function checkPlan(plan: SchedulePlan, now: number): void {
  const refuse = (pointer: string, why: string): never => {
    throw new DomainError('invalid_schedule', why, pointer);
  };
  const { startAt, endAt, ramp } = plan;
  if (endAt !== null && endAt <= now) refuse('/endAt', 'The end must be in the future');
  if (startAt !== null && endAt !== null && endAt <= startAt)
    refuse('/endAt', 'The end must come after the start');
  ramp.forEach((step, i) => {
    const before = ramp[i - 1];
    if (before && step.traffic <= before.traffic)
      refuse(`/ramp/${i}/traffic`, 'Each step must have more traffic than the one before');
    if (before && step.at !== null && step.at < (before.at ?? step.at))
      refuse(`/ramp/${i}/at`, 'Each step must come after the one before');
    if (endAt !== null && step.at !== null && step.at >= endAt)
      refuse(`/ramp/${i}/at`, 'A step must come before the end');
  });
}

type Scheduled = Pick<ExperimentDesign, 'status' | 'traffic' | 'startedAt' | 'minimumDays'>;

/**
 * What is due now. One move at a time: ask again after it is made, until it answers `wait`.
 * @returns `wait` where nothing is due; null where nothing is planned any more.
 */
export function nextMove(
  experiment: Scheduled,
  plan: SchedulePlan,
  progress: ScheduleProgress,
  facts: ScheduleFacts,
  now: number,
): ScheduleMove | null {
  const { status } = experiment;
  if (status === 'scheduled') return startMove(plan, now);
  if (status !== 'running' && status !== 'paused') return null;
  const end = endMove(experiment, plan, facts, now);
  if (end) return end;
  if (status === 'paused') return planned(plan, progress) ? { kind: 'wait', why: 'It is paused' } : null;
  const step = stepMove(experiment, plan, progress, facts, now);
  if (step) return step;
  return planned(plan, progress) ? { kind: 'wait', why: waitsForEnd(plan) } : null;
}

function planned(plan: SchedulePlan, { step }: ScheduleProgress): boolean {
  const { units, halfWidth } = plan.stopWhen;
  return plan.endAt !== null || units !== null || halfWidth !== null || step < plan.ramp.length;
}

function startMove({ startAt }: SchedulePlan, now: number): ScheduleMove | null {
  if (startAt === null) return null;
  if (now >= startAt) return { kind: 'start', why: `Start date ${iso(startAt)}` };
  return { kind: 'wait', why: `Starts ${iso(startAt)}` };
}

function endMove(
  { status, startedAt, minimumDays }: Scheduled,
  { endAt, atEnd, stopWhen }: SchedulePlan,
  { units, halfWidth }: ScheduleFacts,
  now: number,
): ScheduleMove | null {
  if (atEnd === 'pause' && status === 'paused') return null;
  if (endAt !== null && now >= endAt) return { kind: atEnd, why: `End date ${iso(endAt)}` };
  if (startedAt === null || now < startedAt + minimumDays * DAY_MS) return null;
  if (stopWhen.units !== null && units >= stopWhen.units)
    return { kind: atEnd, why: `${units} units, of ${stopWhen.units} planned` };
  if (stopWhen.halfWidth !== null && halfWidth !== null && halfWidth <= stopWhen.halfWidth)
    return { kind: atEnd, why: `The lift is known to ± ${share(halfWidth)}, as planned` };
  return null;
}

function stepMove(
  experiment: Scheduled,
  { ramp }: SchedulePlan,
  { step, stepAt }: ScheduleProgress,
  facts: ScheduleFacts,
  now: number,
): ScheduleMove | null {
  const next = ramp[step];
  if (!next) return null;
  const name = `Step ${step + 1} of ${ramp.length}`;
  if (next.traffic <= experiment.traffic)
    return {
      kind: 'skip',
      step: step + 1,
      why: `${name}: the traffic is ${share(experiment.traffic)} already`,
    };
  const since = Math.max(stepAt ?? 0, experiment.startedAt ?? now);
  const due = Math.max(next.at ?? 0, since + next.afterMinutes * MINUTE_MS);
  if (now < due) return { kind: 'wait', why: `${name}, to ${share(next.traffic)}, is due ${iso(due)}` };
  const held = next.needs === 'guardrails' ? heldBy(facts, since, due) : null;
  if (held !== null) return { kind: 'wait', why: `${name} ${held}` };
  return {
    kind: 'traffic',
    traffic: next.traffic,
    step: step + 1,
    why: `${name}, to ${share(next.traffic)}`,
  };
}

/** Why guardrails hold a step; null: they do not. A report from before it was due knows only part of the last one. */
function heldBy({ at, guardrails }: ScheduleFacts, since: number, due: number): string | null {
  const fresh = at !== null && at > since && at >= due;
  if (fresh && guardrails === 'harmed') return 'is held: a guardrail or the split is not fine';
  return !fresh || guardrails === 'unknown' ? 'waits for a report on the guardrails' : null;
}

function waitsForEnd({ endAt, stopWhen }: SchedulePlan): string {
  const goals = [
    endAt === null ? '' : iso(endAt),
    stopWhen.units === null ? '' : `${stopWhen.units} units`,
    stopWhen.halfWidth === null ? '' : `a lift known to ± ${share(stopWhen.halfWidth)}`,
  ].filter((goal) => goal !== '');
  return `Ends at ${goals.join(' or ')}`;
}
