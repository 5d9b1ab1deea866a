import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { PlainConnections } from './plain-connections.js';
import { PlainHeads } from './plain-head.js';
import { RawRequests, tellRaw } from '../../test/raw-requests.js';

const START = 'POST /plain HTTP/1.1\r\n';
const heads = (): PlainHeads => new PlainHeads(START, (headers) => headers['x-not'] === undefined);

describe('the head of a plain request', () => {
  const fields = ['host: x', 'content-length: 2', 'Authorization:  Bearer k\t'];
  const read = (...lines: string[]) => heads().read(START + lines.join('\r\n'));

  it('is read with names in lower case and values without the space around them', () => {
    const known = heads();
    const head = known.read(START + fields.join('\r\n'));
    expect(head).toEqual({
      bytes: 2,
      headers: { host: 'x', 'content-length': '2', authorization: 'Bearer k' },
    });
    expect(known.read(START + fields.join('\r\n'))).toBe(head);
  });

  it.each<[string, string[]]>([
    ['a length twice', [...fields, 'Content-Length: 2']],
    ['two lengths', ['host: x', 'content-length: 2, 3']],
    ['a signed length', ['host: x', 'content-length: +2']],
    ['a length in hexadecimal', ['host: x', 'content-length: 0x2']],
    ['no length', ['host: x']],
    ['chunks beside a length', [...fields, 'Transfer-Encoding: chunked']],
    ['no host', ['content-length: 2']],
    ['a host twice', [...fields, 'host: y']],
    ['a space before the colon', [...fields, 'x-a : 1']],
    ['a folded line', [...fields, 'x-a: 1', ' 2']],
    ['a line feed alone', [...fields, 'x-a: 1\nx-b: 2']],
    ['a carriage return alone', [...fields, 'x-a: 1\rx-b: 2']],
    ['a zero byte', [...fields, 'x-a: \0']],
    ['a line without a name', [...fields, ': 1']],
    ['an expectation', [...fields, 'expect: 100-continue']],
    ['another protocol', [...fields, 'upgrade: h2c']],
    ['the end of the connection', [...fields, 'connection: close']],
    ['what the server takes for not plain', [...fields, 'x-not: 1']],
  ])('is left to Node with %s', (_name, lines) => {
    expect(read(...lines)).toBeNull();
  });

  it('is left to Node in another version, for another path, by another method', () => {
    const rest = fields.join('\r\n');
    for (const line of ['POST /plain HTTP/1.0', 'POST /plains HTTP/1.1', 'GET /plain HTTP/1.1'])
      expect(heads().read(`${line}\r\n${rest}`)).toBeNull();
  });
});

