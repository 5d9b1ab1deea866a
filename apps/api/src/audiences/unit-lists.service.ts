import { Inject, Injectable } from '@nestjs/common';
import { parse } from 'csv-parse/sync';
import { hashUnitId, unitListsOf } from '#experiments';
import type { Condition } from '#experiments';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { looksPersonal } from '../http/unit-id.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { LIST_LIMITS } from './audience.schemas.js';
import type { CreateList, EntriesBody } from './audience.schemas.js';

export interface UnitListView {
  readonly key: string;
  readonly title: string;
  readonly hashed: boolean;
  readonly size: number;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly usedBy: readonly { readonly kind: 'experiment' | 'segment'; readonly key: string }[];
}
type HeadRow = Omit<UnitListView, 'usedBy'> & Record<string, unknown>;

const HEAD = `select key, title, hashed, size, revision, created_at as "createdAt", updated_at as "updatedAt" from unit_list`;
const USERS = `
select 'experiment' as kind, key, targeting as condition from experiment
where status <> 'archived' and targeting::text ~ '"(notInList|inList)"'
union all
select 'segment', segment, condition from segment_version where condition::text ~ '"(notInList|inList)"'
order by 1, 2`;
const FIRST_ERASED = `
select h as hash from unnest($1::text[]) with ordinality as given (h, n)
  join erased_unit e on e.unit_hash = decode(h, 'hex') order by n limit 1`;
const SHA256 = /^[0-9a-f]{64}$/;

