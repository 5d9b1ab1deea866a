import { Inject, Injectable } from '@nestjs/common';
import { checkPlan, nextMove } from '#experiments';
import type { ScheduleMove, SchedulePlan } from '#experiments';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { ExperimentStore } from './experiment-store.js';
import { ExperimentsService } from './experiments.service.js';
import type { StoredExperiment } from './experiment.mapper.js';
import {
  dealtAnewAt,
  factsOf,
  openSchedules,
  readSchedule,
  writeNote,
  writeSchedule,
} from './schedule-store.js';
import type { StoredSchedule } from './schedule-store.js';
import type { PatchSchedule } from './schedule.schemas.js';

const PLANNABLE: ReadonlySet<string> = new Set(['draft', 'scheduled', 'running', 'paused']);
const SCHEDULE: Acting = { actor: 'system: schedule', requestId: '' };
const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export type ScheduleView = ReturnType<typeof scheduleView>;
export function scheduleView({ plan, progress, note, failed, revision }: StoredSchedule) {
  return {
    startAt: iso(plan.startAt),
    endAt: iso(plan.endAt),
    atEnd: plan.atEnd,
    ramp: plan.ramp.map((step) => ({ ...step, at: iso(step.at) })),
    stopWhen: plan.stopWhen,
    step: progress.step,
    stepAt: iso(progress.stepAt),
    note,
    failed,
    revision,
  };
}

/** What a tick did for one experiment. */
export interface Made {
  readonly experiment: string;
  readonly move: ScheduleMove['kind'] | 'failed';
  readonly why: string;
}

/** Plans of experiments: dates, ramps and goals; and carrying them out. */
@Injectable()
export class ScheduleService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
    @Inject(ExperimentsService) private readonly experiments: ExperimentsService,
  ) {}

  async get(key: string): Promise<ScheduleView> {
    await this.store.get(key);
    return scheduleView(await readSchedule(this.db, key));
  }

  /**
   * Fields left out stay as they are. A start date makes a draft `scheduled` (it must be ready, and gets its part of its
   * layers); taking the date away makes it a draft again.
   * @throws Problem 404, 409 where it has ended, would start twice or files say what is planned, 412, 422 `not_ready`, 428; DomainError `invalid_schedule`.
   */
  async patch(key: string, body: PatchSchedule, acting: Acting): Promise<ScheduleView> {
    return this.db.transaction(async (tx) => {
      const experiment = await this.store.lock(tx, key);
      const before = await readSchedule(tx, key, true);
      requireMatch(acting.ifMatch, before.revision, before.revision > 0);
      await refuseManaged(tx, acting, 'experiment', key, 'schedule');
      const { status } = experiment;
      if (!PLANNABLE.has(status))
        throw Problem.conflict('invalid_transition', `"${key}" is ${status}: nothing can be planned for it`);
      const plan = merged(before.plan, body);
      checkPlan(plan, await this.store.now(tx));
      await this.alignStatus(tx, experiment, plan, acting);
      const restarts = JSON.stringify(plan.ramp) !== JSON.stringify(before.plan.ramp);
      const after: StoredSchedule = {
        ...before,
        plan,
        // A new ramp begins at its first step; steps below the present traffic are passed over.
        progress: restarts ? { step: 0, stepAt: await this.store.now(tx) } : before.progress,
        note: '',
        failed: false,
        revision: before.revision + 1,
      };
      await writeSchedule(tx, after);
      await this.record(tx, acting, 'change', before, after);
      return scheduleView(after);
    });
  }

  private async alignStatus(
    tx: Transaction,
    experiment: StoredExperiment,
    { startAt }: SchedulePlan,
    acting: Acting,
  ): Promise<void> {
    const { key, status } = experiment;
    if (status === 'draft' && startAt !== null)
      await this.experiments.actIn(tx, experiment, 'schedule', {}, acting);
    if (status === 'scheduled' && startAt === null)
      await this.experiments.actIn(tx, experiment, 'unschedule', {}, acting);
    if (startAt !== null && experiment.startedAt === null && status !== 'draft' && status !== 'scheduled')
      throw Problem.conflict('invalid_transition', `"${key}" runs already: it cannot get a start date`);
  }

  /**
   * Makes what is due, one experiment after the other. What fails is noted, told and tried again at the next tick; one
   * experiment's failure keeps no other from its turn.
   */
  async run(now: Date): Promise<Made[]> {
    const made: Made[] = [];
    for (const key of await openSchedules(this.db)) {
      try {
        made.push(...(await this.runOne(key, now.getTime())));
      } catch (error) {
        const why = (error as Error).message;
        await this.db.transaction((tx) => this.noteFailure(tx, key, why));
        made.push({ experiment: key, move: 'failed', why });
      }
    }
    return made;
  }

  private async runOne(key: string, now: number): Promise<Made[]> {
    const made: Made[] = [];
    for (;;) {
      const move = await this.db.transaction((tx) => this.step(tx, key, now));
      if (move === null) return made;
      if (move.kind === 'wait') {
        await writeNote(this.db, key, move.why, false);
        return made;
      }
      made.push({ experiment: key, move: move.kind, why: move.why });
    }
  }

  /** Nobody may be looking when a start is refused at night: webhooks are told, once for each time that it begins to fail. */
  private async noteFailure(tx: Transaction, key: string, why: string): Promise<void> {
    const before = await readSchedule(tx, key, true);
    const note = `Could not be done, and is tried again: ${why}`;
    await writeNote(tx, key, note, true);
    if (!before.failed) await this.record(tx, SCHEDULE, 'fail', before, { ...before, note, failed: true });
  }

  /** One move, with the progress that it means, in one transaction. */
  private async step(tx: Transaction, key: string, now: number): Promise<ScheduleMove | null> {
    const experiment = await this.store.lock(tx, key);
    const schedule = await readSchedule(tx, key, true);
    // Goals wait for the shortest run of the units that count.
    const counted = { ...experiment, startedAt: (await dealtAnewAt(tx, key)) ?? experiment.startedAt };
    const move = nextMove(counted, schedule.plan, schedule.progress, factsOf(experiment.summary), now);
    if (move === null || move.kind === 'wait') return move;
    const acting = SCHEDULE;
    let { progress } = schedule;
    if (move.kind === 'traffic' || move.kind === 'skip') {
      progress = { step: move.step, stepAt: now };
      if (move.kind === 'traffic')
        await this.experiments.patchIn(tx, experiment, { traffic: move.traffic }, acting);
    } else {
      await this.experiments.actIn(tx, experiment, move.kind, { reason: `Schedule: ${move.why}` }, acting);
      if (move.kind === 'start') progress = { ...progress, stepAt: now };
    }
    const after = { ...schedule, progress, note: move.why, failed: false };
    await writeSchedule(tx, after);
    await this.record(tx, acting, move.kind, schedule, after);
    return move;
  }

  private async record(
    tx: Transaction,
    acting: Acting,
    verb: string,
    before: StoredSchedule,
    after: StoredSchedule,
  ): Promise<void> {
    await recordChange(tx, acting, {
      action: `schedule.${verb}`,
      entity: 'schedule',
      entityKey: after.experiment,
      ...(before.revision > 0 ? { before: scheduleView(before) } : {}),
      after: scheduleView(after),
    });
  }
}

function merged(plan: SchedulePlan, { reason: _reason, stopWhen, ...given }: PatchSchedule): SchedulePlan {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const goals = Object.fromEntries(Object.entries(stopWhen ?? {}).filter(([, value]) => value !== undefined));
  return { ...plan, ...named, stopWhen: { ...plan.stopWhen, ...goals } };
}
