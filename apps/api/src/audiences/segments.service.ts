import { Inject, Injectable } from '@nestjs/common';
import { conditionSources, explainCondition, segmentsOf, unitListsOf } from '#experiments';
import type { Condition } from '#experiments';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { requireLists } from '../persistence/audience-references.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import type { CreateSegment, MatchBody, PatchSegment } from './audience.schemas.js';

export interface SegmentView {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly version: number;
  readonly condition: Condition;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly usedBy: readonly SegmentUse[];
}
export interface SegmentUse {
  readonly experiment: string;
  readonly title: string;
  readonly status: string;
  /** Null: the latest, whichever that is at the start. */
  readonly version: number | null;
}
type HeadRow = Omit<SegmentView, 'usedBy'> & Record<string, unknown>;

const HEAD = `
select s.key, s.title, s.description, s.version, v.condition, s.created_at as "createdAt", s.updated_at as "updatedAt"
from segment s join segment_version v on v.segment = s.key and v.version = s.version`;
const USERS = `
select key, title, status, targeting from experiment
where status <> 'archived' and targeting is not null and targeting::text like '%"segment"%' order by key`;

/** Named conditions. A change is a new version; who has started keeps the version that they started with. */
@Injectable()
export class SegmentsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list(): Promise<SegmentView[]> {
    const [rows, uses] = await Promise.all([
      this.db.query<HeadRow>(`${HEAD} order by s.key`),
      usesOf(this.db),
    ]);
    return rows.map((row) => ({ ...row, usedBy: uses.get(row.key) ?? [] }));
  }

  /** @throws Problem 404. */
  async get(key: string, sql: Sql = this.db): Promise<SegmentView> {
    const [row] = await sql.query<HeadRow>(`${HEAD} where s.key = $1`, [key]);
    if (!row) throw Problem.notFound('Segment', key);
    return { ...row, usedBy: (await usesOf(sql)).get(key) ?? [] };
  }

  async versions(key: string) {
    await this.get(key);
    return this.db.query(
      `select version, condition, actor, created_at as "createdAt" from segment_version where segment = $1 order by version desc limit 500`,
      [key],
    );
  }

  /** @throws Problem 409 `already_exists`, 400 for a list that does not exist. */
  async create(body: CreateSegment, acting: Acting): Promise<SegmentView> {
    return this.db.transaction(async (tx) => {
      await requireLists(tx, unitListsOf(body.condition), '/condition');
      const made = await tx.query(
        'insert into segment (key, title, description) values ($1, $2, $3) on conflict do nothing returning key',
        [body.key, body.title, body.description],
      );
      if (made.length === 0)
        throw Problem.conflict('already_exists', `A segment with the key "${body.key}" exists already`);
      await addVersion(tx, body.key, 1, body.condition, acting);
      return this.recorded(tx, 'create', null, body.key, acting);
    });
  }

  /** @throws Problem 404, 412, 428, 400. */
  async patch(key: string, body: PatchSegment, acting: Acting): Promise<SegmentView> {
    return this.db.transaction(async (tx) => {
      await tx.query('select 1 from segment where key = $1 for update', [key]);
      const before = await this.get(key, tx);
      requireMatch(acting.ifMatch, before.version, true);
      await refuseManaged(tx, acting, 'segment', key);
      const { title = before.title, description = before.description, condition } = body;
      const isNew = condition !== undefined && JSON.stringify(condition) !== JSON.stringify(before.condition);
      const version = isNew ? before.version + 1 : before.version;
      if (isNew) {
        await requireLists(tx, unitListsOf(condition), '/condition');
        await addVersion(tx, key, version, condition, acting);
      }
      await tx.query(
        'update segment set title = $2, description = $3, version = $4, updated_at = now() where key = $1',
        [key, title, description, version],
      );
      return this.recorded(tx, 'change', before, key, acting);
    });
  }

  /** @throws Problem 404, 409 `in_use` with who uses it. */
  async remove(key: string, acting: Acting): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query('select 1 from segment where key = $1 for update', [key]);
      const before = await this.get(key, tx);
      if (before.usedBy.length > 0) {
        const users = before.usedBy.map(({ experiment }) => `"${experiment}"`).join(', ');
        throw Problem.conflict('in_use', `The segment "${key}" is used by ${users}`);
      }
      await refuseManaged(tx, acting, 'segment', key);
      await tx.query('delete from segment where key = $1', [key]);
      await recordChange(tx, acting, { action: 'segment.delete', entity: 'segment', entityKey: key, before });
    });
  }

  /** Whether a unit with a context is in the segment, clause by clause. @throws Problem 404. */
  async match(key: string, body: MatchBody) {
    const { condition, version } = await this.get(key);
    const lists = [];
    for (const list of unitListsOf(condition)) {
      const [head] = await this.db.query<{ hashed: boolean }>('select hashed from unit_list where key = $1', [
        list,
      ]);
      const rows = await this.db.query<{ entry: string }>(
        'select entry from unit_list_entry where list = $1',
        [list],
      );
      lists.push({ key: list, hashed: head?.hashed ?? false, entries: rows.map(({ entry }) => entry) });
    }
    const sources = conditionSources({ unitLists: lists });
    return { version, ...explainCondition(condition, body.context, body.unitId, sources) };
  }

  private async recorded(
    tx: Sql,
    verb: string,
    before: SegmentView | null,
    key: string,
    acting: Acting,
  ): Promise<SegmentView> {
    const after = await this.get(key, tx);
    await recordChange(tx, acting, {
      action: `segment.${verb}`,
      entity: 'segment',
      entityKey: key,
      ...(before ? { before } : {}),
      after,
    });
    return after;
  }
}

async function addVersion(
  sql: Sql,
  key: string,
  version: number,
  condition: Condition,
  acting: Acting,
): Promise<void> {
  await sql.query(
    'insert into segment_version (segment, version, condition, actor) values ($1, $2, $3, $4)',
    [key, version, JSON.stringify(condition), acting.actor],
  );
}

async function usesOf(sql: Sql): Promise<ReadonlyMap<string, readonly SegmentUse[]>> {
  const rows = await sql.query<{ key: string; title: string; status: string; targeting: Condition }>(USERS);
  const uses = new Map<string, SegmentUse[]>();
  for (const { key: experiment, title, status, targeting } of rows) {
    for (const { segment, version } of segmentsOf(targeting)) {
      const use = { experiment, title, status, version: version ?? null };
      uses.set(segment, [...(uses.get(segment) ?? []), use]);
    }
  }
  return uses;
}
