import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient } from './index.js';
import type { Client, ClientOptions, ClientProblem } from './index.js';

interface Received {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: {
    readonly events: readonly Record<string, unknown>[];
    readonly requests: readonly Record<string, unknown>[];
  };
}
type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | 'hang' | 'reset';

const treatment = {
  decisionId: '01DECISION',
  surface: 'home.hero',
  experiment: 'hero',
  arm: 'big',
  kind: 'value',
  value: 'big',
  propensity: 0.5,
  policy: null,
  reason: 'SPLIT',
};

/** A real HTTP server that does what it is told; by default what the API does with good input. */
class Server {
  readonly received: Received[] = [];
  readonly replies: Reply[] = [];
  treatment: object = treatment;
  private server: http.Server | null = null;
  private port = 0;

  async start(): Promise<void> {
    this.server = http.createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Events the server took, in order. */
  get events(): readonly Record<string, unknown>[] {
    return this.received.filter(({ path }) => path === '/v1/events').flatMap(({ body }) => body.events);
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const reply = this.replies.shift() ?? this.usual(request.url ?? '');
    if (reply === 'hang') return;
    if (reply === 'reset') return void request.socket.destroy();
    if (reply.status < 300) {
      const body = JSON.parse(text) as Received['body'];
      this.received.push({ path: request.url ?? '', key: request.headers.authorization, body });
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(JSON.stringify(reply.body ?? {}));
  }

  private usual(path: string): Exclude<Reply, string> {
    return path === '/v1/events'
      ? { status: 202, body: { accepted: 1, rejected: [] } }
      : { status: 200, body: { treatments: [this.treatment] } };
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen within 5 s');
    await sleep(5);
  }
}

describe('the client', () => {
  let server: Server;
  let problems: ClientProblem[];
  let clients: Client[];
  const lost = (): number => problems.reduce((sum, problem) => sum + problem.lost, 0);
  const client = (options: Partial<ClientOptions> = {}): Client => {
    const made = createClient({
      url: `${server.url}/`,
      key: 'mq_pub_1',
      unitId: 'm_1',
      timeoutMs: 10_000,
      retryMs: [5, 20],
      flushMs: 10,
      onProblem: (problem) => problems.push(problem),
      ...options,
    });
    clients.push(made);
    return made;
  };

  beforeEach(async () => {
    [server, problems, clients] = [new Server(), [], []];
    await server.start();
  });
  afterEach(async () => {
    for (const one of clients) await one.close();
    await server.stop();
  });

  describe('treatments', () => {
    it('asks for several surfaces at once, with key, unit and context', async () => {
      const { treatments, failure } = await client({ context: { device: 'tv' } }).treatments(
        [{ surface: 'home.hero' }, { surface: 'home.rows', limit: 3 }],
        { expose: true },
      );
      expect(failure).toBeNull();
      expect(treatments[0]).toEqual(treatment);
      expect(server.received[0]).toEqual({
        path: '/v1/treatments',
        key: 'Bearer mq_pub_1',
        body: {
          unitId: 'm_1',
          unitType: 'member',
          context: { device: 'tv' },
          expose: false,
          requests: [{ surface: 'home.hero' }, { surface: 'home.rows', limit: 3 }],
        },
      });
    });

    it('gives the value, the action or the slate with its decision', async () => {
      const decided = { decisionId: '01DECISION', experiment: 'hero', arm: 'big', reason: 'SPLIT' };
      expect(await client().value('home.hero', 'small')).toEqual({ value: 'big', ...decided });
      server.treatment = { ...treatment, kind: 'action', value: undefined, action: 'art-2' };
      expect(await client().action('title.artwork', 'art-1', { subject: 't_1' })).toEqual({
        value: 'art-2',
        ...decided,
      });
      server.treatment = {
        ...treatment,
        kind: 'slate',
        value: undefined,
        slate: [
          { id: 'b', propensity: 0.6 },
          { id: 'a', propensity: 1 },
        ],
      };
      expect((await client().slate('home.rows', ['a', 'b'], { limit: 2, expose: true })).value).toEqual([
        'b',
        'a',
      ]);
      expect(server.received[2]?.body).toMatchObject({
        expose: false,
        requests: [{ surface: 'home.rows', limit: 2 }],
      });
      // What is shown for certain is exposed by an event, once the answer is there to be shown.
      await until(() => server.events.length === 1);
      expect(server.events[0]).toMatchObject({ kind: 'exposure', decisionId: decided.decisionId });
    });

    const failures: readonly (readonly [string, Reply, string, string])[] = [
      ['the server hangs', 'hang', 'CLIENT_TIMEOUT', 'CLIENT_TIMEOUT'],
      ['the connection breaks', 'reset', 'CLIENT_UNREACHABLE', 'CLIENT_UNREACHABLE'],
      ['the key is refused', { status: 401 }, 'CLIENT_REFUSED', 'http_401'],
      ['the server is overloaded', { status: 503 }, 'CLIENT_REFUSED', 'http_503'],
      [
        'the answer is something else',
        { status: 200, body: 'maintenance' },
        'CLIENT_NO_ANSWER',
        'CLIENT_NO_ANSWER',
      ],
      ['the answer is empty', { status: 200, body: { treatments: [] } }, 'CLIENT_NO_ANSWER', ''],
    ];
    it.each(failures)('gives the default when %s', async (_what, reply, reason, reported) => {
      server.replies.push(reply);
      const answer = await client({ timeoutMs: reply === 'hang' ? 100 : 10_000 }).value('home.hero', 'small');
      expect(answer).toEqual({ value: 'small', decisionId: null, experiment: null, arm: null, reason });
      expect(problems.map((problem) => problem.reason)).toEqual(reported === '' ? [] : [reported]);
    });

    it('gives the default when nothing listens, at once', async () => {
      await server.stop();
      const began = performance.now();
      expect(await client().slate('home.rows', ['a'])).toMatchObject({
        value: ['a'],
        reason: 'CLIENT_UNREACHABLE',
      });
      expect(performance.now() - began).toBeLessThan(5_000);
      await server.start();
    });

    it('gives the default in place of a value of another type, an empty slate or an unknown surface', async () => {
      expect(await client().value('home.hero', 3)).toMatchObject({
        value: 3,
        decisionId: null,
        reason: 'CLIENT_WRONG_TYPE',
      });
      expect(await client().value('home.hero', ['x'])).toMatchObject({
        value: ['x'],
        reason: 'CLIENT_WRONG_TYPE',
      });
      expect(await client().action('home.hero', 'a')).toMatchObject({
        value: 'a',
        reason: 'CLIENT_WRONG_TYPE',
      });
      expect(await client().value('home.hero', null)).toMatchObject({ value: 'big', reason: 'SPLIT' });
      server.treatment = { ...treatment, kind: 'action', action: null, reason: 'SPLIT', withheld: true };
      // Shown is the caller's own default, and its exposure counts: that is what the lift of showing is measured by.
      expect(await client().action('home.hero', 'mine')).toMatchObject({
        value: 'mine',
        decisionId: treatment.decisionId,
        withheld: true,
      });
      server.treatment = { ...treatment, value: null, reason: 'UNKNOWN_SURFACE' };
      expect(await client().value('nowhere', true)).toMatchObject({ value: true, reason: 'UNKNOWN_SURFACE' });
    });

    it('never throws, whatever it is given', async () => {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      const broken = client({
        context: cycle as never,
        onProblem: () => {
          throw new Error('logger');
        },
      });
      server.replies.push({ status: 400 });
      expect(await broken.value('home.hero', 'small')).toMatchObject({
        value: 'small',
        reason: 'CLIENT_REFUSED',
      });
      server.replies.push({ status: 400 });
      expect((await client().value('home.hero', 'small', { subject: 1n as never })).value).toBe('small');
      broken.outcome('play', { properties: cycle as never });
      expect(await broken.flush()).toBe(true);
      expect(await client({ url: 'not a url' }).value('home.hero', 'small')).toMatchObject({
        reason: 'CLIENT_UNREACHABLE',
      });
    });
  });

  describe('events', () => {
    it('sends exposures and outcomes in one batch, dated at capture', async () => {
      const one = client({ flushMs: 60_000 });
      one.expose('01DECISION', { position: 2 });
      one.expose(null);
      one.outcome('watch', {
        decisionId: '01DECISION',
        value: 40,
        itemId: 't_1',
        at: new Date(0),
        properties: { quality: 'hd' },
      });
      expect(server.events).toEqual([]);
      expect(await one.flush()).toBe(true);
      expect(server.received).toHaveLength(1);
      const [seen, watched] = server.events;
      expect(seen).toMatchObject({
        kind: 'exposure',
        unitId: 'm_1',
        decisionId: '01DECISION',
        position: 2,
        id: 'seen-01DECISION-2',
      });
      expect(Math.abs(Date.parse(String(seen?.['at'])) - Date.now())).toBeLessThan(5_000);
      expect(watched).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        kind: 'outcome',
        name: 'watch',
        unitId: 'm_1',
        decisionId: '01DECISION',
        value: 40,
        itemId: 't_1',
        at: '1970-01-01T00:00:00.000Z',
        properties: { quality: 'hd' },
      });
    });

    it('gives an exposure said twice the same id', async () => {
      const one = client();
      one.expose('d');
      one.expose('d');
      one.expose('d', { position: 0 });
      await one.flush();
      expect(server.events.map(({ id }) => id)).toEqual(['seen-d-', 'seen-d-', 'seen-d-0']);
    });

    it('leaves at the size of a batch, or after the time to wait', async () => {
      const bySize = client({ flushAt: 3, flushMs: 60_000 });
      for (let i = 0; i < 3; i++) bySize.outcome('play');
      await until(() => server.events.length === 3);
      client({ flushMs: 20 }).outcome('pause');
      await until(() => server.events.length === 4);
    });

    const away: readonly (readonly [string, Reply])[] = [
      ['503', { status: 503 }],
      ['429', { status: 429 }],
      ['500', { status: 500 }],
      ['a broken connection', 'reset'],
    ];
    it.each(away)('sends the same events again after %s, by itself', async (_what, reply) => {
      server.replies.push(reply, reply, reply);
      const one = client({ flushAt: 1 });
      one.outcome('play');
      await until(() => server.events.length === 1);
      expect(problems.filter(({ what }) => what === 'events')).toHaveLength(3);
      expect(lost()).toBe(0);
    });

    it('keeps the id of an event that is sent again', async () => {
      const seen: unknown[] = [];
      const spy: typeof fetch = (input, init) => {
        seen.push((JSON.parse(String(init?.body)) as Received['body']).events[0]?.['id']);
        return fetch(input, init);
      };
      server.replies.push('reset', { status: 503 });
      client({ flushAt: 1, fetch: spy }).outcome('play');
      await until(() => server.events.length === 1);
      expect(seen).toHaveLength(3);
      expect(new Set(seen).size).toBe(1);
    });

    it('waits as long as Retry-After asks, also when told to flush', async () => {
      server.replies.push({ status: 503, headers: { 'retry-after': '1' } });
      const one = client({ flushAt: 1 });
      const began = performance.now();
      one.outcome('play');
      await until(() => problems.length === 1);
      expect(await one.flush()).toBe(false);
      expect(server.events).toEqual([]);
      await until(() => server.events.length === 1);
      expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    });

    it('goes on once the server is back', async () => {
      await server.stop();
      const one = client({ flushAt: 2 });
      for (let i = 0; i < 5; i++) one.outcome('play', { value: i });
      await until(() => problems.length >= 2);
      await server.start();
      await until(() => server.events.length === 5);
      expect(server.events.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4]);
    });

    it('reports what the server rejects, and does not send it again', async () => {
      server.replies.push({
        status: 202,
        body: { accepted: 1, rejected: [{ index: 1, code: 'invalid_name', message: '' }] },
      });
      const one = client({ flushMs: 60_000 });
      one.outcome('play');
      one.outcome('No Name');
      expect(await one.flush()).toBe(true);
      expect(problems).toEqual([{ what: 'events', reason: 'invalid_name', lost: 1 }]);
      expect(server.events).toHaveLength(2);
      server.replies.push({
        status: 400,
        body: { accepted: 0, rejected: [{ index: 0, code: 'invalid_name', message: '' }] },
      });
      one.outcome('No Name');
      expect(await one.flush()).toBe(true);
      expect(lost()).toBe(2);
    });

    it('gives up on a batch that is refused for good, and goes on with the next', async () => {
      server.replies.push({ status: 401 });
      const one = client({ flushAt: 2, flushMs: 60_000 });
      one.outcome('play');
      one.outcome('play');
      await until(() => lost() === 2);
      one.outcome('pause');
      expect(await one.flush()).toBe(true);
      expect(server.events.map(({ name }) => name)).toEqual(['pause']);
    });

    it('halves a batch that is too large', async () => {
      server.replies.push({ status: 413 }, { status: 413 });
      const one = client({ flushAt: 8, flushMs: 60_000 });
      for (let i = 0; i < 8; i++) one.outcome('play');
      expect(await one.flush()).toBe(true);
      expect(server.received.map(({ body }) => body.events.length)).toEqual([2, 2, 2, 2]);
      expect(lost()).toBe(0);
    });

    it('drops the oldest beyond its bound, and says so', async () => {
      await server.stop();
      const one = client({ maxQueued: 3, flushMs: 60_000 });
      for (let i = 0; i < 5; i++) one.outcome('play', { value: i });
      expect(problems).toEqual([
        { what: 'events', reason: 'queue_full', lost: 1 },
        { what: 'events', reason: 'queue_full', lost: 1 },
      ]);
      await server.start();
      expect(await one.flush()).toBe(true);
      expect(server.events.map(({ value }) => value)).toEqual([2, 3, 4]);
    });

    it('sends for another unit through the same queue', async () => {
      const one = client({ flushMs: 60_000 });
      one.forUnit('m_2').outcome('play');
      one.outcome('play');
      await one.flush();
      expect(server.received).toHaveLength(1);
      expect(server.events.map(({ unitId }) => unitId)).toEqual(['m_2', 'm_1']);
    });

    it('sends the rest when it is closed, and takes nothing afterwards', async () => {
      const one = client({ flushMs: 60_000 });
      one.outcome('play');
      expect(await one.close()).toBe(true);
      one.outcome('play');
      expect(server.events).toHaveLength(1);
      expect(problems).toEqual([{ what: 'events', reason: 'closed', lost: 1 }]);
    });

    it('says what is left when it is closed while the server is away', async () => {
      await server.stop();
      const one = client({ flushMs: 60_000 });
      one.outcome('play');
      expect(await one.close()).toBe(false);
      expect(problems.at(-1)).toEqual({ what: 'events', reason: 'closed', lost: 1 });
      await server.start();
    });
  });

