import { Inject, Injectable } from '@nestjs/common';
import { importGrowthBook } from '#experiments';
import type { GrowthBookImport } from '#experiments';
import { readManaged } from '../access/managed.js';
import type { ManagedResource } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql, Transaction } from '../persistence/database.js';
import type {
  ApplyConfig,
  ExportConfig,
  ImportGrowthBook,
  PlanConfig,
  ReleaseBody,
  Source,
} from './config-files.schemas.js';
import { CONFIG_KINDS } from './kinds/index.js';
import type { Run } from './kinds/kind.js';
import { terseSpec } from './terse.js';
import { releaseManaged } from './managed-store.js';
import { planOf } from './plan.js';
import type { Plan, PlannedItem } from './plan.js';
import { runFiles } from './run-files.js';

/** Carries a plan out of the transaction that is taken back. */
class TakenBack extends Error {
  constructor(readonly items: readonly PlannedItem[]) {
    super('planned');
  }
}

/** Configuration as files: what they would change, changing it in one transaction, and writing them. */
@Injectable()
export class ConfigFilesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** What an apply would do, by doing it and taking it back. */
  async plan(body: PlanConfig, acting: Acting): Promise<Plan> {
    try {
      return await this.db.transaction(async (tx) => {
        throw new TakenBack(await runFiles(this.runOf(tx, body, acting), body));
      });
    } catch (error) {
      if (error instanceof TakenBack) return planOf(error.items);
      throw error;
    }
  }

  /**
   * All of it or nothing.
   * @throws Problem 409 `plan_outdated` where something has changed since the plan, 422 `plan_refused` with every fault.
   */
  async apply(body: ApplyConfig, acting: Acting): Promise<Plan> {
    return this.db.transaction(async (tx) => {
      const items = await runFiles(this.runOf(tx, body, acting), body);
      refuseOutdated(items, body.states);
      const errors = items.flatMap(({ refused }) => refused);
      const [first] = errors;
      if (first)
        throw new Problem(
          422,
          'plan_refused',
          `Nothing was applied: ${first.pointer}: ${first.message}`,
          errors,
        );
      await this.recordRun(tx, body.source, items, acting);
      return planOf(items);
    });
  }

  /** Files that say how everything is. What has its default is left out. */
  async export({ kinds }: ExportConfig): Promise<Record<string, unknown>> {
    return this.db.transaction(async (tx) => {
      const file: Record<string, unknown> = { version: 1 };
      for (const kind of CONFIG_KINDS) {
        if (kinds && !kinds.includes(kind.kind)) continue;
        const found = await kind.read({ db: this.db.joined(tx), tx }, null);
        if (found.length === 0) continue;
        const sorted = [...found].sort((a, b) => (a.key < b.key ? -1 : 1));
        file[kind.list] = sorted.map((stored) => terseSpec(kind, stored));
      }
      return file;
    });
  }

  managed(): Promise<ManagedResource[]> {
    return readManaged(this.db);
  }

  /** Lets something be changed by hand again. @throws Problem 404 where it is not managed from files. */
  async release({ kind, key, reason }: ReleaseBody, acting: Acting): Promise<ManagedResource> {
    return this.db.transaction(async (tx) => {
      const before = await releaseManaged(tx, kind, key);
      if (!before) throw Problem.notFound(`In no file is the ${kind}`, key);
      await recordChange(tx, acting, {
        action: 'config.release',
        entity: kind,
        entityKey: key,
        before,
        after: { reason },
      });
      return before;
    });
  }

  /** What of an export of GrowthBook can be taken over, as a file; nothing is written. */
  importGrowthBook({ exported, environment, metrics }: ImportGrowthBook): GrowthBookImport {
    return importGrowthBook(exported, { environment, metrics });
  }

  private runOf(
    tx: Transaction,
    body: PlanConfig & Pick<Partial<ApplyConfig>, 'overrideGate'>,
    { actor, requestId, override }: Acting,
  ): Run {
    if (body.prune && body.source === null)
      throw Problem.invalid(
        '/prune',
        'needs_source',
        'says nothing without a source: it is about what a repository manages',
      );
    const { existing, overrideGate } = body;
    // What is there is looked at by its state; a version that a header names belongs to one thing.
    return { db: this.db.joined(tx), tx, acting: { actor, requestId, override }, existing, overrideGate };
  }

  private async recordRun(
    tx: Sql,
    source: Source | null,
    items: readonly PlannedItem[],
    acting: Acting,
  ): Promise<void> {
    const of = (holds: (item: PlannedItem) => boolean): string[] =>
      items.filter(holds).map(({ kind, key }) => `${kind}/${key}`);
    const after = {
      revision: source?.revision ?? null,
      created: of(({ action }) => action === 'create'),
      changed: of(({ action }) => action === 'change'),
      locked: of(({ locks }) => locks),
      released: of(({ action }) => action === 'release'),
    };
    const nothing = [after.created, after.changed, after.locked, after.released].every(
      (keys) => keys.length === 0,
    );
    if (nothing) return;
    await recordChange(tx, acting, {
      action: 'config.apply',
      entity: 'config',
      entityKey: source?.repository ?? 'files',
      after,
    });
  }
}

/** @throws Problem 428 without the states of a plan, 409 `plan_outdated` naming what has changed since. */
function refuseOutdated(
  items: readonly PlannedItem[],
  states: Readonly<Record<string, string | null>>,
): void {
  const told = items.filter(({ action }) => action !== 'release');
  const unplanned = told.find(({ kind, key }) => !Object.hasOwn(states, `${kind}/${key}`));
  if (unplanned)
    throw new Problem(
      428,
      'precondition_required',
      `Send the states of a plan: that of ${unplanned.kind}/${unplanned.key} is missing`,
    );
  const changed = told.filter(({ kind, key, state }) => states[`${kind}/${key}`] !== state);
  if (changed.length === 0) return;
  const errors = changed.map(({ kind, key, pointer }) => ({
    pointer: pointer ?? '',
    code: 'changed_since_plan',
    message: `${kind} "${key}" has changed since the plan`,
  }));
  const names = changed.map(({ kind, key }) => `${kind}/${key}`).join(', ');
  throw new Problem(
    409,
    'plan_outdated',
    `Changed since the plan: ${names}. Nothing was applied; plan again`,
    errors,
  );
}
