import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { startTestApi, testConfig } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { createWorker } from '../bootstrap.js';
import type { Running } from '../bootstrap.js';
import { Maintenance } from './maintenance.js';
import { operationsSchema } from './operations.schemas.js';
import { RateSampler } from './rate-sampler.js';

const DAY = 86_400_000;
const stamp = (at: number): string => new Date(at).toISOString().slice(0, 10).replaceAll('-', '');

describe('operations', () => {
  let api: TestApi;
  let worker: Running<INestApplicationContext>;
  beforeAll(async () => {
    api = await startTestApi();
    worker = await createWorker({
      ...testConfig(api.db, api.config.stateDir),
      roles: ['ingest', 'maintenance'],
    });
    await worker.app.init();
  }, 60_000);
  afterAll(async () => {
    await worker.close();
    await api.close();
  });

  it('tells the state of queues, processes and policies, to secret keys', async () => {
    await api.request('POST', '/v1/events', {
      body: {
        events: [{ id: 'o1', kind: 'outcome', unitId: 'm', at: new Date().toISOString(), name: 'play' }],
      },
    });
    const answer = await api.request('GET', '/v1/operations', { key: api.keys.secret });
    expect(answer.status).toBe(200);
    const state = operationsSchema.parse(answer.json());
    expect(state.queues.map((queue) => queue.name).sort()).toEqual([
      'guardrails',
      'ingest',
      'learn',
      'maintenance',
      'rollup',
      'schedule',
      'train',
      'webhooks',
    ]);
    expect(state.processes.map((process) => process.role)).toEqual(['api', 'worker']);
    expect(state).toMatchObject({ killSwitch: false, quarantine: { count: 0 }, database: { ok: true } });
    expect((await api.request('GET', '/v1/operations', { key: api.keys.publishable })).status).toBe(403);
  });

  it('turns the kill switch on and off, with an audit row each, for admins', async () => {
    const on = { enabled: true, reason: 'bad artwork' };
    expect(
      (await api.request('POST', '/v1/operations/kill-switch', { body: on, key: api.keys.secret })).status,
    ).toBe(403);
    expect(
      (await api.request('POST', '/v1/operations/kill-switch', { body: { ...on, extra: 1 } })).json(),
    ).toMatchObject({ code: 'unknown_field' });
    expect((await api.request('POST', '/v1/operations/kill-switch', { body: on })).json()).toEqual({
      killSwitch: true,
    });
    expect((await api.request('GET', '/v1/operations')).json()).toMatchObject({ killSwitch: true });
    expect(
      (await api.request('POST', '/v1/operations/kill-switch', { body: { enabled: false } })).status,
    ).toBe(200);
    expect((await api.request('GET', '/v1/operations')).json()).toMatchObject({ killSwitch: false });
    const rows = await api.db.database.query<{ action: string }>(
      `select action from audit where entity = 'setting' order by id`,
    );
    expect(rows.map((row) => row.action)).toEqual(['kill-switch.on', 'kill-switch.off']);
  });

  it('pages through the quarantine', async () => {
    await api.db.database.query(
      `insert into quarantine (source, reason, payload) select 'events', 'r' || n, '{"n":' || n || '}' from generate_series(1, 5) n`,
    );
    type Page = { items: { id: string; reason: string; payload: object }[]; nextCursor: string | null };
    const first = (await api.request('GET', '/v1/quarantine?limit=3')).json<Page>();
    expect(first.items.map((item) => item.reason)).toEqual(['r5', 'r4', 'r3']);
    const second = (
      await api.request('GET', `/v1/quarantine?limit=3&cursor=${String(first.nextCursor)}`)
    ).json<Page>();
    expect(second.items.map((item) => item.reason)).toEqual(['r2', 'r1']);
    expect(second.nextCursor).toBeNull();
    for (const url of ['/v1/quarantine?cursor=x', '/v1/quarantine?limit=0', '/v1/quarantine?sort=id']) {
      expect((await api.request('GET', url)).status).toBe(400);
    }
    for (const id of ['x', '99999999999999999999', "1'--"]) {
      expect((await api.request('POST', `/v1/quarantine/${encodeURIComponent(id)}/replay`)).status).toBe(400);
    }
    expect((await api.request('POST', '/v1/quarantine/424242/discard')).status).toBe(404);
    await api.db.database.query('delete from quarantine');
  });

  it('answers probes to everybody', async () => {
    expect((await api.request('GET', '/health/live', { key: null })).json()).toEqual({ status: 'ok' });
    expect((await api.request('GET', '/health/ready', { key: null })).json()).toEqual({
      status: 'ok',
      checks: { database: 'ok' },
    });
  });

  it('gives metrics to this machine and to secret keys, not to publishable ones or through a proxy', async () => {
    const local = await api.request('GET', '/metrics', { key: null });
    expect(local.status).toBe(200);
    expect(String(local.headers['content-type'])).toContain('text/plain');
    expect(local.text).toMatch(/marquee_queue_jobs\{queue="ingest",state="waiting"\} \d/);
    expect(local.text).toContain('process_cpu_user_seconds_total');
    expect(
      (await api.request('GET', '/metrics', { key: null, headers: { 'x-forwarded-for': '203.0.113.9' } }))
        .status,
    ).toBe(401);
    expect((await api.request('GET', '/metrics', { key: 'wrong' })).status).toBe(401);
    expect((await api.request('GET', '/metrics', { key: api.keys.publishable })).status).toBe(403);
    expect((await api.request('GET', '/metrics', { key: api.keys.secret })).status).toBe(200);
  });

  it('counts what was stored, and soon', async () => {
    for (let i = 0; i < 100; i++) {
      const { text } = await api.request('GET', '/metrics', { key: null });
      if (/marquee_total\{what="ingest.events_stored"\} 1\b/.test(text)) return;
      await sleep(50);
    }
    throw new Error('the stored event was not counted');
  });
});

