import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { startTestApi, testConfig } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { createTestDatabase } from '../../test/postgres.js';
import { startProxy } from '../../test/proxy.js';
import type { Proxy } from '../../test/proxy.js';
import { createWorker } from '../bootstrap.js';
import type { Running } from '../bootstrap.js';
import { Spool } from '../queues/spool.js';

describe('an outage of PostgreSQL, and with it of the queue', () => {
  const before = process.env['TEST_DATABASE_URL'];
  let proxy: Proxy;
  let api: TestApi;
  let worker: Running<INestApplicationContext>;
  beforeAll(async () => {
    const direct = await createTestDatabase();
    proxy = await startProxy(direct.url);
    await direct.drop();
    process.env['TEST_DATABASE_URL'] = proxy.url.replace(/\/[^/]*$/, '/postgres');
    api = await startTestApi({}, { storesDecisions: true });
    worker = await createWorker({ ...testConfig(api.db, api.config.stateDir), roles: ['ingest'] });
    await worker.app.init();
  }, 60_000);
  afterAll(async () => {
    await worker.close();
    await api.close();
    await proxy.close();
    if (before === undefined) delete process.env['TEST_DATABASE_URL'];
    else process.env['TEST_DATABASE_URL'] = before;
  });

  const post = (ids: readonly string[]) =>
    api.request('POST', '/v1/events', {
      key: api.keys.publishable,
      body: {
        events: ids.map((id) => ({
          id,
          kind: 'outcome',
          unitId: 'm_1',
          at: new Date().toISOString(),
          name: 'play',
        })),
      },
    });
  const arrived = async (ids: readonly string[], withinMs: number): Promise<number> => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const [row] = await api.db.database.query<{ n: number }>(
        'select count(*)::int as n from event where id = any($1)',
        [ids],
      );
      if (row?.n === ids.length || Date.now() > deadline) return row?.n ?? 0;
      await sleep(50);
    }
  };

  it('acknowledges what is safe on disk, and stores all of it once when the database is back', async () => {
    expect((await post(['before'])).status).toBe(202);
    expect(await arrived(['before'], 20_000)).toBe(1);
    await proxy.cut();
    const during = Array.from({ length: 30 }, (_, i) => `during-${i}`);
    const answers = [];
    for (let i = 0; i < during.length; i += 10) answers.push(await post(during.slice(i, i + 10)));
    expect(answers.map((answer) => [answer.status, answer.json()['accepted']])).toEqual([
      [202, 10],
      [202, 10],
      [202, 10],
    ]);
    const body = { unitId: 'm_1', requests: [{ surface: 'nowhere' }] };
    const decided = await api.request('POST', '/v1/treatments', { key: api.keys.publishable, body });
    expect(decided.status).toBe(200);
    expect(api.running.app.get(Spool, { strict: false }).status().pending).toBeGreaterThan(0);
    const ready = await api.request('GET', '/health/ready', { key: null });
    expect([ready.status, ready.json()]).toEqual([
      200,
      { status: 'degraded', checks: { database: 'unavailable' } },
    ]);
    const metrics = await api.request('GET', '/metrics', { key: null });
    expect(metrics.text).toContain('marquee_database_up 0');
    await proxy.restore();
    expect(await arrived(during, 20_000)).toBe(30);
    const spool = api.running.app.get(Spool, { strict: false });
    for (const deadline = Date.now() + 20_000; spool.status().pending > 0 && Date.now() < deadline;)
      await sleep(50);
    const decisions = () => api.db.database.query('select id from decision');
    for (const deadline = Date.now() + 20_000; Date.now() < deadline && (await decisions()).length === 0;)
      await sleep(50);
    expect(await decisions()).toHaveLength(1);
    expect(api.running.app.get(Spool, { strict: false }).status().pending).toBe(0);
  }, 60_000);

  it('wakes its workers after every outage without new traffic', async () => {
    for (let round = 0; round < 3; round++) {
      const id = `round-${round}`;
      await proxy.cut();
      await post([id]);
      await proxy.restore();
      expect(await arrived([id], 20_000)).toBe(1);
    }
  }, 90_000);
});
