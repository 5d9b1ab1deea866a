import type { Json } from '#experiments';
import { newUlid } from '../http/ulid.js';
import type { Sql } from './database.js';

/** Something that other systems may want to hear of. */
export interface Announcement {
  /** Such as `experiment.started`: an area and what happened, in the past tense. */
  readonly type: string;
  /** Thin: what it is about, not all of it. */
  readonly data: Readonly<Record<string, Json>>;
  /** Only this endpoint is told; every enabled one that listens to the type by default. */
  readonly endpointId?: string;
}

const ANNOUNCE = `
with endpoint as (
  select id from webhook_endpoint
  where status = 'enabled'
    and case when $4::text is null then events && array['*', split_part($2, '.', 1) || '.*', $2] else id = $4 end
), message as (
  insert into webhook_message (id, type, data) select $1, $2, $3::jsonb where exists (select from endpoint) returning id
)
insert into webhook_delivery (id, message_id, endpoint_id)
select 'dlv_' || substr($1, 5) || '_' || endpoint.id, $1, endpoint.id from endpoint
returning id`;

/**
 * Tells webhooks of an event. What is told is stored in the caller's transaction, so that it is told if and only if the
 * change itself happened; a worker delivers it.
 * @returns ids of the deliveries; empty where nobody listens.
 */
export async function announce(tx: Sql, { type, data, endpointId }: Announcement): Promise<string[]> {
  const id = `msg_${newUlid(Date.now())}`;
  const rows = await tx.query<{ id: string }>(ANNOUNCE, [id, type, JSON.stringify(data), endpointId ?? null]);
  return rows.map((row) => row.id);
}
