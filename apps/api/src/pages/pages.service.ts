import { Inject, Injectable } from '@nestjs/common';
import type { Json, SurfaceKind } from '#experiments';
import type { PageLayout } from '#policies';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import type { PageBody } from './page.schemas.js';

export interface PageView {
  readonly key: string;
  readonly title: string;
  readonly layout: PageLayout;
  /** Raised by every change; what If-Match names. A page that is not there yet counts as 0. */
  readonly revision: number;
}

type PageRow = PageView & Record<string, unknown>;

const COLUMNS = 'key, title, layout, revision';

export async function findPage(sql: Sql, key: string, lock = false): Promise<PageView | null> {
  const [page] = await sql.query<PageRow>(
    `select ${COLUMNS} from page where key = $1 ${lock ? 'for update' : ''}`,
    [key],
  );
  return page ?? null;
}

/** @throws Problem 404. */
export async function pageOf(sql: Sql, key: string, lock = false): Promise<PageView> {
  const page = await findPage(sql, key, lock);
  if (!page) throw Problem.notFound('Page', key);
  return page;
}

/** Pages that clients ask for as a whole. */
@Injectable()
export class PagesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  list(): Promise<PageView[]> {
    return this.db.query<PageRow>(`select ${COLUMNS} from page order by key`);
  }

  get(key: string): Promise<PageView> {
    return pageOf(this.db, key);
  }

  /**
   * @throws Problem 400 with a pointer to each surface that is not there or cannot serve its level and to each pinned item
   * that is not there, 412 when If-Match names another revision.
   */
  put(key: string, { title, layout }: PageBody, acting: Acting): Promise<PageView> {
    return this.db.transaction(async (tx) => {
      await refuseFaults(tx, layout);
      // Two that add the same page wait for each other.
      await tx.query(`select pg_advisory_xact_lock(hashtext('page ' || $1))`, [key]);
      const before = await findPage(tx, key, true);
      requireMatch(acting.ifMatch, before?.revision ?? 0, false);
      const [after] = await tx.query<PageRow>(
        `insert into page (key, title, layout) values ($1, $2, $3::jsonb)
         on conflict (key) do update set title = excluded.title, layout = excluded.layout,
           revision = page.revision + 1, updated_at = now()
         returning ${COLUMNS}`,
        [key, title, JSON.stringify(layout)],
      );
      if (!after) throw new Error('the page was not stored');
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

  /** Decisions that were made for it stay. @throws Problem 404, 412 when If-Match names another revision. */
  remove(key: string, acting: Acting): Promise<void> {
    return this.db.transaction(async (tx) => {
      const before = await pageOf(tx, key, true);
      requireMatch(acting.ifMatch, before.revision, false);
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

/** @throws Problem 400 `invalid_page`. */
export async function refuseFaults(sql: Sql, layout: PageLayout): Promise<void> {
  const errors = await faultsOf(sql, layout);
  if (errors[0]) throw new Problem(400, 'invalid_page', `${errors[0].pointer}: ${errors[0].message}`, errors);
}

async function faultsOf(sql: Sql, layout: PageLayout): Promise<FieldError[]> {
  const { rows, titles, artwork } = layout;
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
  const unsuitable = wanted.flatMap(([level, key, kind]) => {
    const pointer = `/layout/${level}/surface`;
    const surface = surfaces.get(key);
    if (!surface) return [{ pointer, code: 'unknown_surface', message: `there is no surface "${key}"` }];
    if (surface.kind === kind && surface.candidate_kind !== null) return [];
    const message = `"${key}" must be of the kind ${kind}, with registered candidates`;
    return [{ pointer, code: 'unsuitable_surface', message }];
  });
  const kindOf = (key: string): string | null => surfaces.get(key)?.candidate_kind ?? null;
  return [...unsuitable, ...(await faultsOfPins(sql, layout, kindOf(rows.surface), kindOf(titles.surface)))];
}

/** Pins of what is not there. A kind is null where its surface is at fault. */
async function faultsOfPins(
  sql: Sql,
  { pins }: PageLayout,
  rowKind: string | null,
  titleKind: string | null,
): Promise<FieldError[]> {
  if (pins.length === 0) return [];
  const ids = pins.flatMap(({ row, title }) => (title === null ? [row] : [row, title]));
  const found = await sql.query<{ id: string; kind: string }>(
    'select id, kind from item where id = any($1)',
    [ids],
  );
  const kinds = new Map(found.map(({ id, kind }) => [id, kind]));
  return pins.flatMap(({ row, title }, i) => {
    const fault = (field: string, id: string, kind: string | null): FieldError[] =>
      kind === null || kinds.get(id) === kind
        ? []
        : [
            {
              pointer: `/layout/pins/${i}/${field}`,
              code: 'unknown_item',
              message: `there is no ${kind} "${id}"`,
            },
          ];
    return [...fault('row', row, rowKind), ...(title === null ? [] : fault('title', title, titleKind))];
  });
}