  describe('in a page', () => {
    it('tries again soon when the page is in view again, whatever the delay', async () => {
      const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
      Object.assign(globalThis, { document: page });
      try {
        const one = client({ retryMs: [3_600_000, 3_600_000] });
        server.replies.push({ status: 503 });
        one.outcome('play');
        expect(await one.flush()).toBe(false);
        page.dispatchEvent(new Event('visibilitychange'));
        await until(() => server.events.length === 1);
      } finally {
        delete (globalThis as { document?: unknown }).document;
      }
    });

    it('sends everything, also what is under way, when the page is hidden', async () => {
      const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
      Object.assign(globalThis, { document: page });
      try {
        const kept: (boolean | undefined)[] = [];
        const spy: typeof fetch = (input, init) => {
          kept.push(init?.keepalive);
          return fetch(input, init);
        };
        const one = client({ flushAt: 1, fetch: spy });
        server.replies.push('hang');
        one.outcome('play');
        one.outcome('pause');
        await until(() => kept.length === 1);
        page.dispatchEvent(new Event('visibilitychange'));
        expect(kept).toEqual([false]);
        page.visibilityState = 'hidden';
        page.dispatchEvent(new Event('visibilitychange'));
        await until(() => server.events.length === 2);
        expect(kept).toEqual([false, true]);
      } finally {
        delete (globalThis as { document?: unknown }).document;
      }
    });
  });
});
