import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { createClient, exposeWhenSeen, exposureHook, slate, typed, value } from './index.js';
import type { Client, ClientOptions, ClientProblem, Store } from './index.js';
import { MarqueeProvider, useExposure, useTreatment } from './react/index.js';

type Mode = 'fine' | 'slow' | 500 | 429 | 'malformed' | 'down';

/** A real HTTP server in a given state. */
class Server {
  mode: Mode = 'fine';
  garbage = '{"treatments": [';
  readonly bodies: { path: string; body: Record<string, unknown> }[] = [];
  private readonly server = http.createServer((request, response) => void this.answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get events(): Record<string, unknown>[] {
    return this.bodies.flatMap(({ body }) => (body['events'] as Record<string, unknown>[] | undefined) ?? []);
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (this.mode === 'slow') return;
    if (this.mode === 'down') return void request.socket.destroy();
    if (typeof this.mode === 'number') {
      return void response.writeHead(this.mode, { 'retry-after': '0' }).end('{"status":500}');
    }
    const body = JSON.parse(text) as Record<string, unknown>;
    this.bodies.push({ path: request.url ?? '', body });
    if (this.mode === 'malformed') return void response.writeHead(200).end(this.garbage);
    const requests = body['requests'] as { surface: string }[] | undefined;
    const treatments = requests?.map(({ surface }, index) => ({
      ...{
        decisionId: `d-${this.bodies.length}-${index}`,
        surface,
        experiment: 'hero',
        arm: 'big',
        kind: 'value',
      },
      ...{ value: 'big', propensity: 0.5, policy: null, reason: 'SPLIT' },
    }));
    const answer = treatments ? { treatments } : { accepted: 1, rejected: [] };
    response.writeHead(treatments ? 200 : 202).end(JSON.stringify(answer));
  }
}

class MemoryStore implements Store {
  readonly items = new Map<string, string>();
  getItem = (name: string): string | null => this.items.get(name) ?? null;
  setItem = (name: string, text: string): void => void this.items.set(name, text);
  removeItem = (name: string): void => void this.items.delete(name);
}

const FAULTS: readonly (readonly [Mode, string])[] = [
  ['down', 'CLIENT_UNREACHABLE'],
  ['slow', 'CLIENT_TIMEOUT'],
  [500, 'CLIENT_REFUSED'],
  [429, 'CLIENT_REFUSED'],
  ['malformed', 'CLIENT_NO_ANSWER'],
];

/** Short where it will pass for nothing; a busy machine must not turn another fault into this one. */
const patience = (mode: Mode): number => (mode === 'slow' ? 80 : 10_000);

describe('the client when things go wrong', () => {
  let server: Server;
  let url: string;
  let problems: ClientProblem[];
  let clients: Client[];
  const client = (options: Partial<ClientOptions> = {}): Client => {
    const made = createClient({
      ...{ url, key: 'mq_pub_1', unitId: 'm_1', timeoutMs: 5_000, flushMs: 10, retryMs: [5, 20] },
      onProblem: (problem) => problems.push(problem),
      ...options,
    });
    clients.push(made);
    return made;
  };

  beforeEach(async () => {
    [server, problems, clients] = [new Server(), [], []];
    url = await server.start();
  });
  afterEach(async () => {
    for (const one of clients) await one.close();
    await server.stop();
  });

  describe('the last good answer', () => {
    it.each(FAULTS)('shows when the server is: %s', async (mode, reason) => {
      const store = new MemoryStore();
      const one = client({ store });
      const good = await one.value('home.hero', 'small');
      expect(good).toMatchObject({ value: 'big', decisionId: 'd-1-0' });
      expect(good.cached).toBeUndefined();
      server.mode = mode;
      // Another page of the same member on the same device, and the one that is open.
      for (const asked of [
        client({ store, timeoutMs: patience(mode) }),
        client({ store, timeoutMs: patience(mode) }),
      ]) {
        const again = {
          value: 'big',
          decisionId: 'd-1-0',
          experiment: 'hero',
          arm: 'big',
          cached: true,
          reason,
        };
        expect(await asked.value('home.hero', 'small')).toEqual(again);
        expect((await asked.treatments([{ surface: 'home.hero' }, { surface: 'other' }])).treatments).toEqual(
          [],
        );
      }
    });

    it.each(FAULTS)(
      'is never the answer to another, nor exposed as a default, when the server is: %s',
      async (mode) => {
        const store = new MemoryStore();
        const one = client({ store });
        await one.value('home.hero', 'small');
        server.mode = mode;
        const none = { value: 'small', decisionId: null };
        const asked = client({ store, timeoutMs: patience(mode) });
        expect(await asked.value('other', 'small', { expose: true })).toMatchObject(none);
        expect(await asked.forUnit('m_2').value('home.hero', 'small', { expose: true })).toMatchObject(none);
        const other = client({ store, unitId: 'm_2', timeoutMs: patience(mode) });
        expect(await other.value('home.hero', 'small', { expose: true })).toMatchObject(none);
        expect(store.items.size).toBe(0);
        server.mode = 'fine';
        expect(await asked.flush()).toBe(true);
        expect(server.events).toEqual([]);
      },
    );

    it('grows old, is no choice that the server did not make, and survives a broken store', async () => {
      const short = client({ cacheMs: 0, store: null });
      await short.value('home.hero', 'small');
      server.mode = 500;
      expect(await short.value('home.hero', 'small')).toMatchObject({ value: 'small', decisionId: null });
      const broken = (): never => {
        throw new Error('quota');
      };
      server.mode = 'fine';
      const one = client({ store: { getItem: broken, setItem: broken, removeItem: broken } });
      expect(await one.value('home.hero', 'small')).toMatchObject({ value: 'big' });
      const odd = new MemoryStore();
      odd.setItem(`marquee ${url}`, '{"unit":"member m_1","answers":[[1,2],null]}');
      server.mode = 500;
      expect(await client({ store: odd }).value('home.hero', 'small')).toMatchObject({ value: 'small' });
      expect(await one.value('home.hero', 'small', { expose: true })).toMatchObject({ cached: true });
      server.mode = 'fine';
      // What was shown from the cache was seen, as the decision that it is.
      expect(await one.flush()).toBe(true);
      expect(server.events).toMatchObject([{ kind: 'exposure', decisionId: 'd-2-0' }]);
    });
  });

  it.each([
    '{"treatments":[null],"rejected":[null]}',
    '{"treatments":["big"],"rejected":{"length":1}}',
    '{"treatments":{"0":{"value":"big"}},"rejected":"all"}',
    '{"treatments":[{"decisionId":"d","reason":"SPLIT","slate":[null],"action":7}],"rejected":[7]}',
    '{"treatments":[{"decisionId":"d","reason":"SPLIT","slate":"rows","action":{}}]}',
    '[]',
    'null',
  ])('shows the default for JSON that is no answer: %s', async (garbage) => {
    server.mode = 'malformed';
    server.garbage = garbage;
    const one = client({ store: null });
    const options = { expose: true };
    expect((await one.value('home.hero', 'small', options)).value).toBe('small');
    expect((await one.action('home.hero', 'mine', options)).value).toBe('mine');
    expect((await one.slate('home.hero', ['mine'], options)).value).toEqual(['mine']);
    expect((await one.prefetch('home.hero')).value).toEqual([]);
    await one.treatments([{ surface: 'home.hero' }], options);
    one.outcome('play');
    expect(await one.flush()).toBe(true);
  });

  it('exposes no answer that came too late', async () => {
    let release: (value: Response) => void = () => undefined;
    const held = new Promise<Response>((resolve) => (release = resolve));
    const late: typeof fetch = (input, init) =>
      String(input).endsWith('/v1/treatments')
        ? Promise.race([
            held,
            new Promise<never>((_resolve, reject) =>
              init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
            ),
          ])
        : fetch(input, init);
    const one = client({ fetch: late, timeoutMs: 30 });
    expect(await one.value('home.hero', 'small', { expose: true })).toMatchObject({
      reason: 'CLIENT_TIMEOUT',
    });
    release(
      new Response('{"treatments":[{"decisionId":"d","kind":"value","value":"big","reason":"SPLIT"}]}'),
    );
    await sleep(20);
    expect(await one.flush()).toBe(true);
    expect(server.bodies).toEqual([]);
  });

  describe('consent', () => {
    it('sends and stores nothing before it, and everything that waited after it', async () => {
      const store = new MemoryStore();
      const one = client({ consent: 'pending', store });
      expect(await one.value('home.hero', 'small')).toMatchObject({
        value: 'small',
        reason: 'CLIENT_NO_CONSENT',
      });
      one.outcome('play');
      expect(await one.flush()).toBe(false);
      await sleep(40);
      expect(server.bodies).toEqual([]);
      expect(store.items.size).toBe(0);
      one.setConsent('granted');
      expect(await one.value('home.hero', 'small')).toMatchObject({ value: 'big' });
      expect(await one.flush()).toBe(true);
      expect(server.events.map(({ name }) => name)).toEqual(['play']);
      expect(store.items.size).toBe(1);
    });

    it('is withdrawn: what waits is dropped, what is stored removed, nothing is sent any more', async () => {
      const store = new MemoryStore();
      const one = client({ store, flushMs: 60_000 });
      await one.value('home.hero', 'small');
      one.outcome('play');
      const asking = one.value('home.rows', 'small', { expose: true });
      one.forUnit('m_2').setConsent('denied');
      expect(await asking).toMatchObject({ value: 'small', decisionId: null, reason: 'CLIENT_NO_CONSENT' });
      one.outcome('pause');
      expect(await one.flush()).toBe(true);
      expect(server.events).toEqual([]);
      expect(store.items.size).toBe(0);
      expect(problems).toEqual([{ what: 'events', reason: 'no_consent', lost: 1 }]);
    });
  });

  describe('events that the page did not live to send', () => {
    it.each(FAULTS.filter(([mode]) => mode !== 'malformed' && mode !== 'slow'))(
      'are sent by the next page, once, after the server was: %s',
      async (mode) => {
        const store = new MemoryStore();
        server.mode = mode;
        const one = client({ store, flushMs: 60_000 });
        for (const name of ['play', 'pause']) one.outcome(name);
        expect(await one.close()).toBe(false);
        expect(problems.filter(({ lost }) => lost > 0)).toEqual([]);
        server.mode = 'fine';
        const [next, other] = [client({ store, flushMs: 60_000 }), client({ store, flushMs: 60_000 })];
        next.outcome('stop');
        expect([await next.flush(), await other.flush()]).toEqual([true, true]);
        const ids = new Map(server.events.map(({ id, name }) => [id, name]));
        expect([...ids.values()]).toEqual(['play', 'pause', 'stop']);
        expect(store.items.size).toBe(0);
        const last = client({ store });
        expect(await last.flush()).toBe(true);
        expect(server.events.length).toBeLessThanOrEqual(5);
      },
    );

    it('are bounded, wait for consent, go with it, and do no harm where they are broken', async () => {
      const store = new MemoryStore();
      server.mode = 500;
      const one = client({ store, maxQueued: 3, flushMs: 60_000, retryMs: [60_000, 60_000] });
      for (let i = 0; i < 3; i++) one.outcome(`play-${i}`);
      expect(await one.flush()).toBe(false);
      for (let i = 3; i < 6; i++) one.outcome(`play-${i}`);
      await one.close();
      const name = `marquee events ${url}`;
      const kept = JSON.parse(store.items.get(name) ?? '[]') as string[];
      expect(kept.map((text) => (JSON.parse(text) as { name: string }).name)).toEqual([
        'play-3',
        'play-4',
        'play-5',
      ]);
      server.mode = 'fine';
      const pending = client({ store, consent: 'pending' });
      expect(await pending.flush()).toBe(true);
      expect(server.events).toEqual([]);
      // As many wait in the page already: the oldest of the store go, and not the bound.
      server.mode = 500;
      const full = client({ store, consent: 'pending', maxQueued: 3, retryMs: [60_000, 60_000] });
      for (let i = 6; i < 9; i++) full.outcome(`play-${i}`);
      full.setConsent('granted');
      await full.flush();
      problems.length = 0;
      full.outcome('play-9');
      expect(problems).toMatchObject([{ reason: 'queue_full', lost: 1 }]);
      server.mode = 'fine';
      expect(await full.flush()).toBe(true);
      expect(server.events.map((event) => event['name'])).toEqual(['play-7', 'play-8', 'play-9']);
      server.bodies.length = 0;
      pending.setConsent('denied');
      expect(store.items.size).toBe(0);
      for (const broken of ['{', '{"a":1}', '[7,"{",null,"null","[]"]', 'null']) {
        store.setItem(name, broken);
        const next = client({ store });
        next.outcome('fine');
        expect(await next.flush()).toBe(true);
      }
      expect(server.events.map((event) => event['name'])).toEqual(['fine', 'fine', 'fine', 'fine']);
    });
  });

  it('gives each surface its own type', async () => {
    const get = typed(client(), {
      'home.hero': value<'small' | 'big'>('small'),
      'home.rows': slate(['new']),
    });
    const hero: 'small' | 'big' = (await get('home.hero')).value;
    const rows: readonly string[] = (await get('home.rows')).value;
    expect([hero, rows]).toEqual(['big', ['new']]);
    // @ts-expect-error a surface that was not declared
    expect(await get('home.hreo')).toMatchObject({ reason: 'SPLIT' });
  });

  it('exposes OpenFeature evaluations that Marquee answered, for their unit, and no defaults', async () => {
    const one = client({ flushMs: 60_000 });
    const hook = exposureHook(one);
    const flagMetadata = { decisionId: '01D' };
    hook.after({ context: { targetingKey: 'm_9' } }, { reason: 'SPLIT', flagMetadata });
    hook.after({}, { reason: 'TARGETING_MATCH', flagMetadata: { decisionId: '02D' } });
    hook.after({}, { reason: 'DEFAULT' });
    hook.after({}, { reason: 'ERROR', flagMetadata });
    hook.after({}, { reason: 'SPLIT', flagMetadata: { ...flagMetadata, exposure: 'recorded' } });
    // Held out: the code's default by the server's choice.
    hook.after({}, { reason: 'DEFAULT', flagMetadata: { decisionId: '03D', exposure: 'deferred' } });
    hook.after({}, { reason: 'SPLIT', errorCode: 'TYPE_MISMATCH', flagMetadata });
    hook.after({}, { reason: 'SPLIT' });
    expect(await one.flush()).toBe(true);
    expect(server.events.map(({ unitId, decisionId }) => [unitId, decisionId])).toEqual([
      ['m_9', '01D'],
      ['m_1', '02D'],
      ['m_1', '03D'],
    ]);
  });

  it('exposes at once where there is no IntersectionObserver, and never a default', async () => {
    const one = client({ flushMs: 60_000 });
    exposeWhenSeen(one, {}, null)();
    exposeWhenSeen(one, {}, '01D', { position: 3 })();
    expect(await one.flush()).toBe(true);
    expect(server.events).toMatchObject([{ decisionId: '01D', position: 3 }]);
  });

  it('renders on a server: the fallback, or what was fetched beforehand', async () => {
    const one = client();
    const Hero = () => {
      const shown = useTreatment('home.hero', 'small');
      return createElement('p', { ref: useExposure(shown) }, `${shown.value} ${shown.ready} ${shown.reason}`);
    };
    const page = (initial = {}) =>
      renderToString(createElement(MarqueeProvider, { client: one, initial }, createElement(Hero)));
    expect(page()).toBe('<p>small false CLIENT_PENDING</p>');
    expect(page({ 'home.hero': await one.value('home.hero', 'small') })).toBe('<p>big true SPLIT</p>');
    expect(() => renderToString(createElement(Hero))).toThrow('MarqueeProvider');
  });
});
