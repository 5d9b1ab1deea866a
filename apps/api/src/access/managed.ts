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
  'segment',
  'policy',
  'experiment',
] as const;
export type ManagedKind = (typeof MANAGED_KINDS)[number];

/** Where the files are that something is managed from. */
export interface ManagedBy {
  readonly repository: string | null;
  /** Of the file, below the repository. */
  readonly path: string | null;
  /** Commit or branch that was applied. */
  readonly revision: string | null;
  /** Leads to the file; null where the repository has no address. */
  readonly link: string | null;
}

export interface ManagedResource extends ManagedBy {
  readonly kind: ManagedKind;
  readonly key: string;
  readonly appliedBy: string;
  readonly appliedAt: Date;
}

const COLUMNS = `kind, key, repository, path, revision, link, applied_by as "appliedBy", applied_at as "appliedAt"`;

/** Everything that is managed from files, or the one thing that is asked for. */
export function readManaged(sql: Sql, kind?: ManagedKind, key?: string): Promise<ManagedResource[]> {
  return sql.query<ManagedResource & Record<string, unknown>>(
    `select ${COLUMNS} from managed_resource
     where ($1::text is null or kind = $1) and ($2::text is null or key = $2) order by kind, key`,
    [kind ?? null, key ?? null],
  );
}

/** In words, for people. */
export function placeOf({ repository, path, link }: ManagedBy): string {
  if (link !== null) return link;
  return [path, repository].filter((part) => part !== null).join(' of ') || 'files';
}

/**
 * What is managed from files is changed there. A reason in the header `marquee-override` lets a change through; it is
 * audited, and the next plan shows what differs.
 * @throws Problem 409 `managed_by_files`.
 */
export async function refuseManaged(tx: Sql, acting: Acting, kind: ManagedKind, key: string): Promise<void> {
  if (acting.fromFiles) return;
  const [managed] = await readManaged(tx, kind, key);
  if (!managed) return;
  if (acting.override === undefined)
    throw Problem.conflict(
      'managed_by_files',
      `"${key}" is managed from files: change it in ${placeOf(managed)}, or send a reason in the header marquee-override`,
    );
  await recordChange(tx, acting, {
    action: 'config.override',
    entity: kind,
    entityKey: key,
    after: { reason: acting.override, managedBy: placeOf(managed) },
  });
}
