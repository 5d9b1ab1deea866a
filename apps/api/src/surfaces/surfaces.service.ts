import { Inject, Injectable } from '@nestjs/common';
import type { Surface } from '#experiments';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import type { SurfaceBody } from './surfaces.controller.js';

type SurfaceRow = Surface & Record<string, unknown>;

const COLUMNS = `key, title, kind, default_value as "defaultValue", candidate_kind as "candidateKind"`;

async function find(sql: Sql, key: string, lock = false): Promise<Surface | null> {
  const [row] = await sql.query<SurfaceRow>(
    `select ${COLUMNS} from surface where key = $1 ${lock ? 'for update' : ''}`,
    [key],
  );
  return row ?? null;
}

@Injectable()
export class SurfacesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  list(): Promise<Surface[]> {
    return this.db.query<SurfaceRow>(`select ${COLUMNS} from surface order by key`);
  }

  /** @throws Problem 404. */
  async get(key: string): Promise<Surface> {
    const surface = await find(this.db, key);
    if (!surface) throw Problem.notFound('Surface', key);
    return surface;
  }

  /** @throws Problem 409 `already_exists`. */
  async create(body: SurfaceBody, acting: Acting): Promise<Surface> {
    return this.db.transaction(async (tx) => {
      const inserted = await tx.query(
        `insert into surface (key, title, kind, default_value, candidate_kind) values ($1, $2, $3, $4::jsonb, $5)
         on conflict do nothing returning key`,
        [body.key, body.title, body.kind, JSON.stringify(body.defaultValue), body.candidateKind],
      );
      if (inserted.length === 0)
        throw Problem.conflict('already_exists', `A surface with the key "${body.key}" exists already`);
      await recordChange(tx, acting, {
        action: 'surface.create',
        entity: 'surface',
        entityKey: body.key,
        after: body,
      });
      return body;
    });
  }

  /** @throws Problem 409 `surface_in_use` when the kind changes under live experiments. */
  async put(body: SurfaceBody, acting: Acting): Promise<Surface> {
    return this.db.transaction(async (tx) => {
      const before = await find(tx, body.key, true);
      if (before) await refuseManaged(tx, acting, 'surface', body.key);
      if (before && before.kind !== body.kind) await refuseWhereLive(tx, before);
      await tx.query(
        `insert into surface (key, title, kind, default_value, candidate_kind) values ($1, $2, $3, $4::jsonb, $5)
         on conflict (key) do update set title = excluded.title, kind = excluded.kind, updated_at = now(),
           default_value = excluded.default_value, candidate_kind = excluded.candidate_kind`,
        [body.key, body.title, body.kind, JSON.stringify(body.defaultValue), body.candidateKind],
      );
      const change = {
        action: before ? 'surface.change' : 'surface.create',
        entity: 'surface',
        entityKey: body.key,
      };
      await recordChange(tx, acting, { ...change, ...(before ? { before } : {}), after: body });
      return body;
    });
  }
}

async function refuseWhereLive(tx: Sql, surface: Surface): Promise<void> {
  const live = await tx.query<{ key: string }>(
    `select key from experiment where surface = $1 and status in ('scheduled', 'running', 'paused', 'shipped') order by key`,
    [surface.key],
  );
  if (live.length === 0) return;
  const names = live.map((row) => row.key).join(', ');
  throw Problem.conflict(
    'surface_in_use',
    `"${surface.key}" stays of the kind "${surface.kind}" while ${names} is live on it`,
  );
}
