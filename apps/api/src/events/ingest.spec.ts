import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getQueueToken } from '@nestjs/bullmq';
import type { INestApplicationContext } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { createRng } from '#experiments';
import { startTestApi, testConfig } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { decisionRecord } from '../../test/facts.js';
import { createWorker } from '../bootstrap.js';
import type { Running } from '../bootstrap.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { DecisionShipping } from '../queues/decision-shipping.js';
import { encodeEvents } from '../queues/event-lines.js';
import { QUEUES } from '../queues/jobs.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const outcome = (id: string, more: object = {}): object => ({
  id,
  kind: 'outcome',
  unitId: 'm_1',
  at: minutesAgo(1),
  name: 'play',
  ...more,
});

describe('events from HTTP to the table', () => {
  let api: TestApi;
  let worker: Running<INestApplicationContext>;
  let queue: Queue;
  beforeAll(async () => {
    api = await startTestApi({}, { storesDecisions: true });
    worker = await createWorker({ ...testConfig(api.db, api.config.stateDir), roles: ['ingest'] });
    await worker.app.init();
    queue = api.running.app.get<Queue>(getQueueToken(QUEUES.ingest), { strict: false });
  }, 60_000);
  afterAll(async () => {
    await worker.close();
    await api.close();
  });

  const post = (events: readonly object[]) =>
    api.request('POST', '/v1/events', { body: { events }, key: api.keys.publishable });
  const drained = async (): Promise<void> => {
    for (let i = 0; i < 400; i++) {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed');
      if (Object.values(counts).every((count) => count === 0)) return;
      await sleep(25);
    }
    throw new Error('the queue did not drain');
  };
  const stored = (prefix: string) =>
    api.db.database.query<{
      id: string;
      unit_id: string;
      name: string;
      value: number | null;
      at: Date;
      properties: object | null;
    }>('select * from event where starts_with(id, $1) order by id', [prefix]);

  it('takes Segment messages and beacons: each messageId once, by any of their ways to say the key', async () => {
    const key = api.keys.publishable;
    const basic = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
    const send = (path: string, body: object, headers: Record<string, string> = {}) =>
      api.request('POST', path, { raw: JSON.stringify(body), key: null, headers });
    const track = {
      ...{ messageId: 'seg-1', userId: 'm_1', event: 'Video Playback Started', timestamp: minutesAgo(2) },
      properties: { content_asset_id: 't_7', value: 12.5, marquee: { decisionId: '01KD', position: 2 } },
    };
    const first = await send('/v1/track', track, { authorization: basic });
    expect([first.status, first.json()]).toEqual([
      200,
      { success: true, accepted: 1, rejected: [], ignored: 0, linked: 0 },
    ]);
    const identify = { type: 'identify', messageId: 'seg-2', userId: 'm_1', traits: {} };
    const nameless = { type: 'track', messageId: 'seg-3', userId: 'm_1' };
    const mail = { ...track, type: 'track', messageId: 'seg-4', userId: 'a.person@example.org' };
    const skewed = {
      ...track,
      type: 'track',
      messageId: 'seg-5',
      anonymousId: 'anon',
      event: 'Sóng Played!',
    };
    const viewed = { ...track, type: 'track', messageId: 'seg-6', event: 'Experiment Viewed' };
    const batch = [
      track,
      identify,
      nameless,
      mail,
      { ...skewed, userId: null, timestamp: minutesAgo(62) },
      viewed,
    ];
    const body = { writeKey: key, batch, sentAt: minutesAgo(60) };
    const text = { 'content-type': 'text/plain;charset=UTF-8' };
    for (let i = 0; i < 2; i++) {
      const answer = await send('/v1/batch', body, text);
      expect([answer.status, answer.json()]).toMatchObject([200, { accepted: 3, ignored: 1 }]);
      expect(answer.json<{ rejected: object[] }>().rejected).toMatchObject([
        { index: 2, code: 'invalid_name' },
        { index: 3, code: 'unit_id_not_pseudonymous' },
      ]);
    }
    const beacon = await send('/v1/beacon', { key, events: [outcome('seg-7', { at: minutesAgo(1) })] }, text);
    expect([beacon.status, beacon.json()]).toEqual([202, { accepted: 1, rejected: [] }]);
    // Neither id nor time: each is another play. With a time, the second is the first sent again.
    const { messageId: _id, timestamp, ...bare } = { ...track, userId: 'm_bare' };
    for (const given of [bare, bare, { ...bare, timestamp }, { ...bare, timestamp }])
      expect((await send('/v1/track', given, { authorization: basic })).json()['accepted']).toBe(1);
    await drained();
    const [bares] = await api.db.database.query<{ n: number }>(
      `select count(*)::int as n from event where unit_id = 'm_bare'`,
    );
    expect(bares?.n).toBe(3);
    const rows = (await stored('seg-')).filter(({ unit_id }) => unit_id !== 'm_bare');
    expect(rows.map(({ id, unit_id, name, value }) => [id, unit_id, name, value])).toEqual([
      ['seg-1', 'm_1', 'play', 12.5],
      ['seg-5', 'anon', 'song_played', 12.5],
      ['seg-6', 'm_1', null, 12.5],
      ['seg-7', 'm_1', 'play', null],
    ]);
    // The sender's clock was an hour slow, and the event two minutes before it was sent.
    expect(Math.abs((rows[1]?.at.getTime() ?? 0) - Date.parse(minutesAgo(2)))).toBeLessThan(10_000);
    const refused: [string, object, Record<string, string>, number, string][] = [
      ['/v1/track', track, {}, 401, 'unauthenticated'],
      ['/v1/track', { ...track, writeKey: 'mq_pub_wrong' }, {}, 401, 'unauthenticated'],
      ['/v1/track', track, { authorization: 'Basic bm90IGEga2V5' }, 401, 'unauthenticated'],
      ['/v1/track', track, { authorization: `Digest ${key}` }, 401, 'unauthenticated'],
      ['/v1/beacon', { events: [] }, text, 401, 'unauthenticated'],
      ['/v1/events', { key, events: [] }, text, 415, 'unsupported_media_type'],
      ['/v1/batch', { writeKey: key }, {}, 400, 'invalid_request'],
      ['/v1/batch', { writeKey: key, batch: [] }, {}, 400, 'invalid_request'],
      ['/v1/batch', { writeKey: key, batch: Array(1001).fill(track) }, {}, 400, 'invalid_request'],
      ['/v1/batch', { writeKey: key, batch: [nameless] }, {}, 400, 'all_events_rejected'],
      ['/v1/experiments', { key }, { authorization: basic }, 401, 'unauthenticated'],
    ];
    for (const [path, given, headers, status, code] of refused) {
      const answer = await send(path, given, headers);
      expect([path, answer.status, answer.json()['code']]).toEqual([path, status, code]);
    }
  });

  it('stores an event under the unit known when it came, and after a link under the one seen first', async () => {
    const key = api.keys.secret;
    const watch = (id: string, who: object, at = minutesAgo(5)) => ({
      ...{ type: 'track', messageId: id, event: 'Watched', timestamp: at, properties: { value: 1 } },
      ...who,
    });
    const anonymous = { anonymousId: 'an-1' };
    const member = { userId: 'mem-1' };
    const send = (path: string, body: object, own = key) => api.request('POST', path, { body, key: own });
    // Both were active before anybody knew that they are one: each keeps its own.
    await send('/v1/batch', { batch: [watch('link-1', anonymous), watch('link-2', member)] });
    await drained();
    const link = { type: 'identify', messageId: 'i-1', ...anonymous, ...member };
    // A key that anybody may hold links nothing.
    expect((await send('/v1/batch', { batch: [link] }, api.keys.publishable)).json()).toMatchObject({
      ...{ linked: 0, ignored: 1 },
    });
    expect((await send('/v1/identify', link, api.keys.publishable)).status).toBe(403);
    // What the batch that tells of the link brings along counts for the unit that is kept, wherever it stands in it.
    const both = await send('/v1/batch', {
      batch: [watch('link-3', member), link, watch('link-4', anonymous)],
    });
    expect(both.json()).toMatchObject({ accepted: 2, linked: 1, ignored: 0, rejected: [] });
    // Late: it happened before the link, and arrives after it.
    await send('/v1/track', watch('link-5', member, minutesAgo(600)));
    // A second link, to another member, keeps them apart; an alias joins an earlier id to the same unit.
    expect((await send('/v1/identify', { ...link, userId: 'mem-2' })).json()).toMatchObject({ linked: 1 });
    await send('/v1/alias', { previousId: 'an-0', ...member, messageId: 'a-1' });
    await send('/v1/batch', {
      batch: [watch('link-6', { userId: 'mem-2' }), watch('link-7', { anonymousId: 'an-0' })],
    });
    await drained();
    expect((await stored('link-')).map(({ id, unit_id }) => [id, unit_id])).toEqual([
      ['link-1', 'an-1'],
      ['link-2', 'mem-1'],
      ['link-3', 'an-1'],
      ['link-4', 'an-1'],
      ['link-5', 'an-1'],
      ['link-6', 'mem-2'],
      ['link-7', 'an-1'],
    ]);
    const bad = await send('/v1/batch', { batch: [{ ...link, userId: 'a.person@example.org' }] });
    expect([bad.status, bad.json<{ errors: object[] }>().errors[0]]).toMatchObject([
      400,
      { pointer: '/batch/0', code: 'invalid_link' },
    ]);
    // One id alone tells of no link.
    expect((await send('/v1/identify', { userId: 'mem-3' })).json()).toMatchObject({ linked: 0, ignored: 1 });

    // A batch makes its links in few transactions, and each finds those before it: as if they came one by one.
    const draw = createRng('links');
    const pairs = Array.from({ length: 150 }, () => [`a${draw.below(60)}`, `m${draw.below(25)}`] as const);
    const linksOf = (prefix: string) =>
      pairs.map(([anonymousId, userId]) => ({
        type: 'identify',
        anonymousId: `${prefix}-${anonymousId}`,
        userId: `${prefix}-${userId}`,
      }));
    for (const one of linksOf('single')) await send('/v1/identify', one);
    expect((await send('/v1/batch', { batch: linksOf('batch') })).json()).toMatchObject({ linked: 150 });
    const kept = async (prefix: string) => {
      const rows = await api.db.database.query<{ row: string }>(
        `select replace(concat_ws(' ', unit_id, kept), $1, '') as row from unit_alias where unit_id like $1 || '-%'
         union all
         select replace(concat_ws(' ', kind, unit_id, other_unit_id, count(*)), $1, '') from identity_switch
          where unit_id like $1 || '-%' group by kind, unit_id, other_unit_id order by 1`,
        [prefix],
      );
      return rows.map(({ row }) => row);
    };
    const alone = await kept('single');
    expect(await kept('batch')).toEqual(alone);
    expect(alone.some((row) => row.startsWith('shared'))).toBe(true);
  });

  it('stores what was sent, with everything in it', async () => {
    const at = minutesAgo(3);
    const answer = await post([
      outcome('full-1', {
        at,
        name: 'watch',
        value: 61.5,
        decisionId: '01KABCDEFGHJKMNPQRSTVWXYZ0',
        actionId: 'a"\\1',
        itemId: 'tab\there',
        position: 3,
        properties: { device: 'tv', nested: { text: 'line\nbreak "quoted" \\N ünï 🎬' } },
      }),
      { id: 'full-2', kind: 'exposure', unitId: "x'; drop table event; --", at, decisionId: '<b>d</b>' },
    ]);
    expect(answer.status).toBe(202);
    expect(answer.json()).toEqual({ accepted: 2, rejected: [] });
    await drained();
    const [first, second] = await stored('full-');
    expect(first).toMatchObject({
      unit_id: 'm_1',
      kind: 'outcome',
      name: 'watch',
      value: 61.5,
      decision_id: '01KABCDEFGHJKMNPQRSTVWXYZ0',
      action_id: 'a"\\1',
      item_id: 'tab\there',
      position: 3,
      properties: { device: 'tv', nested: { text: 'line\nbreak "quoted" \\N ünï 🎬' } },
    });
    expect(first?.at.toISOString()).toBe(at);
    expect(second).toMatchObject({
      unit_id: "x'; drop table event; --",
      decision_id: '<b>d</b>',
      name: null,
    });
  });

  it('counts an id once: sent twice, in one batch, with another time, at the same moment, shuffled', async () => {
    const batch = Array.from({ length: 200 }, (_, i) => outcome(`once-${i}`, { value: i }));
    const shuffled = [...batch].reverse();
    const laterDay = batch.slice(0, 50).map((event) => ({ ...event, at: minutesAgo(60 * 24 * 3) }));
    const answers = await Promise.all([
      post(batch),
      post(shuffled),
      post(batch),
      post([...laterDay, ...laterDay]),
      post(shuffled),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202, 202, 202]);
    await post(batch.slice(50, 150));
    await drained();
    const rows = await stored('once-');
    expect(rows).toHaveLength(200);
    expect(new Set(rows.map((row) => row.id)).size).toBe(200);
  });

  it('takes concurrent workers on the same ids in opposite order without losing one', async () => {
    const lines = (ids: readonly number[]) =>
      encodeEvents(
        ids.map((i): ClientEvent => ({
          id: `cross-${i}`,
          kind: 'outcome',
          unitId: 'm_2',
          at: Date.now(),
          receivedAt: Date.now(),
          decisionId: null,
          name: 'play',
          value: null,
          actionId: null,
          itemId: null,
          position: null,
          properties: null,
        })),
      );
    const ids = Array.from({ length: 300 }, (_, i) => i);
    await queue.addBulk(
      Array.from({ length: 6 }, (_, i) => ({
        name: 'events',
        data: { schemaVersion: 1, ...lines(i % 2 ? [...ids].reverse() : ids) },
      })),
    );
    await drained();
    expect(await stored('cross-')).toHaveLength(300);
  });

  it('isolates poison: it alone is quarantined, with the reason, and can be replayed or discarded', async () => {
    const good = (i: number): ClientEvent => ({
      id: `mate-${i}`,
      kind: 'outcome',
      unitId: 'm_3',
      at: Date.now(),
      receivedAt: Date.now(),
      decisionId: null,
      name: 'play',
      value: i,
      actionId: null,
      itemId: null,
      position: null,
      properties: null,
    });
    const batch = encodeEvents(Array.from({ length: 64 }, (_, i) => good(i)));
    const poisoned = batch.lines.replace('\t17\t', '\tnot-a-number\t').replace('\t40\t', '\t1e999\t');
    await queue.add('events', { schemaVersion: 1, ...batch, lines: poisoned });
    await drained();
    const ids = (await stored('mate-')).map((row) => row.id);
    expect(ids).toHaveLength(62);
    expect(ids).not.toContain('mate-17');
    const list = await api.request('GET', '/v1/quarantine');
    const items = list.json<{
      items: { id: string; reason: string; payload: { id: string }; attempts: number }[];
    }>().items;
    expect(items.map((item) => item.payload.id).sort()).toEqual(['mate-17', 'mate-40']);
    expect(items.map((item) => item.reason).join()).toMatch(
      /invalid input syntax for type double precision.*out of range|out of range.*invalid input/,
    );
    const [first, second] = items;
    expect((await api.request('POST', `/v1/quarantine/${String(first?.id)}/discard`)).status).toBe(200);
    // What it decodes to is storable: the broken number has become none.
    expect((await api.request('POST', `/v1/quarantine/${String(second?.id)}/replay`)).status).toBe(200);
    await drained();
    expect(await stored('mate-')).toHaveLength(63);
    expect((await api.request('GET', '/v1/quarantine')).json<{ items: unknown[] }>().items).toEqual([]);
    expect((await api.request('POST', `/v1/quarantine/${String(first?.id)}/replay`)).status).toBe(404);
  });

  it('keeps a job of an unknown shape instead of dropping it', async () => {
    await queue.add('events', { schemaVersion: 99, something: 'new' });
    await drained();
    const { items } = (await api.request('GET', '/v1/quarantine')).json<{
      items: { id: string; payload: object }[];
    }>();
    expect(items).toHaveLength(1);
    expect(items[0]?.payload).toEqual({ schemaVersion: 99, something: 'new' });
    expect((await api.request('POST', `/v1/quarantine/${String(items[0]?.id)}/replay`)).status).toBe(422);
    expect((await api.request('POST', `/v1/quarantine/${String(items[0]?.id)}/discard`)).status).toBe(200);
  });

  it('drops what arrives for an erased unit, and only that', async () => {
    await api.db.database.query(`insert into erased_unit (unit_hash) values (sha256('gone_1'::bytea))`);
    await post([outcome('erase-1', { unitId: 'gone_1' }), outcome('erase-2', { unitId: 'stays_1' })]);
    await drained();
    expect((await stored('erase-')).map((row) => row.unit_id)).toEqual(['stays_1']);
    await api.db.database.query('delete from erased_unit');
  });

  it('stores old events in partitions made on the way', async () => {
    await post([outcome('old-1', { at: minutesAgo(60 * 24 * 89) })]);
    await drained();
    expect(await stored('old-')).toHaveLength(1);
  });

  it('recovers when a partition it knew has been dropped', async () => {
    const at = minutesAgo(60 * 24 * 40);
    await post([outcome('drop-1', { at })]);
    await drained();
    await api.db.database.query(`drop table event_${at.slice(0, 10).replaceAll('-', '')}`);
    await post([outcome('drop-2', { at }), outcome('drop-3')]);
    await drained();
    expect((await stored('drop-')).map((row) => row.id)).toEqual(['drop-2', 'drop-3']);
  });

  describe('decisions from the journal', () => {
    let made = 0;
    const decision = (more: Partial<DecisionRecord> = {}): string =>
      encodeDecision(
        decisionRecord('m_9', Date.now(), 'a', {
          surface: 'shipped',
          subject: `s${made++}`,
          experiment: null,
          arm: null,
          phase: null,
          chosen: 'a',
          armPropensity: 1,
          ...more,
        }),
      );
    const ship = (...lines: string[]): Promise<void> =>
      api.running.app
        .get(DecisionShipping, { strict: false })
        .ship({ kind: 'decisions', lines: lines.join(''), count: lines.length });
    /** Rows, and jobs that the queue has ever been given, since the last look. */
    let jobs = 0;
    const seen = async (): Promise<{ rows: number; subjects: number; queued: number }> => {
      const [row] = await api.db.database.query<{ rows: number; subjects: number; last: number }>(
        `select count(*)::int as rows, count(distinct subject)::int as subjects,
           (select coalesce(max(seq), 0)::int from (select last_value as seq from bullmq.job_seq) s) as last
         from decision where surface = 'shipped'`,
      );
      const { rows, subjects, last } = row as { rows: number; subjects: number; last: number };
      const queued = last - jobs;
      jobs = last;
      return { rows, subjects, queued };
    };
    const quarantined = async (): Promise<{ id: string; reason: string }[]> =>
      (await api.request('GET', '/v1/quarantine')).json<{ items: { id: string; reason: string }[] }>().items;

    it('are rows at once when they are new, and copies go to the worker, who stores what is missing', async () => {
      await drained();
      await seen();
      const [one, two, three] = [decision(), decision(), decision()];
      await ship(one, two);
      expect(await seen()).toEqual({ rows: 2, subjects: 2, queued: 0 });
      await ship(two, three);
      await drained();
      expect(await seen()).toEqual({ rows: 3, subjects: 3, queued: 1 });
    });

    it('of which some cannot be stored lose those alone, to quarantine', async () => {
      await ship(decision(), decision().replace('"a"', '"a'), 'torn\n', decision());
      await drained();
      expect(await seen()).toMatchObject({ rows: 5, queued: 1 });
      const bad = await quarantined();
      expect(bad.map(({ reason }) => reason).sort()).toEqual([
        expect.stringContaining('torn'),
        expect.stringContaining('json'),
      ]);
      for (const { id } of bad) await api.request('POST', `/v1/quarantine/${id}/discard`);
    });

    it('of an earlier version, which had fewer columns, are stored as well', async () => {
      await ship(decision(), decision().replace('\t\\N\t\\N\n', '\n'));
      expect(await seen()).toEqual({ rows: 7, subjects: 7, queued: 0 });
    });

    it('of an erased unit are dropped, and only those', async () => {
      await api.db.database.query(`insert into erased_unit (unit_hash) values (sha256('gone_2'::bytea))`);
      await ship(decision(), decision({ unitId: 'gone_2' }));
      expect(await seen()).toEqual({ rows: 8, subjects: 8, queued: 0 });
      await api.db.database.query('delete from erased_unit');
    });

    it('do not wait while a unit is being erased: the queue takes them, and they are stored behind it', async () => {
      await api.db.database.transaction(async (tx) => {
        await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.erase'))`);
        let waits = true;
        const first = ship(decision()).then(() => (waits = false));
        // One connection waits at most: what comes meanwhile is the queue's at once.
        await ship(decision());
        expect([waits, await seen()]).toMatchObject([true, { rows: 8, queued: 1 }]);
        await first;
        expect(await seen()).toMatchObject({ rows: 8, queued: 1 });
      });
      await drained();
      expect(await seen()).toMatchObject({ rows: 10, subjects: 10 });
    });
  });
});
