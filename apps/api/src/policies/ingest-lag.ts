import type { Queue } from 'bullmq';
import type { Sql } from '../persistence/database.js';
import { oldestJobAt } from '../queues/oldest-job.js';

/** A backlog that does not move (a job that fails for ever) must not stop learning for good. */
const MOST_LAG_MS = 15 * 60_000;
/** Younger records of a spool are ordinary traffic on its way. */
const SPOOL_NEWS_SECONDS = 1;
/** A process that has not been seen for this long is gone; another adopts its spool. */
const SEEN_WITHIN_SECONDS = 15;

const SPOOL_LAG = `
select max((facts #>> '{spool,oldestAgeSeconds}')::float8 + extract(epoch from now() - last_seen_at)::float8) * 1000 as ms
from process
where last_seen_at > now() - make_interval(secs => $1)
  and (facts #>> '{spool,pending}')::float8 > 0 and (facts #>> '{spool,oldestAgeSeconds}')::float8 > $2`;

/**
 * How far storage is behind the events that were acknowledged: the age of the oldest batch on the queue or in a spool,
 * in milliseconds. A window may be settled only when it closed longer ago than that, or an outcome that is under way
 * would be learned as its absence.
 */
export async function ingestLagMs(db: Sql, ingest: Queue, now: Date): Promise<number> {
  const [[spool], queued] = await Promise.all([
    db.query<{ ms: number | null }>(SPOOL_LAG, [SEEN_WITHIN_SECONDS, SPOOL_NEWS_SECONDS]),
    oldestJobAt(ingest, ['waiting', 'active', 'delayed']),
  ]);
  const queueLag = queued === null ? 0 : Math.max(0, now.getTime() - queued);
  return Math.min(MOST_LAG_MS, Math.max(queueLag, spool?.ms ?? 0));
}
