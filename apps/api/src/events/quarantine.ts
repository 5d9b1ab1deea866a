import type { Sql } from '../persistence/database.js';

export interface Quarantined {
  readonly source: string;
  /** The record as JSON. */
  readonly payload: string;
  readonly reason: string;
}

/** Keeps a record that could not be stored; the same record again only adds to its attempts. */
export async function writeQuarantine(sql: Sql, { source, payload, reason }: Quarantined): Promise<void> {
  // U+0000 cannot be kept as text; its JSON escape can.
  const text = payload.replaceAll('\u0000', '\\u0000');
  const why = reason.replaceAll('\u0000', '').slice(0, 1000);
  await sql.query(
    `with known as (
       update quarantine set attempts = attempts + 1, reason = $2
       where id = (select id from quarantine where source = $1 and payload = $3 and status = 'open' order by id limit 1)
       returning id)
     insert into quarantine (source, reason, payload) select $1, $2, $3 where not exists (select from known)`,
    [source, why, text],
  );
}
