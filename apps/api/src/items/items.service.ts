import { Inject, Injectable } from '@nestjs/common';
import { COMPLETION_FEATURE, RETURN_FEATURE } from '#policies';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import type { ItemBody, ListItems, UpsertItems } from './item.schemas.js';

type ItemRow = ItemBody & Record<string, unknown>;

/** What trade-off runs have measured of an item stays when the item is registered again. */
const MEASURED = [COMPLETION_FEATURE, RETURN_FEATURE]
  .map((name) => `'${name}', item.features->'${name}'`)
  .join(', ');

/** In the order of ids: two calls with the same items then wait for each other instead of dead-locking. */
const UPSERT = `
insert into item (id, kind, subject, title, features, available, position)
select id, kind, subject, title, features, available, position from jsonb_to_recordset($1::jsonb)
  as given (id text, kind text, subject text, title text, features jsonb, available boolean, position integer)
order by id
on conflict (id) do update set kind = excluded.kind, subject = excluded.subject, title = excluded.title,
  features = jsonb_strip_nulls(jsonb_build_object(${MEASURED})) || excluded.features, available = excluded.available, position = excluded.position, updated_at = now()`;

const LIST = `
select id, kind, subject, title, features, available, position from item
where ($1::text is null or kind = $1) and ($2::text is null or subject = $2) and ($3::text is null or id > $3)
order by id limit $4`;

/** How many ids an audit row names. */
const NAMED_IDS = 20;

/** The things policies pick: titles, rows, artwork variants. */
@Injectable()
export class ItemsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list(query: ListItems) {
    const { kind = null, subject = null, cursor = null, limit } = query;
    const items = await this.db.query<ItemRow>(LIST, [kind, subject, cursor, limit]);
    return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** @throws Problem 409 `already_exists` where only new ones were wanted. */
  async upsert({ items, onlyNew }: UpsertItems, acting: Acting) {
    const count = items.length;
    await this.db.transaction(async (tx) => {
      if (onlyNew) await refuseKnown(tx, items);
      await tx.query(UPSERT, [JSON.stringify(items)]);
      const ids = items.slice(0, NAMED_IDS).map((item) => item.id);
      await recordChange(tx, acting, {
        action: 'item.upsert',
        entity: 'item',
        entityKey: `${count} items`,
        after: { count, ids },
      });
    });
    return { upserted: count };
  }
}

async function refuseKnown(sql: Sql, items: readonly ItemBody[]): Promise<void> {
  const [known] = await sql.query<{ id: string }>(
    'select id from item where id = any($1) order by id limit 1',
    [items.map(({ id }) => id)],
  );
  if (!known) return;
  const message = `there is an item "${known.id}" already`;
  const pointer = `/items/${items.findIndex(({ id }) => id === known.id)}/id`;
  throw new Problem(409, 'already_exists', message, [{ pointer, code: 'already_exists', message }]);
}
