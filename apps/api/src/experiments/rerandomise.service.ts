import { Inject, Injectable } from '@nestjs/common';
import type { ExperimentDesign } from '#experiments';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { dropKept } from '../persistence/kept-units.js';
import { experimentView } from './experiment.mapper.js';
import type { ExperimentView, StoredExperiment } from './experiment.mapper.js';
import { ExperimentStore } from './experiment-store.js';

const LIVE: ReadonlySet<string> = new Set(['running', 'paused']);

/** What dealing the units of an experiment anew would do to those that are in it. */
export interface RerandomisePreview {
  /** Send it as If-Match. */
  readonly version: number;
  readonly units: number;
  /** About how many get another arm, and how many fall out because less than all traffic takes part. */
  readonly moving: number;
  readonly leaving: number;
  /** The phase that begins. */
  readonly phase: number;
}

/** A new seed for a running experiment: its units are dealt anew, and its report starts anew. */
@Injectable()
export class RerandomiseService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
  ) {}

  /** @throws Problem 404, 409 `not_live`. */
  async preview(key: string): Promise<RerandomisePreview> {
    const experiment = await this.store.get(key);
    requireLive(experiment);
    // Slots of a switchback that are over are dealt no more.
    const [row] = await this.db.query<{ n: number }>(
      `select count(*)::int as n from experiment_unit
        where experiment = $1 and first_at > coalesce(now() - make_interval(mins => $2), '-infinity')`,
      [key, experiment.switchback?.slotMinutes ?? null],
    );
    return effectOf(experiment, row?.n ?? 0);
  }

  /**
   * Units move to the arm of the new seed with their next request; arms that were kept are forgotten. Reports count the new
   * phase alone from the next roll-up on; decisions and events stay as they were recorded.
   * @throws Problem 404, 409 `not_live` and `managed_by_files`, 412, 428.
   */
  async rerandomise(key: string, reason: string, acting: Acting): Promise<ExperimentView> {
    return this.db.transaction(async (tx) => {
      const before = await this.store.lock(tx, key);
      requireMatch(acting.ifMatch, before.version, true);
      requireLive(before);
      await refuseManaged(tx, acting, 'experiment', key);
      const phase = before.phase + 1;
      const after = await this.store.update(tx, { ...before, phase, salt: `${key}:phase-${phase}` });
      await dropKept(tx, key);
      await this.store.turnPhase(tx, after, await this.store.now(tx), true);
      await tx.query(
        'update experiment set counted_from_phase = $2, counts_anew = true, summary = null where key = $1',
        [key, phase],
      );
      await recordChange(tx, acting, {
        action: 'experiment.rerandomise',
        entity: 'experiment',
        entityKey: key,
        before: { phase: before.phase, salt: before.salt },
        after: { phase, salt: after.salt, reason },
      });
      return experimentView(after);
    });
  }
}

function requireLive({ key, status }: StoredExperiment): void {
  if (LIVE.has(status)) return;
  throw Problem.conflict(
    'not_live',
    `"${key}" is ${status}: only units of a live experiment can be dealt anew`,
  );
}

/** The new draw knows nothing of the old: a unit takes part by chance, and keeps its arm by the chance of that arm. */
function effectOf(design: ExperimentDesign & StoredExperiment, units: number): RerandomisePreview {
  const total = design.arms.reduce((sum, { weight }) => sum + weight, 0);
  const same = design.arms.reduce((sum, { weight }) => sum + (weight / total) ** 2, 0);
  return {
    version: design.version,
    units,
    moving: Math.round(units * design.traffic * (1 - same)),
    leaving: Math.round(units * (1 - design.traffic)),
    phase: design.phase + 1,
  };
}