/** Lists of units by id: testers, partners, everybody who called. Who is on a list may change at any time. */
@Injectable()
export class UnitListsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list(): Promise<UnitListView[]> {
    const [rows, uses] = await Promise.all([this.db.query<HeadRow>(`${HEAD} order by key`), usesOf(this.db)]);
    return rows.map((row) => ({ ...row, usedBy: uses.get(row.key) ?? [] }));
  }

  /** @throws Problem 404. */
  async get(key: string, sql: Sql = this.db): Promise<UnitListView> {
    const [row] = await sql.query<HeadRow>(`${HEAD} where key = $1`, [key]);
    if (!row) throw Problem.notFound('Unit list', key);
    return { ...row, usedBy: (await usesOf(sql)).get(key) ?? [] };
  }

  /** @throws Problem 409 `already_exists` | `too_many_lists`. */
  async create(body: CreateList, acting: Acting): Promise<UnitListView> {
    return this.db.transaction(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.unit_list'))`);
      const [all] = await tx.query<{ n: number }>('select count(*)::int as n from unit_list');
      if ((all?.n ?? 0) >= LIST_LIMITS.lists)
        throw Problem.conflict('too_many_lists', `There are ${LIST_LIMITS.lists} lists already`);
      const made = await tx.query(
        'insert into unit_list (key, title, hashed) values ($1, $2, $3) on conflict do nothing returning key',
        [body.key, body.title, body.hashed],
      );
      if (made.length === 0)
        throw Problem.conflict('already_exists', `A unit list with the key "${body.key}" exists already`);
      return this.recorded(tx, 'create', body.key, acting, {});
    });
  }

  /** Adds ids. Those that are on it already count once. @throws Problem 404, 400 (also for an erased unit), 409 `list_full` or `managed_by_files`. */
  async add(key: string, body: EntriesBody, acting: Acting): Promise<UnitListView> {
    return this.change(key, body, acting, 'add', async (tx, entries) => {
      const rows = await tx.query(
        `insert into unit_list_entry (list, entry) select $1, e from unnest($2::text[]) as e
         on conflict do nothing returning 1`,
        [key, entries],
      );
      return { gone: 0, added: rows.length };
    });
  }

  /** Takes ids off. @throws Problem 404, 400, 409 `managed_by_files`. */
  async take(key: string, body: EntriesBody, acting: Acting): Promise<UnitListView> {
    return this.change(key, body, acting, 'take', async (tx, entries) => {
      const [row] = await tx.query<{ n: number }>(
        `with gone as (delete from unit_list_entry where list = $1 and entry = any($2::text[]) returning 1)
         select count(*)::int as n from gone`,
        [key, entries],
      );
      return { gone: row?.n ?? 0, added: 0 };
    });
  }

  /** What it is called. @throws Problem 404. */
  async rename(key: string, title: string, acting: Acting): Promise<UnitListView> {
    return this.db.transaction(async (tx) => {
      await this.get(key, tx);
      await refuseManaged(tx, acting, 'unitList', key);
      await tx.query(
        'update unit_list set title = $2, revision = revision + 1, updated_at = now() where key = $1',
        [key, title],
      );
      return this.recorded(tx, 'rename', key, acting, {});
    });
  }

  /** Exactly these ids are on it afterwards. @throws Problem 404, 400, 409 `list_full`. */
  async replace(key: string, body: EntriesBody, acting: Acting): Promise<UnitListView> {
    return this.change(key, body, acting, 'replace', async (tx, entries) => {
      const [row] = await tx.query<{ gone: number; added: number }>(
        `with gone as (delete from unit_list_entry where list = $1 and entry <> all($2::text[]) returning 1),
              added as (insert into unit_list_entry (list, entry) select $1, e from unnest($2::text[]) as e
                        on conflict do nothing returning 1)
         select (select count(*) from gone)::int as gone, (select count(*) from added)::int as added`,
        [key, entries],
      );
      return { gone: row?.gone ?? 0, added: row?.added ?? 0 };
    });
  }

  /** @throws Problem 404, 409 `in_use` or `managed_by_files`. */
  async remove(key: string, acting: Acting): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query('select 1 from unit_list where key = $1 for update', [key]);
      await refuseManaged(tx, acting, 'unitList', key);
      const before = await this.get(key, tx);
      if (before.usedBy.length > 0) {
        const users = before.usedBy.map((user) => `the ${user.kind} "${user.key}"`).join(', ');
        throw Problem.conflict('in_use', `The list "${key}" is used by ${users}`);
      }
      await tx.query('delete from unit_list where key = $1', [key]);
      await recordChange(tx, acting, {
        action: 'unit_list.delete',
        entity: 'unit_list',
        entityKey: key,
        before,
      });
    });
  }

  private async change(
    key: string,
    body: EntriesBody,
    acting: Acting,
    verb: 'add' | 'take' | 'replace',
    write: (tx: Sql, entries: readonly string[]) => Promise<{ gone: number; added: number }>,
  ): Promise<UnitListView> {
    return this.db.transaction(async (tx) => {
      // One after the other, so that two uploads cannot both find room for the last entries.
      await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.unit_list'))`);
      const before = await this.get(key, tx);
      await refuseManaged(tx, acting, 'unitList', key, 'ids');
      const entries = entriesOf(body, before.hashed, verb === 'replace');
      if (verb !== 'take') await refuseErased(tx, body);
      const { gone, added } = await write(tx, entries);
      const size = before.size + added - gone;
      if (added > gone) await requireRoom(tx, key, size, added - gone);
      if (added + gone > 0)
        await tx.query(
          'update unit_list set size = $2, revision = revision + 1, updated_at = now() where key = $1',
          [key, size],
        );
      return this.recorded(tx, verb, key, acting, { given: entries.length, changed: added + gone });
    });
  }

  private async recorded(
    tx: Sql,
    verb: string,
    key: string,
    acting: Acting,
    counts: Readonly<Record<string, number>>,
  ): Promise<UnitListView> {
    const view = await this.get(key, tx);
    // Counts alone: the audit log keeps no ids.
    const after = { title: view.title, hashed: view.hashed, size: view.size, ...counts };
    await recordChange(tx, acting, {
      action: `unit_list.${verb}`,
      entity: 'unit_list',
      entityKey: key,
      after,
    });
    return view;
  }
}

