import type { Json } from '#experiments';
import type { Acting } from '../http/acting.js';
import type { Sql } from '../persistence/database.js';
import { notifyCatalog, writeAudit } from './audit.js';

export interface Change {
  /** For example `experiment.start`. */
  readonly action: string;
  readonly entity: string;
  readonly entityKey: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What every write to configuration does in its own transaction: one audit row, one notification to all processes. */
export async function recordChange(tx: Sql, acting: Acting, change: Change): Promise<void> {
  const { before, after, ...entry } = change;
  await writeAudit(tx, {
    ...entry,
    actor: acting.actor,
    requestId: acting.requestId,
    ...(before === undefined ? {} : { before: before as Json }),
    ...(after === undefined ? {} : { after: after as Json }),
  });
  await notifyCatalog(tx);
}
