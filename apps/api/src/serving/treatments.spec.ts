import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApi } from '../../test/api.js';
import type { TestAnswer, TestApi } from '../../test/api.js';
import { RawRequests, isAnswered, tellRaw } from '../../test/raw-requests.js';
import type { Pieces } from '../../test/raw-requests.js';
import { Spool } from '../queues/spool.js';
import type { Treatment } from './serve-treatments.js';

const ARMS = [
  {
    key: 'control',
    title: 'Control',
    weight: 1,
    isControl: true,
    treatment: { kind: 'value', value: 'grey' },
  },
  { key: 'blue', title: 'Blue', weight: 1, isControl: false, treatment: { kind: 'value', value: 'blue' } },
];

describe('POST /v1/treatments', () => {
  let api: TestApi;
  const sql = (text: string, values: readonly unknown[] = []): Promise<unknown> =>
    api.db.database.query(text, values);
  const post = (body: unknown, key?: string | null): Promise<TestAnswer> =>
    api.request('POST', '/v1/treatments', { body, ...(key === undefined ? {} : { key }) });
  const serve = async (body: unknown): Promise<Treatment[]> =>
    (await post(body)).json<{ treatments: Treatment[] }>().treatments;
  async function until(condition: () => Promise<boolean>, within = 20_000): Promise<void> {
    const deadline = Date.now() + within;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error('waited in vain');
      await sleep(20);
    }
  }

  beforeAll(async () => {
    api = await startTestApi({ MARQUEE_CORS_ORIGINS: 'https://app.example' }, { storesDecisions: true });
    await sql(`insert into surface (key, title, kind, default_value, candidate_kind) values
      ('banner', 'Banner', 'value', '"plain"', null), ('art', 'Artwork', 'action', 'null', 'artwork'), ('rows', 'Rows', 'slate', 'null', 'row')`);
    await sql(`insert into item (id, kind, subject, title, position) values
      ('a1', 'artwork', 't1', 'A', 1), ('a2', 'artwork', 't1', 'B', 0), ('r1', 'row', null, 'R', 0), ('r2', 'row', null, 'R', 1), ('off', 'row', null, 'R', 2)`);
    await sql(`update item set available = false where id = 'off'`);
    await sql(`insert into layer (key, title, salt) values ('main', 'Main', 'layer:main')`);
    await sql(`insert into policy (id, key, title, exploration, reward) values
      ('ts', 'thompson-beta', 'Thompson', '{"key":"greedy"}', '{"outcomes":[{"name":"play","value":"one"}],"combine":"max"}')`);
    await sql(
      `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, phase, salt) values
       ('colour', 'Colour', 'banner', 'running', 'main', 0, 1, 1, $1, 1, 'colour'),
       ('artwork', 'Artwork', 'art', 'running', 'main', 0, 1, 1, $2, 1, 'artwork')`,
      [
        JSON.stringify(ARMS),
        JSON.stringify([
          {
            key: 'bandit',
            title: 'Bandit',
            weight: 1,
            isControl: false,
            treatment: { kind: 'policy', policyId: 'ts', steadyFor: 'day' },
          },
        ]),
      ],
    );
    await sql(`select pg_notify('marquee_catalog', '')`);
    await until(
      async () => (await serve({ unitId: 'm1', requests: [{ surface: 'banner' }] }))[0]?.reason === 'SPLIT',
    );
  });
  afterAll(() => api.close());

  it('answers the three kinds of surface as the contract says', async () => {
    const answer = await post(
      {
        unitId: 'm1',
        context: { device: 'tv' },
        requests: [{ surface: 'banner' }, { surface: 'art', subject: 't1' }, { surface: 'rows', limit: 5 }],
      },
      api.keys.publishable,
    );
    expect(answer.status).toBe(200);
    const [banner, art, rows] = answer.json<{ treatments: Treatment[] }>().treatments;
    expect(banner).toEqual({
      decisionId: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      surface: 'banner',
      experiment: 'colour',
      arm: expect.stringMatching(/control|blue/),
      kind: 'value',
      value: banner?.arm === 'blue' ? 'blue' : 'grey',
      propensity: 1,
      policy: null,
      reason: 'SPLIT',
    });
    expect(art).toEqual({
      decisionId: expect.any(String),
      surface: 'art',
      subject: 't1',
      experiment: 'artwork',
      arm: 'bandit',
      kind: 'action',
      action: expect.stringMatching(/a1|a2/),
      propensity: 0.5,
      policy: { key: 'thompson-beta', version: 0 },
      reason: 'POLICY',
    });
    expect(rows).toMatchObject({
      kind: 'slate',
      slate: [
        { id: 'r1', propensity: 1 },
        { id: 'r2', propensity: 1 },
      ],
      reason: 'NO_EXPERIMENT',
    });
  });

  it('answers with the headers of every route, and for a browser of an allowed origin with those of CORS', async () => {
    const ask = (origin: string): Promise<TestAnswer> =>
      api.request('POST', '/v1/treatments', {
        body: { unitId: 'm1', requests: [{ surface: 'banner' }] },
        headers: { origin },
      });
    const { headers, text } = await ask('https://app.example');
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': 'https://app.example',
    });
    expect(headers['x-request-id']).toMatch(/^req_/);
    expect((await ask('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('has written the decision when it answers', async () => {
    const [treatment] = await serve({ unitId: 'm3', requests: [{ surface: 'banner' }] });
    const folder = path.join(api.config.stateDir, 'spool');
    const journal = fs.readdirSync(folder).filter((file) => file.endsWith('.decisions'));
    const lines = journal.map((file) => fs.readFileSync(path.join(folder, file), 'utf8')).join('');
    // Read in the same turn as the answer: nothing can have been shipped and trimmed yet.
    expect(lines).toContain(treatment?.decisionId);
  });

  it('stores every decision, once the spool has shipped it', async () => {
    const spool = api.running.app.get(Spool, { strict: false });
    const before = spool.status().shipped + spool.status().pending;
    const served = await serve({ unitId: 'm2', requests: [{ surface: 'banner' }, { surface: 'rows' }] });
    await until(async () => spool.status().pending === 0);
    expect(spool.status()).toMatchObject({ dropped: 0, shipped: before + 2 });
    const rows = await api.db.database.query<{ id: string }>(
      `select id from decision where unit_id = 'm2' order by id`,
    );
    expect(rows.map(({ id }) => id)).toEqual(served.map(({ decisionId }) => decisionId).sort());
  });

  it('follows a change of the catalogue and of a snapshot within moments', async () => {
    await sql(`insert into policy_snapshot (policy_id, version, state_version, params, state, sha256, status)
      select 'ts', 1, 99, '{}', '{}', 'x', 'accepted'`);
    await sql(`update policy set serving_version = 1, latest_version = 1 where id = 'ts'`);
    await sql(`select pg_notify('marquee_snapshot', 'ts')`);
    await sleep(200);
    // Refused: wrong state version. What served before goes on.
    expect((await serve({ unitId: 'm1', requests: [{ surface: 'art', subject: 't1' }] }))[0]).toMatchObject({
      reason: 'POLICY',
      policy: { version: 0 },
    });
    await sql(`insert into setting (key, value) values ('kill_switch', '{"enabled": true}')`);
    await sql(`select pg_notify('marquee_catalog', '')`);
    await until(
      async () => (await serve({ unitId: 'm1', requests: [{ surface: 'banner' }] }))[0]?.value === 'plain',
    );
    await sql(`delete from setting`);
    await sql(`select pg_notify('marquee_catalog', '')`);
    await until(
      async () => (await serve({ unitId: 'm1', requests: [{ surface: 'banner' }] }))[0]?.reason === 'SPLIT',
    );
  });

  it('needs a key', async () => {
    expect((await post({ unitId: 'm1', requests: [{ surface: 'banner' }] }, null)).status).toBe(401);
  });

  const ok = { unitId: 'm1', requests: [{ surface: 'banner' }] };
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  /** So many texts of 500 characters. */
  const texts = (count: number, character: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, character.repeat(500)]));
  const wide = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, 1]));
  it.each([
    ['no object', [], ''],
    ['no unit', { requests: ok.requests }, '/unitId'],
    ['an e-mail address', { ...ok, unitId: 'jo@example.org' }, '/unitId'],
    ['a phone number', { ...ok, unitId: '+49 151 2345678' }, '/unitId'],
    ['NUL in the unit', { ...ok, unitId: 'a\u0000b' }, '/unitId'],
    ['a lone surrogate', { ...ok, unitId: 'a\ud800' }, '/unitId'],
    ['an endless unit', { ...ok, unitId: 'x'.repeat(129) }, '/unitId'],
    ['no requests', { unitId: 'm1', requests: [] }, '/requests'],
    ['too many requests', { unitId: 'm1', requests: new Array(51).fill(ok.requests[0]) }, '/requests'],
    ['a request that is none', { unitId: 'm1', requests: [7] }, '/requests/0'],
    [
      'SQL as a surface',
      { unitId: 'm1', requests: [{ surface: "x'; drop table surface; --" }] },
      '/requests/0/surface',
    ],
    [
      'an empty subject',
      { unitId: 'm1', requests: [{ surface: 'banner', subject: '' }] },
      '/requests/0/subject',
    ],
    ['no limit at all', { unitId: 'm1', requests: [{ surface: 'rows', limit: 0 }] }, '/requests/0/limit'],
    [
      'a limit with a fraction',
      { unitId: 'm1', requests: [{ surface: 'rows', limit: 1.5 }] },
      '/requests/0/limit',
    ],
    [
      'an action twice',
      { unitId: 'm1', requests: [{ surface: 'rows', actions: [{ id: 'a' }, { id: 'a' }] }] },
      '/requests/0/actions/1/id',
    ],
    [
      'too many actions',
      {
        unitId: 'm1',
        requests: [{ surface: 'rows', actions: Array.from({ length: 1001 }, (_, i) => ({ id: `${i}` })) }],
      },
      '/requests/0/actions',
    ],
    [
      'nested features',
      { unitId: 'm1', requests: [{ surface: 'rows', actions: [{ id: 'a', features: { x: {} } }] }] },
      '/requests/0/actions/0/features/x',
    ],
    ['a deep context', { ...ok, context: { a: deep(50) } }, '/context/a'],
    ['a wide context', { ...ok, context: wide }, '/context'],
    ['a context that is a list', { ...ok, context: [1] }, '/context'],
    ['a large context', { ...ok, context: texts(33, 'x') }, '/context'],
    ['a context that is large in bytes', { ...ok, context: texts(20, '\u20ac') }, '/context'],
    ['a context of long lists', { ...ok, context: { a: new Array(64).fill('x'.repeat(300)) } }, '/context'],
    [
      'large features',
      { unitId: 'm1', requests: [{ surface: 'rows', actions: [{ id: 'a', features: texts(33, 'x') }] }] },
      '/requests/0/actions/0/features',
    ],
    ['a long text in the context', { ...ok, context: { 'a/b': 'x'.repeat(513) } }, '/context/a~1b'],
    ['expose as text', { ...ok, expose: 'yes' }, '/expose'],
  ])('answers %s with 400 and a pointer', async (_name, body, pointer) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] });
  });

  it('says how large a context may be', async () => {
    const answer = await post({ ...ok, context: texts(33, 'x') });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ pointer: '/context', code: 'too_large', message: 'must have at most 16384 bytes as JSON' }],
    });
  });

  it('takes a large body whose parts are not', async () => {
    const actions = Array.from({ length: 20 }, (_, i) => ({ id: `${i}`, features: texts(10, 'x') }));
    const body = { unitId: 'm1', context: texts(31, 'x'), requests: [{ surface: 'rows', actions }] };
    expect((await post(body)).status).toBe(200);
  });

  it.each([
    ['malformed JSON', '{"unitId":'],
    ['infinity', '{"unitId":"m1","context":{"a":1e400},"requests":[{"surface":"banner"}]}'],
    ['bad UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('answers %s with 400', async (_name, raw) => {
    expect((await api.request('POST', '/v1/treatments', { raw })).status).toBe(400);
  });

  it('takes a context with a prototype in it for what it is', async () => {
    const raw =
      '{"unitId":"m1","context":{"__proto__":{"admin":true},"constructor":"x"},"requests":[{"surface":"rows","actions":[{"id":"__proto__","features":{"a":1}}]}]}';
    expect((await api.request('POST', '/v1/treatments', { raw })).status).toBe(200);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('names at most twenty faults', async () => {
    const answer = await post({
      unitId: 'm1',
      requests: [{ surface: 'rows', actions: new Array(500).fill({}) }],
    });
    expect(answer.json<{ errors: unknown[] }>().errors).toHaveLength(20);
  });

  describe('over a connection', () => {
    interface Answered {
      readonly status: number;
      readonly headers: Record<string, string>;
      readonly body: unknown;
      /** Of the way that answered: each counts its requests by itself. */
      readonly way: string | undefined;
    }
    let url: string;
    /** @param chunked as clients send that do not know the length; such requests are Fastify's. */
    const ask = async (raw: string | Buffer, more: object, chunked: boolean): Promise<Answered> => {
      const bytes = Buffer.from(raw);
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${api.keys.publishable}`,
          ...more,
        },
        body: chunked ? new Blob([bytes]).stream() : bytes,
        ...(chunked ? { duplex: 'half' } : {}),
      } as RequestInit);
      const { 'x-request-id': id, ...headers } = Object.fromEntries(answer.headers);
      // Of the connection: Fastify ends it after a body that it could not read.
      for (const name of ['date', 'connection', 'keep-alive']) delete headers[name];
      const text = (await answer.text()).replace(/(?:req_)?[0-7][0-9A-HJKMNP-TV-Z]{25}(?:_\w+)?/g, 'ID');
      // Read by pages of other origins only, which never come the plain way.
      delete headers['access-control-expose-headers'];
      // Ids differ in length.
      if (answer.status !== 200) delete headers['content-length'];
      return { status: answer.status, headers, body: JSON.parse(text), way: id?.split('_')[1] };
    };

    beforeAll(async () => {
      await api.running.app.listen(0, '127.0.0.1');
      url = `${await api.running.app.getUrl()}/v1/treatments`;
    });

    const json = JSON.stringify(ok);
    it.each<[string, number, string | Buffer, Record<string, string>]>([
      ['a decision', 200, json, {}],
      ['a decision in UTF-8', 200, json, { 'content-type': 'application/json; charset=utf-8' }],
      ['malformed JSON', 400, '{"unitId":', {}],
      ['bad UTF-8', 400, Buffer.from([0x7b, 0xff, 0x7d]), {}],
      ['a prototype', 200, `${json.slice(0, -1)},"context":{"__proto__":{"admin":true}}}`, {}],
      ['a fault', 400, '{"unitId":"m1","requests":[{"surface":"?"}]}', {}],
      ['no key', 401, json, { authorization: '' }],
      ['a wrong key', 401, json, { authorization: 'Bearer mq_pub_wrong' }],
      ['a key in another header', 200, json, { authorization: 'none', 'x-api-key': 'PUBLISHABLE' }],
    ])('answers %s with %i on both of its ways, alike', async (_name, status, raw, headers) => {
      const more = { ...headers };
      if (more['x-api-key']) {
        more['x-api-key'] = api.keys.publishable;
        delete more['authorization'];
      }
      const [plain, other] = [await ask(raw, more, false), await ask(raw, more, true)];
      expect({ ...plain, way: '' }).toEqual({ ...other, way: '' });
      expect([plain.status, plain.way === other.way]).toEqual([status, false]);
    });

    it('answers what is pipelined in order, bodies in single bytes, and goes on after requests that end early', async () => {
      const { port } = new URL(url);
      const head = (length: number): string =>
        `POST /v1/treatments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.keys.publishable}\r\n` +
        `content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
      const asked = (unitId: string): string => {
        const body = JSON.stringify({ ...ok, unitId });
        return head(body.length) + body;
      };
      const open = (): net.Socket => net.connect(Number(port), '127.0.0.1').setNoDelay(true);
      // Each gone in the middle of its body.
      for (let i = 0; i < 5; i++) {
        const early = open();
        early.write(`${head(500)}{"unitId":"m1"`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        early.destroy();
      }
      const socket = open();
      let told = '';
      socket.on('data', (part) => (told += part.toString('utf8')));
      const bad = `${head(2)}[]`;
      socket.write(asked('m1') + bad + asked('m2'));
      for (const byte of asked('m3')) {
        socket.write(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(async () => (told.match(/HTTP\/1\.1 /g) ?? []).length === 4);
      socket.destroy();
      expect(told.match(/HTTP\/1\.1 \d+/g)).toEqual(
        [200, 400, 200, 200].map((status) => `HTTP/1.1 ${status}`),
      );
    });

    it('answers good, odd and hostile bytes as through the parser of Node (seeded)', async () => {
      const product = api.running.app.getHttpServer() as http.Server;
      // The same application behind Node's own reading of connections.
      const { keepAliveTimeout, requestTimeout } = product;
      const node = http.createServer(
        { keepAliveTimeout, requestTimeout },
        (request: IncomingMessage, response: ServerResponse) =>
          void product.emit('request', request, response),
      );
      for (const listener of product.listeners('clientError'))
        node.on('clientError', listener as (error: Error, socket: Duplex) => void);
      await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
      const ports = [Number(new URL(url).port), (node.address() as AddressInfo).port];
      const bodies = [json, json, `${json.slice(0, -1)},"context":{"a":"\xe9"}}`, '[]', '', '{"unitId":'];
      const asked = { path: '/v1/treatments', key: api.keys.publishable, bodies };
      const id = /(?:req_)?[0-7][0-9A-HJKMNP-TV-Z]{25}(?:_\w+)?/g;
      const told = async (port: number, pieces: Pieces): Promise<string> =>
        (await tellRaw(port, pieces, isAnswered))
          .replace(id, 'ID')
          .replace(/\r\n(Date|content-length): .*/gi, '')
          // What else Node may say when the rest of a refused request comes depends on when it comes.
          .replace(/(HTTP\/1\.1 (?!100)[^]*?)HTTP\/1\.1 [^]*/, '$1');
      const requests = new RawRequests('as Node reads', asked);
      const statuses: Record<string, number> = {};
      for (let i = 0; i < 200; i++) {
        const pieces = requests.one();
        const [ours = '', nodes] = await Promise.all(ports.map((port) => told(port, pieces)));
        const sent = Buffer.concat(pieces).toString('latin1');
        expect({ sent, told: ours }).toEqual({ sent, told: nodes });
        const status = ours.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      node.closeAllConnections();
      node.close();
      expect(statuses).toEqual({ 200: 40, 400: 154, 404: 1, 415: 4, 417: 1 });
    });

    it('leaves to Fastify what is not plain: other types, compression, large bodies, pages of other origins', async () => {
      const { way } = await ask(json, {}, true);
      const large = `${json.slice(0, -1)},"more":"${'x'.repeat(70_000)}"}`;
      const origin = 'https://app.example';
      const answers = [
        await ask(json, { 'content-type': 'text/csv' }, false),
        await ask(json, { 'content-encoding': 'gzip' }, false),
        await ask(large, {}, false),
        await ask('x'.repeat(api.config.bodyLimitBytes + 1), {}, false),
        await ask(json, { origin }, false),
      ];
      expect(answers.map((one) => [one.status, one.way === way])).toEqual(
        [415, 415, 200, 413, 200].map((status) => [status, true]),
      );
      expect(answers.at(-1)?.headers['access-control-allow-origin']).toBe(origin);
    });
  });
});