describe('maintenance', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  }, 60_000);
  afterAll(() => api.close());

  it('makes partitions ahead, drops what is older than the retention, forgets old ids; twice is harmless', async () => {
    const { database } = api.db;
    const now = Date.now();
    const maintenance = new Maintenance(database, { retentionDays: 30 });
    await database.query('select ensure_partitions($1::date, $1::date)', [new Date(now - 31 * DAY)]);
    await database.query('select ensure_partitions($1::date, $1::date)', [new Date(now - 30 * DAY)]);
    await database.query(
      `insert into event_seen values (md5('old')::uuid, now() - interval '101 days'), (md5('new')::uuid, now() - interval '99 days')`,
    );
    await database.query(`insert into process values ('gone', 'worker', now(), now() - interval '2 hours')`);
    const first = await maintenance.run(new Date(now));
    expect(first).toEqual({
      dropped: [`decision_${stamp(now - 31 * DAY)}`, `event_${stamp(now - 31 * DAY)}`],
      forgottenIds: 1,
    });
    expect(await maintenance.run(new Date(now))).toEqual({ dropped: [], forgottenIds: 0 });
    const names = (
      await database.query<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'event'::regclass`,
      )
    ).map((row) => row.name);
    for (const day of [-30, -1, 0, 7]) expect(names).toContain(`event_${stamp(now + day * DAY)}`);
    expect(await database.query(`select 1 from process where id = 'gone'`)).toEqual([]);
  });
});

describe('rates from totals', () => {
  it('looks one minute back, and copes with a short history', () => {
    const rates = new RateSampler();
    expect(rates.perMinute('e')).toBe(0);
    rates.add(0, { e: 100 });
    expect(rates.perMinute('e')).toBe(0);
    rates.add(5_000, { e: 110 });
    expect(rates.perMinute('e')).toBe(120);
    for (let at = 10_000; at <= 200_000; at += 5_000) rates.add(at, { e: 110 + (at - 5_000) / 100 });
    expect(rates.perMinute('e')).toBeCloseTo(600, 6);
    expect(rates.perMinute('unknown')).toBe(0);
  });
});
