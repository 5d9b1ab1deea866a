import type { ManagedBy, ManagedKind, ManagedPart, ManagedResource } from '../access/managed.js';
import { readManaged } from '../access/managed.js';
import type { Sql } from '../persistence/database.js';
import type { Source } from './config-files.schemas.js';

/** Where a thing of the run comes from. */
export function managedBy(
  source: Source,
  kind: ManagedKind,
  key: string,
  parts: readonly ManagedPart[],
): ManagedBy {
  const { repository, revision, files } = source;
  const path = files[`${kind}/${key}`] ?? null;
  return { repository, revision, path, link: linkTo(repository, revision, path), parts };
}

/** As GitHub, GitLab and Forgejo address a file, or lead on to it. */
function linkTo(repository: string | null, revision: string | null, path: string | null): string | null {
  if (repository === null) return null;
  const base = repository.replace(/\/+$/, '').replace(/\.git$/, '');
  if (path === null) return base;
  const parts = [...(revision ?? 'HEAD').split('/'), ...path.split('/')].map(encodeURIComponent);
  return `${base}/blob/${parts.join('/')}`;
}

const same = (a: ManagedBy, b: ManagedBy): boolean =>
  a.repository === b.repository &&
  a.revision === b.revision &&
  a.path === b.path &&
  a.link === b.link &&
  a.parts.join() === b.parts.join();

/** @returns whether anything was written. */
export async function keepManaged(
  tx: Sql,
  kind: ManagedKind,
  key: string,
  by: ManagedBy,
  actor: string,
): Promise<boolean> {
  const [known] = await readManaged(tx, kind, key);
  if (known && same(known, by)) return false;
  await tx.query(
    `insert into managed_resource (kind, key, repository, path, revision, link, parts, applied_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (kind, key) do update set repository = excluded.repository, path = excluded.path,
       revision = excluded.revision, link = excluded.link, parts = excluded.parts, applied_by = excluded.applied_by, applied_at = now()`,
    [kind, key, by.repository, by.path, by.revision, by.link, by.parts, actor],
  );
  return true;
}

/** @returns what was released; undefined where it was not managed. */
export async function releaseManaged(
  tx: Sql,
  kind: ManagedKind,
  key: string,
): Promise<ManagedResource | undefined> {
  const [known] = await readManaged(tx, kind, key);
  await tx.query('delete from managed_resource where kind = $1 and key = $2', [kind, key]);
  return known;
}
