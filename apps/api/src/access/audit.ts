import { createHash } from 'node:crypto';
import type { Json } from '#experiments';
import { announce } from '../persistence/announce.js';
import type { Sql } from '../persistence/database.js';
import { announcedAs } from './announced.js';

export interface AuditEntry {
  /** Name and id of the key that acted, or "system: <reason>". */
  readonly actor: string;
  readonly action: string;
  readonly entity: string;
  readonly entityKey: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly requestId?: string;
}

/**
 * Appends to the audit log inside the caller's transaction; each row carries the hash of the one before it,
 * so that a removed or altered row shows. What others may want to hear of is announced to the webhooks in the same
 * transaction.
 */
export async function writeAudit(tx: Sql, entry: AuditEntry): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.audit'))`);
  const [last] = await tx.query<{ hash: Buffer }>(`select hash from audit order by id desc limit 1`);
  const previous = last?.hash ?? null;
  const before = entry.before === undefined ? null : JSON.stringify(entry.before);
  const after = entry.after === undefined ? null : JSON.stringify(entry.after);
  const hash = createHash('sha256')
    .update(previous ?? Buffer.alloc(0))
    .update(
      JSON.stringify([
        entry.actor,
        entry.action,
        entry.entity,
        entry.entityKey,
        before,
        after,
        entry.requestId ?? null,
      ]),
    )
    .digest();
  await tx.query(
    `insert into audit (actor, action, entity, entity_key, before, after, request_id, previous_hash, hash)
     values ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9)`,
    [
      entry.actor,
      entry.action,
      entry.entity,
      entry.entityKey,
      before,
      after,
      entry.requestId ?? null,
      previous,
      hash,
    ],
  );
  const announcement = announcedAs(entry);
  if (announcement !== null) await announce(tx, announcement);
}

/** Tells every process that configuration changed; takes effect when the transaction commits. */
export async function notifyCatalog(tx: Sql): Promise<void> {
  await tx.query(`select pg_notify('marquee_catalog', '')`);
}