async function requireRoom(sql: Sql, key: string, size: number, added: number): Promise<void> {
  if (size > LIST_LIMITS.entries)
    throw Problem.conflict(
      'list_full',
      `"${key}" would have ${size} entries; at most ${LIST_LIMITS.entries} are kept`,
    );
  const [all] = await sql.query<{ n: number }>('select coalesce(sum(size), 0)::int as n from unit_list');
  if ((all?.n ?? 0) + added > LIST_LIMITS.allEntries)
    throw Problem.conflict('list_full', `All lists together keep at most ${LIST_LIMITS.allEntries} entries`);
}

function idsOf(body: EntriesBody): readonly string[] {
  if (body.ids) return body.ids;
  let rows: string[][];
  try {
    rows = parse(body.csv ?? '', { relax_column_count: true, skip_empty_lines: true, trim: true, bom: true });
  } catch (error) {
    throw Problem.invalid('/csv', 'invalid_csv', `cannot be read: ${(error as Error).message}`);
  }
  const ids = rows.map((row) => row[0] ?? '').filter((id) => id !== '');
  const isHeader = /^(unit|unit_?id|id)$/i.test(ids[0] ?? '');
  return isHeader ? ids.slice(1) : ids;
}

/** What is stored for the ids given. @throws Problem 400 naming the first that cannot be. */
function entriesOf(body: EntriesBody, hashed: boolean, mayBeEmpty: boolean): readonly string[] {
  const ids = idsOf(body);
  const at = (index: number): string => (body.ids ? `/ids/${index}` : '/csv');
  const fail = (index: number, message: string): never => {
    throw Problem.invalid(at(index), 'invalid_id', `entry ${index + 1}: ${message}`);
  };
  if (ids.length === 0) return mayBeEmpty ? [] : fail(0, 'there is no id');
  if (ids.length > LIST_LIMITS.perRequest)
    throw Problem.invalid(at(0), 'too_many', `send at most ${LIST_LIMITS.perRequest} ids at a time`);
  if (body.hashed && !hashed)
    throw Problem.invalid('/hashed', 'not_hashed', 'this list keeps ids as they are; send ids');
  ids.forEach((id, index) => {
    if (id.length > 256 || /[\0\p{Surrogate}]/u.test(id))
      fail(index, 'must be at most 256 storable characters');
    if (body.hashed && !SHA256.test(id)) fail(index, 'must be a SHA-256 in 64 lower-case hex digits');
    if (looksPersonal(id))
      fail(index, 'looks like an e-mail address or a phone number; send a pseudonymous id');
  });
  return [...new Set(hashed && !body.hashed ? ids.map(hashUnitId) : ids)];
}

/**
 * Who asked to be forgotten is kept on no list, also where a file or an upload still names them.
 * @throws Problem 400 `erased` with the first of them.
 */
async function refuseErased(sql: Sql, body: EntriesBody): Promise<void> {
  const ids = idsOf(body);
  const hashes = body.hashed ? ids : ids.map(hashUnitId);
  const [erased] = await sql.query<{ hash: string }>(FIRST_ERASED, [hashes]);
  if (!erased) return;
  const index = hashes.indexOf(erased.hash);
  throw Problem.invalid(
    body.ids ? `/ids/${index}` : '/csv',
    'erased',
    `entry ${index + 1}: this unit was erased (SHA-256 ${erased.hash}); leave it out`,
  );
}

async function usesOf(sql: Sql): Promise<ReadonlyMap<string, UnitListView['usedBy']>> {
  const rows = await sql.query<{ kind: 'experiment' | 'segment'; key: string; condition: Condition }>(USERS);
  const uses = new Map<string, { kind: 'experiment' | 'segment'; key: string }[]>();
  for (const { kind, key, condition } of rows) {
    for (const list of unitListsOf(condition)) {
      const known = uses.get(list) ?? [];
      if (!known.some((use) => use.kind === kind && use.key === key)) known.push({ kind, key });
      uses.set(list, known);
    }
  }
  return uses;
}