describe('connections that carry plain requests', () => {
  let server: http.Server;
  let plain: PlainConnections;
  const held: (() => void)[] = [];

  beforeAll(async () => {
    server = http.createServer({ keepAliveTimeout: 5000, requestTimeout: 300 }, (request, response) => {
      request.resume().on('end', () => response.end('node'));
    });
    plain = new PlainConnections(server, heads(), (_head, body, send) => {
      const text = `plain ${body.toString('utf8')} ü`;
      const answer = (): void => send({ status: 200, headers: { 'x-a': '1' }, text });
      if (body.toString('utf8') === 'hold') held.push(answer);
      else if (body.length === 0) answer();
      else setImmediate(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.closeAllConnections());

  const ask = (body: string, more = ''): string =>
    `${START}host: x\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

  class Client {
    told = '';
    readonly socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    readonly ended = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));

    constructor() {
      this.socket.setNoDelay(true).on('data', (bytes: Buffer) => (this.told += bytes.toString('utf8')));
      this.socket.on('error', () => undefined);
    }

    get bodies(): string[] {
      return this.told.split(/HTTP\/1\.1 [^]*?\r\n\r\n/).slice(1);
    }

    /** Waits for that many answers. */
    async answers(count: number): Promise<string[]> {
      while (this.bodies.length < count || this.bodies.at(-1) === '')
        await new Promise((resolve) => setImmediate(resolve));
      return this.bodies;
    }
  }

  it('answers with the head that Node would send', async () => {
    const client = new Client();
    client.socket.write(ask('a'));
    expect(await client.answers(1)).toEqual(['plain a ü']);
    const [, date] = /\r\nDate: (.*)\r\n/.exec(client.told) ?? [];
    expect(date).toBe(new Date(date as string).toUTCString());
    expect(client.told).toBe(
      `HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 10\r\nDate: ${date}\r\n` +
        'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nplain a ü',
    );
    client.socket.destroy();
  });

  it('answers several requests in order, however their bytes are cut, and gives the rest to Node with what is not plain', async () => {
    const client = new Client();
    const sent = `${ask('a')}${ask('ü'.repeat(300))}${ask('c')}GET / HTTP/1.1\r\nhost: x\r\n\r\n${ask('d')}`;
    const expected = ['plain a ü', `plain ${'ü'.repeat(300)} ü`, 'plain c ü'];
    client.socket.write(sent);
    expect(await client.answers(5)).toEqual(
      [...expected, 'node', 'node'].map((text) => expect.stringContaining(text)),
    );
    const slow = new Client();
    const [first, rest] = [Buffer.from(sent).subarray(0, 330), Buffer.from(sent).subarray(330)];
    slow.socket.write(first);
    await slow.answers(1);
    slow.socket.write(rest);
    expect((await slow.answers(5)).slice(0, 3)).toEqual(expected);
    client.socket.destroy();
    slow.socket.destroy();
  });

  it('answers thousands in a row that are answered at once, and gives the rest to Node', async () => {
    const client = new Client();
    const last = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    client.socket.write(ask('a') + ask('').repeat(3000) + last);
    await client.ended;
    const { bodies } = client;
    expect([bodies.length, bodies[0], bodies.at(-1)?.includes('node')]).toEqual([3002, 'plain a ü', true]);
    expect(new Set(bodies.slice(1, -1))).toEqual(new Set(['plain  ü']));
  });

  it('answers who sends no more, and then ends', async () => {
    const client = new Client();
    client.socket.end(ask('a') + ask('b'));
    await client.ended;
    expect(client.bodies).toEqual(['plain a ü', 'plain b ü']);
  });

  it('does not wait for ever for a body', async () => {
    const client = new Client();
    client.socket.write(ask('a').slice(0, -1));
    await client.ended;
    expect(client.told).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('ends idle connections with the server, and busy ones behind their answer', async () => {
    const [idle, busy] = [new Client(), new Client()];
    idle.socket.write(ask('a'));
    await idle.answers(1);
    busy.socket.write(ask('hold'));
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    plain.finish();
    const closed = new Promise((resolve) => server.close(resolve));
    await idle.ended;
    held.forEach((answer) => answer());
    await busy.ended;
    expect([busy.bodies, /Connection: close/.test(busy.told)]).toEqual([['plain hold ü'], true]);
    await closed;
  });
});

describe('what a connection says, good, odd and hostile', () => {
  interface Understood {
    readonly url: string;
    readonly headers: http.IncomingHttpHeaders;
    body: string;
    /** Not broken off in the middle. */
    readonly isWhole: () => boolean;
  }
  let understood: Understood[] = [];
  let byPlain = 0;
  const wholeOnes = (): Omit<Understood, 'isWhole'>[] =>
    understood.filter((one) => one.isWhole()).map(({ isWhole: _, ...one }) => one);
  const listener = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const { method, url, headers } = request;
    const one = { url: `${method} ${url}`, headers, body: '', isWhole: () => request.complete };
    understood.push(one);
    request.on('data', (part: Buffer) => (one.body += part.toString('latin1')));
    request.on('end', () => response.end());
  };
  const [own, nodes] = [http.createServer(listener), http.createServer(listener)];
  afterAll(() => [own, nodes].forEach((server) => server.close()));

  it('is the same requests to the plain reader as to the parser of Node (seeded)', async () => {
    new PlainConnections(own, heads(), (head, body, send) => {
      byPlain += 1;
      const headers = { ...head.headers };
      understood.push({ url: 'POST /plain', headers, body: body.toString('latin1'), isWhole: () => true });
      setImmediate(() => send({ status: 200, headers: {}, text: '' }));
    });
    for (const server of [own, nodes])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bodies = ['{"unitId":"m1"}', '[]', '', '\xe9\0\r\n\r\n'];
    let total = 0;
    const requests = new RawRequests('read alike', { path: '/plain', key: 'k', bodies });
    for (let i = 0; i < 500; i++) {
      const pieces = requests.several();
      const said: object[][] = [];
      for (const server of [own, nodes]) {
        understood = [];
        await tellRaw((server.address() as AddressInfo).port, pieces);
        said.push(wholeOnes());
      }
      const sent = Buffer.concat(pieces).toString('latin1');
      expect({ sent, understood: said[0] }).toEqual({ sent, understood: said[1] });
      total += said[0]?.length ?? 0;
    }
    expect([total, byPlain > 200]).toEqual([628, true]);
  });
});
