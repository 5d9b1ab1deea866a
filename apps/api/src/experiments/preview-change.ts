import {
  DomainError,
  changedField,
  compileCondition,
  conditionSources,
  revise,
  slotUnit,
  unitFinder,
  unitListsOf,
  unitMoves,
} from '#experiments';
import type { ChangedField, Condition, Context, ExperimentChanges, Json, UnitType } from '#experiments';
import { loadSavedConditions } from '../persistence/audience-references.js';
import { MOST_KEPT } from '../persistence/kept-units.js';
import type { Sql } from '../persistence/database.js';
import type { StoredExperiment } from './experiment.mapper.js';

const LIVE: ReadonlySet<string> = new Set(['running', 'paused']);
/** Requests whose contexts are looked at to say whom a targeting meets. */
const SAMPLE = 2000;

export interface FieldEffect extends ChangedField {
  readonly pointer: string;
  readonly before: Json;
  readonly after: Json;
}

/** What a patch would do to the units of an experiment. */
export interface ChangePreview {
  /** Of what the preview is; send it as If-Match with the PATCH. */
  readonly version: number;
  readonly fields: readonly FieldEffect[];
  /** Whether the change can be made at all. */
  readonly possible: boolean;
  readonly newPhase: boolean;
  readonly existing: 'move' | 'keep';
  readonly units: {
    /** In the experiment now. */
    readonly inIt: number;
    /** About how many change arm or fall out; null: it depends on what requests carry. */
    readonly touched: number | null;
    /** Whether they can keep their arms instead. */
    readonly canKeep: boolean;
    readonly mostKept: number;
  };
  /** Shares of the surface's latest requests that name such a unit which the targeting meets; null: nothing changes, or there were none. */
  readonly reach: { readonly requests: number; readonly before: number; readonly after: number } | null;
}

/** Nothing is written. Fields that may not change are `blocked`, each with the reason. */
export async function previewChange(
  db: Sql,
  before: StoredExperiment,
  patch: ExperimentChanges,
  existing: 'move' | 'keep',
): Promise<ChangePreview> {
  const live = LIVE.has(before.status);
  const { blocked, next, newPhase, changed } = tryChange(before, patch);
  const moves = unitMoves(before, { ...before, ...allowed(patch, blocked) });
  const inIt = live ? await countUnits(db, before.key) : 0;
  const targeting = changed.includes('targeting') && !blocked.has('/targeting');
  const touched = targeting ? null : Math.round(inIt * (moves.moved + moves.left));
  return {
    version: before.version,
    fields: changed.map((field): FieldEffect => {
      const reason = blocked.get(`/${field}`);
      const effect =
        reason === undefined
          ? changedField(field, live, existing === 'keep', moves)
          : { field, kind: 'blocked' as const, prose: reason };
      return {
        ...effect,
        pointer: `/${field}`,
        before: (before[field as keyof StoredExperiment] ?? null) as Json,
        after: ((patch as Record<string, unknown>)[field] ?? null) as Json,
      };
    }),
    possible: blocked.size === 0,
    newPhase,
    existing,
    units: { inIt, touched, canKeep: (touched ?? inIt) <= MOST_KEPT, mostKept: MOST_KEPT },
    reach: targeting ? await reachOf(db, before, next?.targeting ?? null) : null,
  };
}

function allowed(patch: ExperimentChanges, blocked: ReadonlyMap<string, string>): object {
  const given = Object.entries(patch).filter(
    ([field, value]) => value !== undefined && !blocked.has(`/${field}`),
  );
  return Object.fromEntries(given);
}

interface Tried {
  /** Reasons by the field's pointer. */
  readonly blocked: ReadonlyMap<string, string>;
  readonly next: StoredExperiment | null;
  readonly newPhase: boolean;
  readonly changed: readonly string[];
}

/** Each field by itself, so that every reason is told at once; then the rest together. */
function tryChange(before: StoredExperiment, patch: ExperimentChanges): Tried {
  const blocked = new Map<string, string>();
  const changed: string[] = [];
  for (const [field, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    try {
      changed.push(...revise(before, { [field]: value }).changed);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      changed.push(field);
      blocked.set(`/${field}`, error.message);
    }
  }
  try {
    const revision = revise(before, allowed(patch, blocked) as ExperimentChanges);
    return { blocked, next: revision.experiment, newPhase: revision.newPhase, changed };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const field = `/${error.pointer?.split('/')[1] ?? ''}`;
    blocked.set(changed.includes(field.slice(1)) ? field : `/${changed[0] ?? ''}`, error.message);
    return { blocked, next: null, newPhase: false, changed };
  }
}

async function countUnits(db: Sql, key: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    'select count(*)::int as n from experiment_unit where experiment = $1',
    [key],
  );
  return row?.n ?? 0;
}

/** The surface's latest requests that name a unit of the experiment's type: as their own, or in their context. */
async function requestsOf(
  db: Sql,
  { surface, unitType }: StoredExperiment,
): Promise<{ context: Context; unitId: string }[]> {
  const types = await db.query<UnitType & Record<string, unknown>>(
    'select key, title, context_field as "contextField" from unit_type where key = $1',
    [unitType],
  );
  const rows = await db.query<{ context: Context; unitId: string; unitType: string }>(
    `select context, unit_id as "unitId", unit_type as "unitType" from decision
      where surface = $1 and at > now() - interval '7 days' and (unit_type = $2 or context ->> $3::text <> '')
      order by at desc limit $4`,
    [surface, unitType, types[0]?.contextField ?? null, SAMPLE],
  );
  const finder = unitFinder(types);
  return rows.flatMap(({ context, ...asked }) => {
    const own = { ...asked, unitId: slotUnit(asked.unitId)?.id ?? asked.unitId };
    const unitId = finder.idOf(unitType, own, context);
    return unitId === null ? [] : [{ context, unitId }];
  });
}

async function reachOf(
  db: Sql,
  before: StoredExperiment,
  targeting: Condition | null,
): Promise<ChangePreview['reach']> {
  const requests = await requestsOf(db, before);
  if (requests.length === 0) return null;
  const saved = await loadSavedConditions(db, [before.targeting, targeting].flatMap(unitListsOf));
  const sources = conditionSources(saved);
  const shareMet = (condition: Condition | null): number => {
    const meets = compileCondition(condition, sources);
    return requests.filter(({ context, unitId }) => meets(context, unitId)).length / requests.length;
  };
  return { requests: requests.length, before: shareMet(before.targeting), after: shareMet(targeting) };
}
