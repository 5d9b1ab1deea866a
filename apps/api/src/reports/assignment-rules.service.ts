import { Inject, Injectable } from '@nestjs/common';
import { DEFAULT_ASSIGNMENT_RULES } from '#metrics';
import type { AssignmentRules } from '#metrics';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { PROJECT, readGivenRules, withRules, writeGivenRules } from '../persistence/assignment-rules.js';
import type { GivenRules } from '../persistence/assignment-rules.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { OPEN_DAYS_AFTER_STOP } from '../rollups/maturity.js';
import type { PatchAssignmentRules } from './assignment-health.schemas.js';

export interface RulesView {
  /** Null: of the project. */
  readonly experiment: string | null;
  /** What holds. */
  readonly rules: AssignmentRules;
  /** What was set here, and nothing else. */
  readonly own: GivenRules;
  readonly revision: number;
}

/** How reports treat units whose assignment went wrong: of the project, and of single experiments. */
@Injectable()
export class AssignmentRulesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async ofProject(sql: Sql = this.db): Promise<RulesView> {
    const { given, revision } = await readGivenRules(sql, PROJECT);
    return { experiment: null, rules: withRules(DEFAULT_ASSIGNMENT_RULES, given), own: given, revision };
  }

  async ofExperiment(key: string, sql: Sql = this.db): Promise<RulesView> {
    const project = await this.ofProject(sql);
    const { given, revision } = await readGivenRules(sql, key);
    return { experiment: key, rules: withRules(project.rules, given), own: given, revision };
  }

  /** @throws Problem 412, 428. */
  patchProject(body: PatchAssignmentRules, acting: Acting): Promise<RulesView> {
    return this.db.transaction(async (tx) => {
      await this.write(tx, PROJECT, body, acting);
      return this.ofProject(tx);
    });
  }

  /** @throws Problem 404, 409 `experiment_closed` when nothing is rolled up any more or `managed_by_files`, 412, 428. */
  patchExperiment(key: string, body: PatchAssignmentRules, acting: Acting): Promise<RulesView> {
    return this.db.transaction(async (tx) => {
      const [found] = await tx.query<{ open: boolean }>(
        `select stopped_at is null or stopped_at > now() - make_interval(days => $2) as open
           from experiment where key = $1 for update`,
        [key, OPEN_DAYS_AFTER_STOP],
      );
      if (!found) throw Problem.notFound('Experiment', key);
      if (!found.open)
        throw Problem.conflict(
          'experiment_closed',
          `"${key}" ended over ${OPEN_DAYS_AFTER_STOP} days ago: its results are not computed any more`,
        );
      await refuseManaged(tx, acting, 'experiment', key, 'assignmentRules');
      await this.write(tx, key, body, acting);
      return this.ofExperiment(key, tx);
    });
  }

  private async write(tx: Sql, scope: string, body: PatchAssignmentRules, acting: Acting): Promise<void> {
    // A row that is not there yet cannot be locked: who sets the first rules at once waits here.
    await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.assignment-rules'))`);
    const before = await readGivenRules(tx, scope, true);
    requireMatch(acting.ifMatch, before.revision, before.revision > 0);
    const after = merged(before.given, body);
    await writeGivenRules(tx, scope, { given: after, revision: before.revision + 1 });
    await recordChange(tx, acting, {
      action: 'assignment_rules.change',
      entity: 'assignment_rules',
      entityKey: scope,
      before: before.given,
      after,
    });
  }
}

/** Rules with what a patch names; null takes a rule away. */
function merged(given: GivenRules, patch: PatchAssignmentRules): GivenRules {
  const lateAfterSeconds =
    patch.lateAfterSeconds === undefined ? given.lateAfterSeconds : (patch.lateAfterSeconds ?? undefined);
  return {
    exclude: mergedPart(given.exclude, patch.exclude),
    thresholds: mergedPart(given.thresholds, patch.thresholds),
    ...(lateAfterSeconds === undefined ? {} : { lateAfterSeconds }),
  };
}

function mergedPart<T extends object>(
  given: T | undefined,
  patch: Readonly<Record<string, unknown>> | undefined,
): T {
  const all = Object.entries({ ...given, ...patch });
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined)) as T;
}
