import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import { recordChange } from './record-change.js';

/** What files can hold, in the order in which it is applied: what comes later may name what comes before. */
export const MANAGED_KINDS = [
  'unitType',
  'layer',
  'surface',
  'metric',
  'unitList',
  'segment',
  'policy',
  'holdout',
  'experiment',
] as const;
export type ManagedKind = (typeof MANAGED_KINDS)[number];

/** What files may say of a thing or leave to people: of experiments how they are run, of unit lists who is on them. */
export type ManagedPart = 'schedule' | 'guardrails' | 'assignmentRules' | 'ids';

/** Where the files are that something is managed from. */
export interface ManagedBy {
  readonly repository: string | null;
  /** Of the file, below the repository. */
  readonly path: string | null;
  /** Commit or branch that was applied. */
  readonly revision: string | null;
  /** Leads to the file; null where the repository has no address. */
  readonly link: string | null;
  /** What the files say that they could have left to people. */
  readonly parts: readonly ManagedPart[];
}

export interface ManagedResource extends ManagedBy {
  readonly kind: ManagedKind;
  readonly key: string;
  readonly appliedBy: string;
  readonly appliedAt: Date;
}

const COLUMNS = `kind, key, repository, path, revision, link, parts, applied_by as "appliedBy", applied_at as "appliedAt"`;

/** Everything that is managed from files, or the one thing that is asked for. */
export function readManaged(sql: Sql, kind?: ManagedKind, key?: string): Promise<ManagedResource[]> {
  return sql.query<ManagedResource & Record<string, unknown>>(
    `select ${COLUMNS} from managed_resource
     where ($1::text is null or kind = $1) and ($2::text is null or key = $2) order by kind, key`,
    [kind ?? null, key ?? null],
  );
}

const PARTS: Readonly<Record<ManagedPart, string>> = {
  schedule: 'The schedule',
  guardrails: 'The guardrail plan',
  assignmentRules: 'The assignment rules',
  ids: 'The list of ids',
};

/** In words, for people. */
export function placeOf({ repository, path, link }: ManagedBy): string {
  if (link !== null) return link;
  return [path, repository].filter((part) => part !== null).join(' of ') || 'files';
}

/**
 * What is managed from files is changed there. A reason in the header `marquee-override` lets a change through; it is
 * audited, and the next plan shows what differs.
 * @param part what is changed, where files may leave it to people; absent: what they always say.
 * @throws Problem 409 `managed_by_files`.
 */
export async function refuseManaged(
  tx: Sql,
  acting: Acting,
  kind: ManagedKind,
  key: string,
  part?: ManagedPart,
): Promise<void> {
  if (acting.fromFiles) return;
  const [managed] = await readManaged(tx, kind, key);
  if (!managed || (part !== undefined && !managed.parts.includes(part))) return;
  if (acting.override === undefined)
    throw Problem.conflict(
      'managed_by_files',
      `${part === undefined ? '' : `${PARTS[part]} of `}"${key}" is managed from files: change it in ${placeOf(managed)}, or send a reason in the header marquee-override`,
    );
  await recordChange(tx, acting, {
    action: 'config.override',
    entity: kind,
    entityKey: key,
    after: { reason: acting.override, managedBy: placeOf(managed) },
  });
}
