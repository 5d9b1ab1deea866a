import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { createQueueBackend } from '../queues/backend.js';
import type { QueueBackend } from '../queues/backend.js';
import { ingestLagMs } from './ingest-lag.js';

describe('how far storage lags behind what was acknowledged', () => {
  let db: TestDatabase;
  let backend: QueueBackend;
  let queue: Queue;
  beforeAll(async () => {
    db = await createTestDatabase();
    backend = createQueueBackend({ databaseUrl: db.url, redisUrl: null, redisClusterNodes: [] }, 'work');
    await backend.prepare();
    queue = new Queue('ingest', backend.optionsFor('ingest'));
  });
  beforeEach(async () => {
    await queue.obliterate({ force: true });
    await db.database.query('delete from process');
  });
  afterAll(async () => {
    await queue.close();
    await backend.close();
    await db.drop();
  });

  const now = new Date();
  const lag = (): Promise<number> => ingestLagMs(db.database, queue, now);
  const add = (ageMs: number, delay = 0): Promise<unknown> =>
    queue.add('events', {}, { timestamp: now.getTime() - ageMs, delay });

  it('is nothing when nothing waits', async () => {
    expect(await lag()).toBe(0);
  });

  it('is the age of the oldest batch that waits or is to be tried again', async () => {
    await add(20_000);
    await add(10_000);
    expect(await lag()).toBe(20_000);
    await add(30_000, 3_600_000);
    expect(await lag()).toBe(30_000);
  });

  it('counts the batch that is being stored', async () => {
    await add(5_000);
    let finish = (): void => undefined;
    const busy = new Promise<void>((resolve) => (finish = resolve));
    const worker = new Worker('ingest', () => busy, backend.optionsFor('ingest'));
    await new Promise((resolve) => worker.once('active', resolve));
    expect(await lag()).toBe(5_000);
    finish();
    await worker.close();
  });

  it('counts the spools of living processes, and not a record on its way', async () => {
    const beat = (oldestAgeSeconds: number, seen: string): Promise<unknown> =>
      db.database.query(
        `insert into process (id, role, started_at, last_seen_at, facts)
         values ($1, 'api', now(), now() - $1::text::interval, $2)`,
        [seen, JSON.stringify({ spool: { pending: 3, oldestAgeSeconds } })],
      );
    await beat(900, '1 hour');
    await beat(0.2, '1 second');
    expect(await lag()).toBe(0);
    await beat(40, '2 seconds');
    expect(await lag()).toBeGreaterThanOrEqual(42_000);
    expect(await lag()).toBeLessThan(50_000);
  });

  it('has a limit, so that one batch that never succeeds does not stop learning', async () => {
    await add(86_400_000);
    expect(await lag()).toBe(900_000);
  });
});
