import { mapSegments, segmentsOf, unitListsOf } from '#experiments';
import type { Condition, SavedConditions, UnitListConfig } from '#experiments';
import type { FieldError } from '../http/problem.js';
import { Problem } from '../http/problem.js';
import type { Sql } from './database.js';

/** @throws Problem 400 `unknown_unit_list`. Keeps the lists from being removed until the transaction ends. */
export async function requireLists(sql: Sql, keys: readonly string[], pointer: string): Promise<void> {
  const [first] = await missingLists(sql, keys, pointer);
  if (first) throw new Problem(400, first.code, `${first.pointer}: ${first.message}`, [first]);
}

async function missingLists(sql: Sql, keys: readonly string[], pointer: string): Promise<FieldError[]> {
  if (keys.length === 0) return [];
  const rows = await sql.query<{ key: string }>(
    'select key from unit_list where key = any($1::text[]) for share',
    [[...new Set(keys)]],
  );
  const known = new Set(rows.map(({ key }) => key));
  return keys
    .filter((key) => !known.has(key))
    .map((key) => ({ pointer, code: 'unknown_unit_list', message: `the unit list "${key}" does not exist` }));
}

/** What a condition names and does not exist. Keeps what it names from being removed until the transaction ends. */
export async function audienceErrors(
  sql: Sql,
  condition: Condition | null,
  pointer: string,
): Promise<FieldError[]> {
  const named = segmentsOf(condition);
  const rows =
    named.length === 0
      ? []
      : await sql.query<{ key: string; version: number }>(
          'select key, version from segment where key = any($1::text[]) for share',
          [named.map(({ segment }) => segment)],
        );
  const latest = new Map(rows.map(({ key, version }) => [key, version]));
  const errors = named.flatMap(({ segment, version }): FieldError[] => {
    const newest = latest.get(segment);
    if (newest === undefined)
      return [{ pointer, code: 'unknown_segment', message: `the segment "${segment}" does not exist` }];
    if (version === undefined || version <= newest) return [];
    const message = `the segment "${segment}" has ${newest} versions, not ${version}`;
    return [{ pointer, code: 'unknown_segment', message }];
  });
  return [...errors, ...(await missingLists(sql, unitListsOf(condition), pointer))];
}

/** The condition with every segment at the version that is the latest now, where none was named. */
export async function pinSegments(sql: Sql, condition: Condition | null): Promise<Condition | null> {
  const named = segmentsOf(condition).filter(({ version }) => version === undefined);
  if (condition === null || named.length === 0) return condition;
  const rows = await sql.query<{ key: string; version: number }>(
    'select key, version from segment where key = any($1::text[]) for share',
    [named.map(({ segment }) => segment)],
  );
  const latest = new Map(rows.map(({ key, version }) => [key, version]));
  return mapSegments(condition, ({ segment, version }) => {
    const pinned = version ?? latest.get(segment);
    return pinned === undefined ? { segment } : { segment, version: pinned };
  });
}

/** All segments, and the lists that are named by them or by the keys given. */
export async function loadSavedConditions(sql: Sql, lists: readonly string[]): Promise<SavedConditions> {
  const segments = await sql.query<{ key: string; version: number; condition: Condition }>(
    'select segment as key, version, condition from segment_version order by 1, 2',
  );
  const wanted = new Set([...lists, ...segments.flatMap(({ condition }) => unitListsOf(condition))]);
  const unitLists = await sql.query<UnitListConfig & Record<string, unknown>>(
    `select l.key, l.hashed, coalesce(array_agg(e.entry) filter (where e.entry is not null), '{}') as entries
     from unit_list l left join unit_list_entry e on e.list = l.key where l.key = any($1::text[]) group by l.key`,
    [[...wanted]],
  );
  return { segments, unitLists };
}
