import { Inject, Injectable } from '@nestjs/common';
import { defaultSalt } from '#experiments';
import type { Dealing, Holdout, Layer } from '#experiments';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import type { CreateHoldout, CreateLayer, PatchHoldout } from './layer.schemas.js';

type Row<T> = T & Record<string, unknown>;
export interface LayerView extends Layer {
  /** Who owns which part of [0, 1). */
  readonly ranges: readonly ({
    readonly experiment: string;
    readonly from: number;
    readonly to: number;
  } & Dealing)[];
}

const LAYERS = `
select l.key, l.title, l.salt, l.unit_type as "unitType", l.hash_version as "hashVersion", coalesce(
  (select jsonb_agg(jsonb_build_object('experiment', e.key, 'from', m."from", 'to', m."to",
       'unitType', coalesce(e.cluster_by, e.unit_type), 'slotMinutes', e.switchback -> 'slotMinutes',
       'timeZone', nullif(e.switchback ->> 'timeZone', 'UTC')) order by m."from", e.key)
   from (select e.key, e.layer, e.layer_from as "from", e.layer_to as "to" from experiment e
         union all
         select e.key, o ->> 'layer', (o -> 'range' ->> 0)::double precision, (o -> 'range' ->> 1)::double precision
           from experiment e, jsonb_array_elements(e.other_layers) o) m
   join experiment e using (key)
   where m.layer = l.key and e.status in ('scheduled', 'running', 'paused')), '[]') as ranges
from layer l order by l.key`;

const HOLDOUT = `key, title, salt, share, surfaces, unit_type as "unitType", enabled, tags, except_when as "except", revision`;
/** A holdout as stored; the revision is its ETag. */
export interface HoldoutView extends Holdout {
  readonly revision: number;
}
const jsonb = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

/** Layers and holdouts: who may meet whom. */
@Injectable()
export class LayersService {
  constructor(@Inject(Database) private readonly db: Database) {}

  layers(): Promise<LayerView[]> {
    return this.db.query<Row<LayerView>>(LAYERS);
  }

  /** @throws Problem 400 for an unknown unit type, 409 `already_exists`. */
  async createLayer(body: CreateLayer, acting: Acting): Promise<LayerView> {
    const layer = { ...body, salt: body.salt ?? defaultSalt.layer(body.key) };
    return this.db.transaction(async (tx) => {
      await requireUnitType(tx, layer.unitType);
      const inserted = await tx.query(
        `insert into layer (key, title, salt, unit_type, hash_version) values ($1, $2, $3, $4, $5)
         on conflict do nothing returning key`,
        [layer.key, layer.title, layer.salt, layer.unitType, layer.hashVersion],
      );
      if (inserted.length === 0)
        throw Problem.conflict('already_exists', `A layer with the key "${layer.key}" exists already`);
      await recordChange(tx, acting, {
        action: 'layer.create',
        entity: 'layer',
        entityKey: layer.key,
        after: layer,
      });
      return { ...layer, ranges: [] };
    });
  }

  holdouts(): Promise<HoldoutView[]> {
    return this.db.query<Row<HoldoutView>>(`select ${HOLDOUT} from holdout order by created_at, key`);
  }

  /** @throws Problem 400 for an unknown surface or unit type, 409 `already_exists`. */
  async createHoldout(body: CreateHoldout, acting: Acting): Promise<HoldoutView> {
    const holdout = { ...body, salt: defaultSalt.holdout(body.key), revision: 1 };
    return this.db.transaction(async (tx) => {
      await requireSurfaces(tx, holdout.surfaces);
      await requireUnitType(tx, holdout.unitType);
      const inserted = await tx.query(
        `insert into holdout (key, title, salt, share, surfaces, unit_type, enabled, tags, except_when)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb)
         on conflict do nothing returning key`,
        [
          holdout.key,
          holdout.title,
          holdout.salt,
          holdout.share,
          holdout.surfaces,
          holdout.unitType,
          holdout.enabled,
          holdout.tags,
          jsonb(holdout.except),
        ],
      );
      if (inserted.length === 0)
        throw Problem.conflict('already_exists', `A holdout with the key "${holdout.key}" exists already`);
      await recordChange(tx, acting, {
        action: 'holdout.create',
        entity: 'holdout',
        entityKey: holdout.key,
        after: holdout,
      });
      return holdout;
    });
  }

  /** Fields left out stay as they are. @throws Problem 404, 400 for an unknown surface, 409 where it is managed from files, 412 for a stale If-Match. */
  async patchHoldout(key: string, body: PatchHoldout, acting: Acting): Promise<HoldoutView> {
    return this.db.transaction(async (tx) => {
      const [before] = await tx.query<Row<HoldoutView>>(
        `select ${HOLDOUT} from holdout where key = $1 for update`,
        [key],
      );
      if (!before) throw Problem.notFound('Holdout', key);
      requireMatch(acting.ifMatch, before.revision, false);
      await refuseManaged(tx, acting, 'holdout', key);
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      const after: HoldoutView = { ...before, ...given, revision: before.revision + 1 };
      await requireSurfaces(tx, after.surfaces);
      await tx.query(
        `update holdout set title = $2, share = $3, surfaces = $4, enabled = $5, tags = $6, except_when = $7::jsonb,
                revision = $8 where key = $1`,
        [
          key,
          after.title,
          after.share,
          after.surfaces,
          after.enabled,
          after.tags ?? null,
          jsonb(after.except ?? null),
          after.revision,
        ],
      );
      await recordChange(tx, acting, {
        action: 'holdout.change',
        entity: 'holdout',
        entityKey: key,
        before,
        after,
      });
      return after;
    });
  }
}

async function requireUnitType(tx: Sql, unitType: string | null): Promise<void> {
  if (unitType === null) return;
  const known = await tx.query('select 1 from unit_type where key = $1', [unitType]);
  if (known.length === 0)
    throw Problem.invalid('/unitType', 'unknown_unit_type', `the unit type "${unitType}" does not exist`);
}

async function requireSurfaces(tx: Sql, surfaces: readonly string[] | null): Promise<void> {
  if (surfaces === null) return;
  const known = new Set((await tx.query<{ key: string }>('select key from surface')).map((row) => row.key));
  const missing = surfaces.findIndex((key) => !known.has(key));
  if (missing !== -1) {
    throw Problem.invalid(
      `/surfaces/${missing}`,
      'unknown_surface',
      `the surface "${surfaces[missing] ?? ''}" does not exist`,
    );
  }
}
