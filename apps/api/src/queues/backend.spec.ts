import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, UnrecoverableError } from 'bullmq';
import type { Job, WorkerOptions } from 'bullmq';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { checkRedis, createQueueBackend } from './backend.js';
import type { QueueBackend } from './backend.js';
import { JOB_OPTIONS, WORKER_OPTIONS, backoff } from './queues.js';
import { RevivableWorker } from './revivable-worker.js';
import { driveOn } from './watchdog.js';

interface Place {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly redisClusterNodes: readonly string[];
}

async function until(condition: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await sleep(20);
  }
}

/** What every backend must do, whatever it is made of. */
function contract(place: () => Place): void {
  let produce: QueueBackend;
  let work: QueueBackend;
  const open: { close(): Promise<unknown> }[] = [];
  beforeAll(async () => {
    produce = createQueueBackend(place(), 'produce');
    await produce.prepare();
    work = createQueueBackend(place(), 'work');
    await work.prepare();
  }, 30_000);
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  afterAll(async () => {
    await produce.close();
    await work.close();
  });

  const queueOf = (name: string): Queue => {
    const queue = new Queue(name, { ...produce.optionsFor(name), defaultJobOptions: JOB_OPTIONS.ingest });
    open.push(queue);
    return queue;
  };
  const workerOf = (
    name: string,
    process: (job: Job) => Promise<unknown>,
    options: Partial<WorkerOptions> = {},
  ): RevivableWorker => {
    const worker = new RevivableWorker(name, process, {
      ...work.optionsFor(name),
      ...WORKER_OPTIONS.ingest,
      ...options,
    } as WorkerOptions);
    worker.on('error', () => undefined);
    open.push(worker);
    return worker;
  };

  it('prepares twice without harm', () => produce.prepare());

  it('hands a large payload over unchanged, in order, and forgets it when it is done', async () => {
    const queue = queueOf('contract-order');
    const text = `tab\t nl\n quote" back\\ ünï🎬 \u0001 ${'x'.repeat(300_000)}`;
    await queue.add('first', { text });
    await queue.addBulk(Array.from({ length: 20 }, (_, i) => ({ name: 'next', data: { i } })));
    const seen: unknown[] = [];
    workerOf('contract-order', async (job) => void seen.push(job.data), { concurrency: 1 });
    await until(() => seen.length === 21);
    expect(seen).toEqual([{ text }, ...Array.from({ length: 20 }, (_, i) => ({ i }))]);
    await until(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0));
  });

  it('tries a failed job again after its backoff', async () => {
    const queue = queueOf('contract-retry');
    await queue.add('job', {});
    const at: number[] = [];
    workerOf('contract-retry', async () => {
      at.push(Date.now());
      if (at.length < 3) throw new Error('not yet');
    });
    await until(() => at.length === 3);
    expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(240);
    expect((at[2] as number) - (at[1] as number)).toBeGreaterThanOrEqual(490);
  });

  it('keeps one job per deduplication id while it waits', async () => {
    const queue = queueOf('contract-dedup');
    const jobs = await Promise.all(
      [1, 2, 3].map(() => queue.add('learn', { policyId: 'p' }, { deduplication: { id: 'p' } })),
    );
    expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
    expect(await queue.getWaitingCount()).toBe(1);
  });

  it('runs a schedule once per tick, however often it is declared', async () => {
    const queue = queueOf('contract-schedule');
    for (let i = 0; i < 3; i++) await queue.upsertJobScheduler('tick', { every: 400 }, { name: 'tick' });
    expect(await queue.getJobSchedulersCount()).toBe(1);
    let ticks = 0;
    const started = Date.now();
    workerOf('contract-schedule', async () => void ticks++);
    await until(() => ticks >= 3);
    const most = Math.floor((Date.now() - started) / 400) + 2;
    expect(ticks).toBeLessThanOrEqual(most);
    await queue.removeJobScheduler('tick');
  });

  it("gives a dead worker's job to another", async () => {
    const queue = queueOf('contract-stalled');
    await queue.add('job', { n: 1 });
    let taken = false;
    const options = { lockDuration: 500, stalledInterval: 300 };
    // It never renews its lock: to the queue it is dead.
    const dead = workerOf(
      'contract-stalled',
      () => {
        taken = true;
        return new Promise((resolve) => setTimeout(resolve, 4_000).unref());
      },
      { ...options, lockRenewTime: 60_000 },
    );
    await until(() => taken);
    let done = 0;
    workerOf('contract-stalled', async () => void done++, options);
    await until(() => done === 1);
    await dead.close(true);
  });

  it('drives jobs on that failed only because their workers died, and leaves others alone', async () => {
    const queue = queueOf('contract-drive');
    await queue.add('stalled', {});
    await queue.add('broken', {});
    const first = workerOf('contract-drive', async (job) => {
      throw new UnrecoverableError(
        job.name === 'stalled' ? 'job stalled more than allowable limit' : 'broken',
      );
    });
    await until(async () => (await queue.getFailedCount()) === 2);
    await first.close();
    expect(await driveOn(queue)).toBe(1);
    expect(await queue.getWaitingCount()).toBe(1);
    expect((await queue.getFailed()).map((job) => job.name)).toEqual(['broken']);
  });

  it('goes on after it is revived while it waits', async () => {
    const queue = queueOf('contract-revive');
    let done = 0;
    const worker = workerOf('contract-revive', async () => void done++);
    await worker.waitUntilReady();
    for (let i = 1; i <= 3; i++) {
      await worker.revive();
      await queue.add('job', {});
      await until(() => done === i);
    }
  });
}

