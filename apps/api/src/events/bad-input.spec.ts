import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi, TestAnswer } from '../../test/api.js';

const now = (): string => new Date().toISOString();
const good = (id: string): object => ({ id, kind: 'outcome', unitId: 'm_1', at: now(), name: 'play' });
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** An event as raw JSON text with the given members replaced or added. */
const raw = (members: string): string =>
  `{"id":"x","kind":"outcome","unitId":"m","at":"${now()}","name":"play",${members}}`;

describe('bad input to POST /v1/events', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  }, 60_000);
  afterAll(() => api.close());

  const send = (body: string | Buffer, headers: Record<string, string> = {}): Promise<TestAnswer> =>
    api.request('POST', '/v1/events', { raw: body, key: api.keys.publishable, headers });

  const bodies: readonly (readonly [string, () => string | Buffer, Record<string, string>?])[] = [
    ['nothing', () => ''],
    ['half an object', () => '{"events": [{"id": "a"'],
    ['no JSON', () => 'events=1'],
    ['two documents', () => '{"events":[]}{"events":[]}'],
    ['a lone number', () => '1'],
    ['null', () => 'null'],
    ['a text', () => '"events"'],
    ['a list', () => '[]'],
    ['no events', () => '{}'],
    ['an empty list', () => '{"events":[]}'],
    ['events that are no list', () => '{"events":{"0":{}}}'],
    ['1001 events', () => JSON.stringify({ events: Array.from({ length: 1001 }, (_, i) => good(`n${i}`)) })],
    ['bytes that are no UTF-8', () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    [
      'an overlong encoding',
      () => Buffer.concat([Buffer.from('{"events":["'), Buffer.from([0xc0, 0xaf]), Buffer.from('"]}')]),
    ],
    ['UTF-16', () => Buffer.from('{"events":[]}', 'utf16le')],
    ['NaN', () => `{"events":[${raw('"value":NaN')}]}`],
    ['Infinity', () => `{"events":[${raw('"value":Infinity')}]}`],
    ['a hundred thousand levels', () => `{"events":${deep(100_000)}}`],
    ['six megabytes', () => `{"events":["${'x'.repeat(6_000_000)}"]}`],
    ['compressed', () => gzipSync(JSON.stringify({ events: [good('z')] })), { 'content-encoding': 'gzip' }],
    ['a gzip bomb', () => gzipSync(Buffer.alloc(20_000_000)), { 'content-encoding': 'gzip' }],
    ['a form', () => 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['XML', () => '<events/>', { 'content-type': 'application/xml' }],
    ['another charset', () => '{"events":[]}', { 'content-type': 'application/json; charset=utf-16' }],
    ['a wrong length', () => '{"events":[]}', { 'content-length': '5' }],
  ];

  it.each(bodies.map(([what, body, headers]) => ({ what, body, headers: headers ?? {} })))(
    '$what: a problem document with a 4xx',
    async ({ body, headers }) => {
      const answer = await send(body(), headers);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(String(answer.headers['content-type'])).toContain('application/problem+json');
      expect(answer.json()).toMatchObject({
        status: answer.status,
        code: expect.stringMatching(/^[a-z0-9_]+$/) as unknown,
      });
    },
  );

  const events: readonly (readonly [string, string, string])[] = [
    ['1e400', '"value":1e400', 'invalid_value'],
    ['-1e400', '"value":-1e400', 'invalid_value'],
    ['a value beyond 1e12', '"value":1e13', 'invalid_value'],
    ['1e400 inside', '"properties":{"a":1e400}', 'invalid_properties'],
    ['1970', '"at":"1970-01-01T00:00:00Z"', 'at_out_of_range'],
    ['a clock ten years ahead', '"at":"2036-01-01T00:00:00Z"', 'at_out_of_range'],
    ['the year 275760', '"at":"+275760-09-13T00:00:00.000Z"', 'invalid_at'],
    ['SQL as name', `"name":"play'; drop table event; --"`, 'invalid_name'],
    ['HTML as name', '"name":"<img src=x onerror=alert(1)>"', 'invalid_name'],
    ['a name of 100 kB', `"name":"${'a'.repeat(100_000)}"`, 'invalid_name'],
    ['NUL', '"itemId":"a\\u0000b"', 'invalid_item_id'],
    ['half a character', '"itemId":"\\ud800"', 'invalid_item_id'],
    ['NUL in properties', '"properties":{"a":"\\u0000"}', 'invalid_properties'],
    ['half a character in properties', '"properties":{"\\udfff":1}', 'invalid_properties'],
    ['properties a thousand levels deep', `"properties":{"a":${deep(1000)}}`, 'invalid_properties'],
    ['100 kB of properties', `"properties":{"a":"${'a'.repeat(100_000)}"}`, 'invalid_properties'],
    ['an e-mail address', '"unitId":"ann@example.org"', 'unit_id_not_pseudonymous'],
    ['no id', '"id":null', 'invalid_id'],
    ['an object as id', '"id":{"$gt":""}', 'invalid_id'],
    ['a negative position', '"position":-1', 'invalid_position'],
    ['an exposure of nothing', '"kind":"exposure"', 'decision_id_required'],
  ];

  it.each(events)('%s: rejected alone, its mates unharmed', async (_what, members, code) => {
    const [before, after] = [JSON.stringify(good('m1')), JSON.stringify(good('m2'))];
    const answer = await send(`{"events":[${before},${raw(members)},${after}]}`);
    expect(answer.status).toBe(202);
    expect(answer.json()).toMatchObject({ accepted: 2, rejected: [{ index: 1, code }] });
    const alone = await send(`{"events":[${raw(members)}]}`);
    expect(alone.status).toBe(400);
    expect(alone.json()).toMatchObject({
      code: 'all_events_rejected',
      accepted: 0,
      rejected: [{ index: 0, code }],
    });
  });

  it('takes no compressed bodies, and says so', async () => {
    const answer = await send(gzipSync(JSON.stringify({ events: [good('z')] })), {
      'content-encoding': 'gzip',
    });
    expect([answer.status, answer.json()['code']]).toEqual([415, 'unsupported_encoding']);
  });

  it('accepts odd but storable data as data', async () => {
    const answer = await send(
      `{"events":[${raw('"itemId":"<b>\\u0001</b>","properties":{"constructor":{"a":1},"toString":"x"}')}],"__proto__":{"polluted":true}}`,
    );
    expect(answer.status).toBe(202);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reads a body that begins with a byte order mark or refuses it, but never fails', async () => {
    const answer = await send(
      Buffer.concat([
        Buffer.from([0xef, 0xbb, 0xbf]),
        Buffer.from(JSON.stringify({ events: [good('bom')] })),
      ]),
    );
    expect([202, 400]).toContain(answer.status);
  });

  it('needs a key, in the header and nowhere else', async () => {
    const body = { events: [good('k')] };
    for (const headers of [
      {},
      { authorization: 'Basic eDp5' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer wrong' },
    ]) {
      const answer = await api.request('POST', '/v1/events?key=x', {
        body,
        key: null,
        headers: headers as Record<string, string>,
      });
      expect(answer.status).toBe(401);
    }
  });

  it('never answers random bytes with a 5xx', async () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
    const template = Buffer.from(JSON.stringify({ events: [good('f1'), good('f2')] }));
    for (let i = 0; i < 300; i++) {
      const body = Buffer.from(template);
      for (let j = 0; j <= random() * 4; j++)
        body[Math.floor(random() * body.length)] = Math.floor(random() * 256);
      expect((await send(body)).status).toBeLessThan(500);
    }
  });
});
