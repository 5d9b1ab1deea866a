import { z } from 'zod';
import { hashUnitId } from '#experiments';
import { createListSchema } from '../../audiences/audience.schemas.js';
import { UnitListsService } from '../../audiences/unit-lists.service.js';
import { textField } from '../../http/fields.js';
import { Problem } from '../../http/problem.js';
import { looksPersonal } from '../../http/unit-id.js';
import type { Sql } from '../../persistence/database.js';
import { anyKind, wantedKeys } from './kind.js';
import type { Effect, Run, Stored } from './kind.js';

/** Longer lists are uploaded, and a file only names them. */
export const MOST_IDS_IN_FILE = 5000;

const idField = textField(256)
  .min(1)
  .refine(
    (id) => !looksPersonal(id),
    'looks like an e-mail address or a phone number; send a pseudonymous id',
  );
const idsSchema = z
  .array(idField)
  .max(MOST_IDS_IN_FILE)
  .describe(
    'Everybody who is on it. Of a hashed list SHA-256 in hex, as `sha256:…`, or ids, which are hashed. ' +
      'Absent: as uploaded, and uploads go on.',
  );

export const unitListFileSchema = createListSchema.extend({
  ids: idsSchema.optional(),
  size: z
    .int()
    .min(0)
    .optional()
    .describe('How many ids an export has left out, because they are too many; not looked at'),
});
type UnitListSpec = z.output<typeof unitListFileSchema>;

const HASHED = /^sha256:([0-9a-f]{64})$/;

/** As a list keeps its entries, in one order. */
const kept = (ids: readonly string[], hashed: boolean): string[] =>
  [...new Set(hashed ? ids.map((id) => (HASHED.test(id) ? id : `sha256:${hashUnitId(id)}`)) : ids)].sort();

interface Row extends Record<string, unknown> {
  readonly key: string;
  readonly title: string;
  readonly hashed: boolean;
  readonly size: number;
  readonly revision: number;
  readonly ids: readonly string[] | null;
}

const LISTS = `
select l.key, l.title, l.hashed, l.size, l.revision,
       case when l.size <= $2 then coalesce(
         (select array_agg(e.entry order by e.entry collate "C") from unit_list_entry e where e.list = l.key), '{}') end as ids
  from unit_list l where $1::text[] is null or l.key = any($1) order by l.key`;

const readLists = (sql: Sql, keys: readonly string[] | null): Promise<Row[]> =>
  sql.query<Row>(LISTS, [keys, MOST_IDS_IN_FILE]);

function storedOf({ key, title, hashed, size, revision, ids }: Row): Stored<UnitListSpec> {
  const shown = ids?.map((id) => (hashed ? `sha256:${id}` : id));
  const spec = { key, title, hashed, ...(shown ? { ids: kept(shown, hashed) } : { size }) };
  return { key, spec, state: { revision } };
}

/** Puts the ids of the file on the list, and takes all others off. */
async function writeIds({ db, acting }: Run, { key, hashed, ids = [] }: UnitListSpec): Promise<void> {
  const service = new UnitListsService(db);
  const given = hashed ? ids.map((id) => HASHED.exec(id)?.[1] ?? id) : ids;
  try {
    await service.replace(key, { ids: [...given], hashed }, acting);
  } catch (error) {
    const [first] = error instanceof Problem ? error.errors : [];
    if (first?.code !== 'erased') throw error;
    // The ids were put in order: where one stood in the file is not known here.
    throw Problem.invalid('/ids', first.code, first.message.replace(/^entry \d+: /, ''));
  }
}

async function change(
  run: Run,
  stored: Stored<UnitListSpec>,
  spec: UnitListSpec,
  fields: readonly string[],
): Promise<Effect> {
  if (fields.includes('hashed')) {
    const message = 'whether a list keeps ids or their hashes never changes; make another list';
    throw new Problem(409, 'immutable_field', `"${spec.key}": ${message}`, [
      { pointer: '/hashed', code: 'immutable_field', message },
    ]);
  }
  if (fields.includes('title')) await new UnitListsService(run.db).rename(spec.key, spec.title, run.acting);
  if (!fields.includes('ids')) return { prose: [] };
  await writeIds(run, spec);
  const before = new Set(stored.spec.ids);
  const after = new Set(spec.ids);
  const added = [...after].filter((id) => !before.has(id)).length;
  const gone = [...before].filter((id) => !after.has(id)).length;
  return {
    prose: [
      stored.spec.ids
        ? `ids: ${added} join the list and ${gone} leave it, at once.`
        : `ids: the ${after.size} ids of the file take the place of more than ${MOST_IDS_IN_FILE}, at once.`,
    ],
  };
}

/** Lists of units. Short ones stand in a file in full; of long ones a file only says that they are there. */
export const unitLists = anyKind<UnitListSpec>({
  kind: 'unitList',
  list: 'unitLists',
  schema: unitListFileSchema,
  parts: { ids: idsSchema },
  keyOf: ({ key }) => key,
  async read({ tx }, keys) {
    if (keys !== null) {
      await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.unit_list'))`);
    }
    return (await readLists(tx, wantedKeys(keys))).map(storedOf);
  },
  settle(wanted, stored) {
    const ids = wanted.ids ? kept(wanted.ids, wanted.hashed) : stored?.ids;
    const { ids: _given, size, ...rest } = wanted;
    if (ids) return { ...rest, ids };
    const told = stored ? stored.size : size;
    return told === undefined ? rest : { ...rest, size: told };
  },
  async create(run, spec) {
    const { ids, size, ...rest } = spec;
    await new UnitListsService(run.db).create(rest, run.acting);
    if (ids?.length) await writeIds(run, spec);
    return {
      prose: ids ? [] : [`Nobody is on it yet: upload ${size === undefined ? 'who is' : `its ${size} ids`}.`],
    };
  },
  change,
});
