import { Inject, Injectable } from '@nestjs/common';
import type { Json } from '#experiments';
import { writeAudit } from '../access/audit.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvents } from '../queues/event-lines.js';
import { IngestProducer } from '../queues/ingest-producer.js';
import type { ClientEvent, DecisionRecord, EventLines } from '../queues/jobs.js';
import type { QuarantineQuery } from './operations.schemas.js';

export interface QuarantinedView {
  readonly id: string;
  readonly receivedAt: string;
  readonly source: string;
  readonly reason: string;
  readonly payload: Json;
  readonly attempts: number;
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly received_at: Date;
  readonly source: string;
  readonly reason: string;
  readonly payload: string;
  readonly attempts: number;
}

/** Records that could not be stored: look at them, try them again, or let them go. */
@Injectable()
export class QuarantineService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(IngestProducer) private readonly producer: IngestProducer,
  ) {}

  /** Open ones, newest first. */
  async list({
    limit,
    cursor,
  }: QuarantineQuery): Promise<{ items: QuarantinedView[]; nextCursor: string | null }> {
    const rows = await this.db.query<Row>(
      `select id, received_at, source, reason, payload, attempts from quarantine
       where status = 'open' and ($1::bigint is null or id < $1) order by id desc limit $2`,
      [cursor ?? null, limit + 1],
    );
    const items = rows.slice(0, limit).map(viewOf);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Puts the record on the queue once more; if it fails again it comes back as a new entry. */
  async replay(id: string, acting: Acting): Promise<QuarantinedView> {
    return this.db.transaction(async (tx) => {
      const row = await this.close(tx, id, 'replayed', acting);
      // Before the commit: a crash in between replays it once more, which storage takes as a duplicate.
      await this.enqueue(row);
      return viewOf(row);
    });
  }

  async discard(id: string, acting: Acting): Promise<QuarantinedView> {
    return this.db.transaction(async (tx) => viewOf(await this.close(tx, id, 'discarded', acting)));
  }

  private async close(
    tx: Pick<Database, 'query'>,
    id: string,
    status: 'replayed' | 'discarded',
    acting: Acting,
  ): Promise<Row> {
    const [row] = await tx.query<Row>(
      `select id, received_at, source, reason, payload, attempts from quarantine where id = $1 and status = 'open' for update`,
      [id],
    );
    if (!row) throw Problem.notFound('Quarantined record', id);
    await tx.query('update quarantine set status = $2 where id = $1', [id, status]);
    await writeAudit(tx, {
      actor: acting.actor,
      requestId: acting.requestId,
      action: `quarantine.${status}`,
      entity: 'quarantine',
      entityKey: id,
    });
    return row;
  }

  private async enqueue(row: Row): Promise<void> {
    const payload = parse(row.payload);
    if (row.source === 'events') return this.producer.addEvents(linesOf(payload));
    if (row.source === 'decisions') return this.producer.addDecisions(decisionLineOf(payload));
    throw notReplayable();
  }
}

const notReplayable = (): Problem =>
  new Problem(422, 'not_replayable', 'This record is too broken to be tried again; it can only be discarded');

function linesOf(payload: Json): EventLines {
  const event = payload as unknown as ClientEvent | null;
  if (typeof event?.id !== 'string' || typeof event.at !== 'number' || typeof event.receivedAt !== 'number')
    throw notReplayable();
  return encodeEvents([event]);
}

function decisionLineOf(payload: Json): string {
  try {
    return encodeDecision(payload as unknown as DecisionRecord);
  } catch {
    throw notReplayable();
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

const viewOf = (row: Row): QuarantinedView => ({
  id: row.id,
  receivedAt: row.received_at.toISOString(),
  source: row.source,
  reason: row.reason,
  payload: parse(row.payload),
  attempts: row.attempts,
});
