import { Inject, Injectable } from '@nestjs/common';
import type { GuardPlan } from '#metrics';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import { ExperimentsService } from '../experiments/experiments.service.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { takeBack } from '../persistence/take-back.js';
import { Problem } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { isQuiet, readBreaches, readCheck, readPlan, watchAgain, writePlan } from './guardrail-store.js';
import type { Breach, StoredPlan } from './guardrail-store.js';
import type { PatchGuardrails, UndoBody } from './guardrail.schemas.js';

/** What is watched in experiments, what was found, and taking back what was done about it. */
@Injectable()
export class GuardrailsService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
    @Inject(ExperimentsService) private readonly experiments: ExperimentsService,
  ) {}

  /** @throws Problem 404. */
  async get(key: string) {
    const experiment = await this.store.get(key);
    // One after the other: the database may be one transaction.
    const { plan, revision } = await readPlan(this.db, key);
    const check = await readCheck(this.db, key);
    const breaches = await readBreaches(this.db, key);
    const open = breaches.filter((breach) => isOpen(breach, experiment.phase));
    const { clusterBy, unitType } = experiment;
    return {
      experiment: key,
      plan,
      /** Type of the clusters that share arms: `minimumUnits`, the split and the errors then count those. Null: units. */
      clusterBy: clusterBy && clusterBy !== unitType ? clusterBy : null,
      /** Guardrail metrics of the experiment, each with what a breach of it leads to. */
      metrics: experiment.guardrailMetrics.map((metric) => ({
        metric,
        action: plan.metrics[metric]?.action ?? plan.defaultAction,
        margin: plan.metrics[metric]?.margin ?? null,
      })),
      check: check && { ...check, checkedAt: check.checkedAt.toISOString() },
      breaches: breaches.map(({ detectedAt, takenBackAt, watchedAgainAt, ...breach }) => ({
        ...breach,
        detectedAt: detectedAt.toISOString(),
        takenBackAt: takenBackAt?.toISOString() ?? null,
        watchedAgainAt: watchedAgainAt?.toISOString() ?? null,
      })),
      open: open.length,
      /** Breaches of this phase that were taken back: their tests are not watched. */
      quiet: breaches.filter((breach) => breach.phase === experiment.phase && isQuiet(breach)).length,
      pausedArm: experiment.pausedArm ?? null,
      revision,
    };
  }

  /** @throws Problem 400 for a metric that is no guardrail of it, 404, 409 where files say what is watched, 412, 428. */
  async patch(key: string, body: PatchGuardrails, acting: Acting) {
    await this.db.transaction(async (tx) => {
      const { guardrailMetrics } = await this.store.lock(tx, key);
      const before = await readPlan(tx, key, true);
      requireMatch(acting.ifMatch, before.revision, before.revision > 0);
      await refuseManaged(tx, acting, 'experiment', key, 'guardrails');
      const after: StoredPlan = { plan: merged(before.plan, body), revision: before.revision + 1 };
      const named = Object.entries(body.metrics ?? {}).filter(([, rule]) => rule !== null);
      refuseUnknown(
        named.map(([metric]) => metric),
        guardrailMetrics,
      );
      await writePlan(tx, key, after);
      const entry = { action: 'guardrail.change', entity: 'guardrail', entityKey: key };
      await recordChange(tx, acting, { ...entry, before: before.plan, after: after.plan });
    });
    return this.get(key);
  }

  /**
   * Takes back what a breach led to: a paused experiment goes on with every unit's own arm, and the tests that fired stay
   * quiet until the next phase, or until somebody asks to watch again.
   * @throws Problem 404, 409 `nothing_to_undo`.
   */
  async undo(key: string, { reason }: UndoBody, acting: Acting) {
    await this.db.transaction(async (tx) => {
      const experiment = await this.store.lock(tx, key);
      const open = (await readBreaches(tx, key)).filter((breach) => isOpen(breach, experiment.phase));
      if (open.length === 0)
        throw Problem.conflict(
          'nothing_to_undo',
          `No breach of a guardrail of "${key}" is open in this phase`,
        );
      const acted = open.some(({ done }) => done !== 'alerted');
      if (acted && experiment.status === 'paused')
        await this.experiments.actIn(tx, experiment, 'resume', { reason }, { ...acting, ifMatch: undefined });
      await takeBack(tx, key, experiment.phase, acting.actor);
      await recordChange(tx, acting, {
        action: 'guardrail.undo',
        entity: 'guardrail',
        entityKey: key,
        before: open.map(({ watch, key: name, arm, done, detail }) => ({
          watch,
          key: name,
          arm,
          done,
          detail,
        })),
        after: { reason: reason ?? null },
      });
    });
    return this.get(key);
  }

  /**
   * Lets the tests that an undo has silenced act again, from the next look on.
   * @throws Problem 404, 409 `nothing_quiet`.
   */
  async watchAgain(key: string, { reason }: UndoBody, acting: Acting) {
    await this.db.transaction(async (tx) => {
      const { phase } = await this.store.lock(tx, key);
      const quiet = (await readBreaches(tx, key)).filter(
        (breach) => breach.phase === phase && isQuiet(breach),
      );
      if (quiet.length === 0)
        throw Problem.conflict(
          'nothing_quiet',
          `Every guardrail of "${key}" is watched already in this phase`,
        );
      await watchAgain(tx, key, phase);
      await recordChange(tx, acting, {
        action: 'guardrail.watch-again',
        entity: 'guardrail',
        entityKey: key,
        before: quiet.map(({ watch, key: name, arm }) => ({ watch, key: name, arm })),
        after: { reason: reason ?? null },
      });
    });
    return this.get(key);
  }
}

const isOpen = (breach: Breach, phase: number): boolean =>
  breach.takenBackAt === null && breach.phase === phase;

function refuseUnknown(named: readonly string[], known: readonly string[]): void {
  const errors: FieldError[] = named
    .filter((metric) => !known.includes(metric))
    .map((metric) => ({
      pointer: `/metrics/${metric}`,
      code: 'unknown_metric',
      message: `"${metric}" is no guardrail metric of this experiment; they are: ${known.join(', ') || 'none'}`,
    }));
  const [first] = errors;
  if (first) throw new Problem(400, 'unknown_reference', `${first.pointer}: ${first.message}`, errors);
}

/** The plan with what a patch names; a metric's entry keeps what the patch's leaves out. */
function merged(plan: GuardPlan, { metrics, ...given }: PatchGuardrails): GuardPlan {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const next = new Map(Object.entries(plan.metrics));
  for (const [metric, rule] of Object.entries(metrics ?? {})) {
    if (rule === null) next.delete(metric);
    else {
      const { action = plan.defaultAction, margin = null } = { ...next.get(metric), ...rule };
      next.set(metric, { action, margin });
    }
  }
  return { ...plan, ...named, metrics: Object.fromEntries(next) };
}