describe('the queue on PostgreSQL', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
  }, 60_000);
  afterAll(() => db.drop());
  contract(() => ({ databaseUrl: db.url, redisUrl: null, redisClusterNodes: [] }));

  it('gets over a first connection that failed', async () => {
    const server = new URL(db.url);
    let away = true;
    const door = net.createServer((socket) => {
      socket.on('error', () => undefined);
      if (away) return void socket.destroy();
      const through = net.connect(Number(server.port), server.hostname);
      through.on('error', () => socket.destroy());
      socket.pipe(through).pipe(socket);
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    const url = new URL(db.url);
    url.hostname = '127.0.0.1';
    url.port = String((door.address() as AddressInfo).port);
    const backend = createQueueBackend(
      { databaseUrl: url.href, redisUrl: null, redisClusterNodes: [] },
      'produce',
    );
    const queue = new Queue('late', { ...backend.optionsFor('late'), defaultJobOptions: JOB_OPTIONS.ingest });
    queue.on('error', () => undefined);
    try {
      await expect(queue.add('one', {})).rejects.toThrow();
      away = false;
      await queue.add('two', {});
      expect((await queue.getWaiting()).map((job) => job.name)).toEqual(['two']);
    } finally {
      await queue.close();
      door.close();
    }
  });
});

// What `npm test` has found: valkey-server does as well.
const SERVER = process.env['TEST_REDIS_SERVER'] || 'redis-server';
const redisServer = (): boolean => spawnSync(SERVER, ['--version'], { stdio: 'ignore' }).status === 0;
const given = process.env['TEST_REDIS_URL'];
const withRedis = given !== undefined || redisServer();

(withRedis ? describe : describe.skip)(
  `the queue on Redis${withRedis ? '' : ' (skipped: no redis-server here and no TEST_REDIS_URL)'}`,
  () => {
    let child: ChildProcess | null = null;
    let url = given ?? '';
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'marquee-redis-'));
    beforeAll(async () => {
      if (given !== undefined) return;
      const probe = net.createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => probe.once('listening', resolve));
      const { port } = probe.address() as AddressInfo;
      await new Promise((resolve) => probe.close(resolve));
      const settings = [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--appendonly',
        'yes',
        '--maxmemory-policy',
        'noeviction',
      ];
      child = spawn(SERVER, settings, { stdio: 'ignore' });
      url = `redis://127.0.0.1:${port}`;
    });
    afterAll(() => {
      child?.kill('SIGTERM');
      fs.rmSync(folder, { recursive: true, force: true });
    });
    contract(() => ({ databaseUrl: '', redisUrl: url, redisClusterNodes: [] }));
  },
);

describe('a Redis that may forget jobs is refused', () => {
  const info = (policy: string, aof: number): string =>
    `# Memory\r\nmaxmemory_policy:${policy}\r\n# Persistence\r\naof_enabled:${aof}\r\n`;
  it.each([
    ['allkeys-lru', 1, /noeviction/],
    ['noeviction', 0, /appendonly/],
  ])('%s, append-only %i', (policy, aof, message) =>
    expect(() => checkRedis(info(policy, aof))).toThrow(message),
  );
  it('takes a safe one', () => expect(() => checkRedis(info('noeviction', 1))).not.toThrow());
  it('says which Redis is not reachable within seconds', async () => {
    const backend = createQueueBackend(
      { databaseUrl: '', redisUrl: 'redis://127.0.0.1:1', redisClusterNodes: [] },
      'produce',
    );
    await expect(backend.prepare()).rejects.toThrow(/Redis is not reachable.*ECONNREFUSED/);
    await backend.close();
  }, 20_000);
});

describe('the wait between attempts', () => {
  it('doubles from 250 ms to 30 s', () => {
    expect([1, 2, 3, 8, 1000].map(backoff)).toEqual([250, 500, 1000, 30_000, 30_000]);
  });
});
