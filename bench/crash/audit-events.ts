import type pg from 'pg';
import type { Ledger } from './ledger.js';

/** A stored event as the audit reads it; `at` is ISO 8601 with milliseconds. */
export interface StoredEvent {
  readonly id: string;
  readonly kind: string;
  readonly unit_id: string;
  readonly at: string;
  readonly decision_id: string | null;
  readonly name: string | null;
  readonly value: number | null;
}

export interface EventAudit {
  /** Acknowledged and not stored. */
  readonly lost: number;
  /** Rows beyond the first of their id. */
  readonly duplicates: number;
  /** Stored, but never sent, or not as it was sent. */
  readonly altered: number;
  /** Stored though nobody got an answer: allowed, and once only. */
  readonly unacknowledged: number;
  /** Ids that are in quarantine. */
  readonly quarantined: number;
}

const ALL = `
select id, kind, unit_id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, decision_id, name, value
from event`;

export async function readEvents(client: pg.Client): Promise<StoredEvent[]> {
  return (await client.query<StoredEvent>(ALL)).rows;
}

/** Compares every stored row with what the clients know. */
export async function auditEvents(
  client: pg.Client,
  ledger: Ledger,
  events: readonly StoredEvent[],
): Promise<EventAudit> {
  const ids = new Set(events.map(({ id }) => id));
  const lost = [...ledger.acknowledged].filter((id) => !ids.has(id)).length;
  const altered = events.filter((event) => !isAsSent(event, ledger)).length;
  const { rows } = await client.query<{ n: number }>('select count(*)::int as n from quarantine');
  return {
    lost,
    duplicates: events.length - ids.size,
    altered,
    unacknowledged: [...ids].filter((id) => !ledger.acknowledged.has(id)).length,
    quarantined: rows[0]?.n ?? 0,
  };
}

function isAsSent(event: StoredEvent, ledger: Ledger): boolean {
  const sent = ledger.sent.get(event.id);
  return (
    sent !== undefined &&
    sent.kind === event.kind &&
    sent.unitId === event.unit_id &&
    sent.at === event.at &&
    (sent.decisionId ?? null) === event.decision_id &&
    (sent.name ?? null) === event.name &&
    (sent.value ?? null) === event.value
  );
}
