import { Inject, Injectable } from '@nestjs/common';
import type { Json, SurfaceKind } from '#experiments';
import type { PageLayout } from '#policies';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import type { PageBody } from './page.schemas.js';

export interface PageView {
  readonly key: string;
  readonly title: string;
  readonly layout: PageLayout;
}

type PageRow = PageView & Record<string, unknown>;

/** @throws Problem 404. */
export async function pageOf(sql: Sql, key: string): Promise<PageView> {
  const [page] = await sql.query<PageRow>('select key, title, layout from page where key = $1', [key]);
  if (!page) throw Problem.notFound('Page', key);
  return page;
}

/** Pages that clients ask for as a whole. */
@Injectable()
export class PagesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  list(): Promise<PageView[]> {
    return this.db.query<PageRow>('select key, title, layout from page order by key');
  }

  get(key: string): Promise<PageView> {
    return pageOf(this.db, key);
  }

  /** @throws Problem 400 with a pointer to each surface that is not there or cannot serve its level. */
  put(key: string, { title, layout }: PageBody, acting: Acting): Promise<PageView> {
    return this.db.transaction(async (tx) => {
      const errors = await faultsOf(tx, layout);
      if (errors[0])
        throw new Problem(400, 'invalid_page', `${errors[0].pointer}: ${errors[0].message}`, errors);
      const [before] = await tx.query<PageRow>(
        'select key, title, layout from page where key = $1 for update',
        [key],
      );
      await tx.query(
        `insert into page (key, title, layout) values ($1, $2, $3::jsonb)
         on conflict (key) do update set title = excluded.title, layout = excluded.layout, updated_at = now()`,
        [key, title, JSON.stringify(layout)],
      );
      const after = { key, title, layout };
      await recordChange(tx, acting, {
        action: before ? 'page.change' : 'page.create',
        entity: 'page',
        entityKey: key,
        ...(before ? { before: before as unknown as Json } : {}),
        after: after as unknown as Json,
      });
      return after;
    });
  }

  /** Decisions that were made for it stay. */
  remove(key: string, acting: Acting): Promise<void> {
    return this.db.transaction(async (tx) => {
      const before = await pageOf(tx, key);
      await tx.query('delete from page where key = $1', [key]);
      await recordChange(tx, acting, {
        action: 'page.remove',
        entity: 'page',
        entityKey: key,
        before: before as unknown as Json,
      });
    });
  }
}

async function faultsOf(sql: Sql, { rows, titles, artwork }: PageLayout): Promise<FieldError[]> {
  const wanted: readonly (readonly [string, string, SurfaceKind])[] = [
    ['rows', rows.surface, 'slate'],
    ['titles', titles.surface, 'slate'],
    ...(artwork === null ? [] : [['artwork', artwork.surface, 'action'] as const]),
  ];
  const found = await sql.query<{ key: string; kind: SurfaceKind; candidate_kind: string | null }>(
    'select key, kind, candidate_kind from surface where key = any($1)',
    [wanted.map(([, key]) => key)],
  );
  const surfaces = new Map(found.map((surface) => [surface.key, surface]));
  return wanted.flatMap(([level, key, kind]) => {
    const pointer = `/layout/${level}/surface`;
    const surface = surfaces.get(key);
    if (!surface) return [{ pointer, code: 'unknown_surface', message: `there is no surface "${key}"` }];
    if (surface.kind === kind && surface.candidate_kind !== null) return [];
    const message = `"${key}" must be of the kind ${kind}, with registered candidates`;
    return [{ pointer, code: 'unsuitable_surface', message }];
  });
}
