import http from 'node:http';
import { GrowthBook, setPolyfills } from '@growthbook/growthbook';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { OpenFeature as WebOpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import type { Provider as WebProvider } from '@openfeature/web-sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventSource } from 'eventsource';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKey } from '../access/keys.js';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import type { Treatment } from '../serving/serve-treatments.js';
import { attributesOf, postAll, seedClientsWorld } from './clients.fixtures.js';

const UNITS = 10_000;
const LOCAL = ['text', 'number', 'bool', 'object', 'promo', 'nothing'];
/** Of one key. */
const STREAMS = 6;
const PER_SECOND = 10;

interface Seen {
  readonly status: number;
  readonly etag: string | null;
  readonly asked: string | null;
}

/** What an SDK makes of a surface by itself, where it is not what was served; else null. */
function differenceOf(
  gb: GrowthBook,
  { surface, value, experiment, arm, reason }: Treatment,
): unknown[] | null {
  const local = gb.evalFeature(surface);
  const { experiment: run, experimentResult: result } = local;
  const assigned = local.source === 'experiment' ? [run?.key, result?.key] : [];
  const served = reason === 'SPLIT' ? [experiment, arm] : [];
  const same = JSON.stringify([assigned, local.value]) === JSON.stringify([served, value]);
  return same ? null : [surface, assigned, served, local.value, value];
}

describe('clients of others, unmodified', () => {
  let api: TestApi;
  let host: string;
  /** Each with a limit of its own. */
  const keys: string[] = [];
  /** A unit that is in several experiments. */
  let unit = 0;
  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 15_000;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error('waited in vain');
      await sleep(10);
    }
  };
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${host}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${api.keys.publishable}`,
        ...headers,
      },
      body: JSON.stringify(body),
    });
  const treatments = async (unitId: string, context: unknown, expose = false): Promise<Treatment[]> => {
    const requests = [...LOCAL, 'art'].map((surface) => ({ surface }));
    const answer = await post('/v1/treatments', { unitId, context, requests, expose });
    return ((await answer.json()) as { treatments: Treatment[] }).treatments;
  };

  beforeAll(async () => {
    api = await startTestApi({
      MARQUEE_CORS_ORIGINS: 'https://app.example',
      MARQUEE_EVALUATIONS_PER_SECOND: String(PER_SECOND),
      MARQUEE_STREAMS_PER_KEY: String(STREAMS),
    });
    await seedClientsWorld(api.db.database);
    await api.db.database.query(`select pg_notify('marquee_catalog', '')`);
    await api.running.app.listen(0, '127.0.0.1');
    host = `http://127.0.0.1:${(api.running.app.getHttpServer().address() as AddressInfo).port}`;
    for (let i = 0; i < 6; i++) keys.push((await createKey(api.db.database, 'Test', 'publishable')).key);
    await until(async () => (await treatments('u1', {})).every(({ reason }) => reason !== 'UNKNOWN_SURFACE'));
    await until(async () => (await fetch(`${host}/api/features/${keys.at(-1)}`)).status === 200);
    const inSeveral = async (): Promise<boolean> =>
      (await treatments(`u${unit}`, attributesOf(unit))).filter(({ reason }) => reason === 'SPLIT').length >
      2;
    while (!(await inSeveral())) unit++;
    Object.assign(globalThis, { EventSource });
  });
  afterAll(async () => {
    await OpenFeature.close();
    await WebOpenFeature.close();
    await api.close();
  });

  describe('OpenFeature on a server', () => {
    const urls: string[] = [];
    let onLimited: () => void = () => undefined;
    const setUp = async (domain: string, baseUrl: string, key: string): Promise<void> => {
      const provider = new OFREPProvider({
        baseUrl,
        headers: [['X-API-Key', key]],
        fetchImplementation: async (input: string | URL | Request, init?: RequestInit) => {
          const answer = await fetch(input, init);
          urls.push(input instanceof Request ? input.url : String(input));
          if (answer.status === 429) onLimited();
          return answer;
        },
      });
      await OpenFeature.setProviderAndWait(domain, provider);
    };

    it('reads values of every type, with arm, reason and decision', async () => {
      await setUp('main', host, keys[0] ?? '');
      const client = OpenFeature.getClient('main');
      const context = { targetingKey: `u${unit}`, ...attributesOf(unit) } as never;
      const known = await treatments(`u${unit}`, attributesOf(unit));
      const byKey = new Map(known.map((one) => [one.surface, one]));
      const answers = {
        bool: await client.getBooleanDetails('bool', false, context),
        text: await client.getStringDetails('text', '', context),
        number: await client.getNumberDetails('number', 0, context),
        object: await client.getObjectDetails('object', {}, context),
      };
      for (const [key, { value, variant, errorCode, flagMetadata }] of Object.entries(answers)) {
        const expected = byKey.get(key);
        expect([key, errorCode, value, variant ?? null]).toEqual([
          key,
          undefined,
          expected?.value,
          expected?.arm,
        ]);
        expect(flagMetadata).toMatchObject({ reason: expected?.reason, exposure: 'deferred' });
        expect(flagMetadata['decisionId']).toMatch(/^[0-9A-Z]{26}$/);
      }
      const art = await client.getStringDetails('art', '', context);
      expect(['a1', 'a2', 'a3']).toContain(art.value);
      expect(await client.getObjectValue('rows', {}, context)).toEqual({ items: ['r1', 'r2'] });
      // Seen, by the decision's id alone: the unit is the server's to know. Twice counts once.
      for (const _time of [1, 2]) {
        const exposed = await post('/v1/exposures', { decisionId: art.flagMetadata['decisionId'] });
        expect([exposed.status, await exposed.json()]).toEqual([202, { accepted: 1, rejected: [] }]);
      }
      const unknown = await post('/v1/exposures', {
        exposures: [{ decisionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
      });
      expect(unknown.status).toBe(404);
    });

    it('keeps what a bandit drew, which draws anew for every other decision', async () => {
      await setUp('bandit', host, keys[1] ?? '');
      const client = OpenFeature.getClient('bandit');
      const draws = async (targetingKey: string): Promise<string[]> => {
        const seen = await Promise.all(
          [1, 2, 3].map(() => client.getStringValue('art', '', { targetingKey })),
        );
        return [...new Set(seen)];
      };
      for (const one of ['b1', 'b2', 'b3']) expect(await draws(one)).toHaveLength(1);
      // Polls of a page, each decided anew as it sends no tag: the same, and what the server's client got.
      const [kept] = await draws('b1');
      for (const _poll of [1, 2, 3]) {
        const bulk = await post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'b1' } });
        const { flags } = (await bulk.json()) as { flags: { key: string; value?: unknown }[] };
        expect(flags.find(({ key }) => key === 'art')?.value).toBe(kept);
      }
      const anew = await Promise.all(Array.from({ length: 20 }, () => treatments('b1', {})));
      expect(new Set(anew.map((one) => one.at(-1)?.action)).size).toBeGreaterThan(1);
    });

    it('tells faults by their codes, and the default is the answer', async () => {
      await setUp('faults', host, keys[2] ?? '');
      const client = OpenFeature.getClient('faults');
      const code = async (key: string, context: object): Promise<unknown[]> => {
        const { value, errorCode, errorMessage } = await client.getStringDetails(
          key,
          'mine',
          context as never,
        );
        expect([key, errorMessage]).toEqual([key, expect.stringMatching(/./)]);
        return [value, errorCode];
      };
      expect(await code('absent', { targetingKey: 'u1' })).toEqual(['mine', 'FLAG_NOT_FOUND']);
      expect(await code('text', { country: 'FR' })).toEqual(['mine', 'TARGETING_KEY_MISSING']);
      expect(await code('text', { targetingKey: 'u1', a: { b: { c: { d: 1 } } } })).toEqual([
        'mine',
        'INVALID_CONTEXT',
      ]);
      expect(await code('text', { targetingKey: 'u1', long: 'x'.repeat(600) })).toEqual([
        'mine',
        'INVALID_CONTEXT',
      ]);
      expect(await code('number', { targetingKey: 'u1' })).toEqual(['mine', 'TYPE_MISMATCH']);
      const raw = await fetch(`${host}/ofrep/v1/evaluate/flags/text`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': api.keys.publishable },
        body: '{"context":',
      });
      expect([raw.status, await raw.json()]).toEqual([
        400,
        { key: 'text', errorCode: 'PARSE_ERROR', errorDetails: 'The body is not valid JSON' },
      ]);
      const list = await post('/ofrep/v1/evaluate/flags', { context: [] });
      expect([list.status, await list.json()]).toMatchObject([400, { errorCode: 'INVALID_CONTEXT' }]);
    });

    it('asks nothing more until Retry-After has passed', async () => {
      await setUp('busy', host, keys[3] ?? '');
      const client = OpenFeature.getClient('busy');
      const ask = (key: string) => client.getStringDetails(key, 'mine', { targetingKey: 'u1' });
      const limited = new Promise<void>((resolve) => (onLimited = resolve));
      const burst = Promise.all(Array.from({ length: PER_SECOND * 6 }, () => ask('text')));
      await limited;
      await sleep(20);
      expect(await ask('promo')).toMatchObject({ value: 'mine', errorCode: 'GENERAL' });
      const answers = await burst;
      expect(answers.filter(({ errorCode }) => errorCode === undefined).length).toBeGreaterThanOrEqual(
        PER_SECOND,
      );
      expect(urls.filter((url) => url.endsWith('/promo'))).toEqual([]);
      await sleep(1_100);
      expect(await ask('promo')).toMatchObject({ reason: expect.stringMatching(/SPLIT|DEFAULT/) });
      expect(urls.at(-1)).toMatch(/promo$/);
    });

    it('answers with the default where the server is away', async () => {
      await setUp('away', 'http://127.0.0.1:9', api.keys.publishable);
      const away = await OpenFeature.getClient('away').getStringDetails('text', 'mine', {
        targetingKey: 'u1',
      });
      expect(away).toMatchObject({ value: 'mine', errorCode: 'GENERAL' });
    });
  });

  describe('OpenFeature in a browser', () => {
    const fetched: Seen[] = [];
    const provider = (baseUrl = host): OFREPWebProvider =>
      new OFREPWebProvider({
        baseUrl,
        headers: [['Authorization', `Bearer ${api.keys.publishable}`]],
        cacheMode: 'disabled',
        fetchImplementation: async (input: string | URL | Request, init?: RequestInit) => {
          const request = input instanceof Request ? input : new Request(input, init);
          const asked = request.headers.get('if-none-match');
          const answer = await fetch(request);
          fetched.push({ status: answer.status, etag: answer.headers.get('etag'), asked });
          return answer;
        },
      });

    it('reads everything at once, keeps it while nothing changes, and is told of changes', async () => {
      await WebOpenFeature.setContext({ targetingKey: `u${unit}`, ...attributesOf(unit) } as never);
      const mine = provider();
      await WebOpenFeature.setProviderAndWait(mine as unknown as WebProvider);
      const client = WebOpenFeature.getClient();
      const known = new Map(
        (await treatments(`u${unit}`, attributesOf(unit))).map((one) => [one.surface, one]),
      );
      expect(client.getBooleanValue('bool', false)).toBe(known.get('bool')?.value);
      expect(client.getStringDetails('text', '')).toMatchObject({ value: known.get('text')?.value });
      expect(client.getNumberValue('number', 0)).toBe(known.get('number')?.value);
      expect(client.getObjectValue('object', {})).toEqual(known.get('object')?.value);
      expect(client.getObjectValue('rows', {})).toEqual({ items: ['r1', 'r2'] });
      expect(client.getStringDetails('nothing', 'mine')).toMatchObject({ value: 'mine', reason: 'DEFAULT' });
      expect(client.getStringDetails('absent', 'mine')).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
      const art = client.getStringDetails('art', '');
      // A context that is the same in another order: the same answers, and no decision.
      const turned = Object.fromEntries(Object.entries(attributesOf(unit)).reverse());
      await WebOpenFeature.setContext({ ...turned, targetingKey: `u${unit}` } as never);
      expect(fetched.map(({ status }) => status)).toEqual([200, 304]);
      expect(fetched[1]?.asked).toBe(fetched[0]?.etag);
      expect(client.getStringDetails('art', '').flagMetadata).toEqual(art.flagMetadata);
      const changes: unknown[] = [];
      client.addHandler(ProviderEvents.ConfigurationChanged, (event) => changes.push(event?.flagsChanged));
      await api.db.database.query(`update surface set default_value = '"fresh"' where key = 'nothing'`);
      await api.db.database.query(`select pg_notify('marquee_catalog', '')`);
      await until(() => changes.length > 0);
      expect(client.getStringValue('nothing', 'mine')).toBe('fresh');
      expect(fetched.at(-1)).toMatchObject({ status: 200, asked: fetched[0]?.etag });
      await mine.onClose?.();
    });

    it('has defaults where nobody is named, or the server is away', async () => {
      const start = (domain: string, one: OFREPWebProvider): Promise<void> =>
        WebOpenFeature.setProviderAndWait(domain, one as unknown as WebProvider);
      await WebOpenFeature.setContext('nobody', { country: 'FR' });
      // This provider keeps no code of a bulk request; what it was sent stands below.
      await expect(start('nobody', provider())).rejects.toThrow('status: 400');
      await WebOpenFeature.setContext('nested', { targetingKey: 'u1', a: { b: { c: { d: 1 } } } });
      await expect(start('nested', provider())).rejects.toThrow('status: 400');
      await WebOpenFeature.setContext('away', { targetingKey: 'u1' });
      await expect(start('away', provider('http://127.0.0.1:9'))).rejects.toThrow();
      for (const domain of ['nobody', 'nested', 'away'])
        expect(WebOpenFeature.getClient(domain).getStringValue('text', 'mine')).toBe('mine');
      const sent = await post('/ofrep/v1/evaluate/flags', { context: { country: 'FR' } });
      expect([sent.status, await sent.json()]).toEqual([
        400,
        { errorCode: 'TARGETING_KEY_MISSING', errorDetails: expect.stringContaining('targetingKey') },
      ]);
    });

    it('keeps what it has while too much is asked, and asks nothing until Retry-After has passed', async () => {
      const key = keys[5] ?? '';
      const statuses: number[] = [];
      const busy = new OFREPWebProvider({
        baseUrl: host,
        headers: [['X-API-Key', key]],
        cacheMode: 'disabled',
        fetchImplementation: async (input: string | URL | Request, init?: RequestInit) => {
          const answer = await fetch(input, init);
          statuses.push(answer.status);
          return answer;
        },
      });
      await WebOpenFeature.setContext('busy', { targetingKey: `u${unit}`, ...attributesOf(unit) } as never);
      await WebOpenFeature.setProviderAndWait('busy', busy as unknown as WebProvider);
      const text = (): string => WebOpenFeature.getClient('busy').getStringValue('text', 'mine');
      const evaluate = (): Promise<Response> =>
        post(
          '/ofrep/v1/evaluate/flags',
          { context: { targetingKey: 'u1' } },
          { authorization: `Bearer ${key}` },
        );
      const move = (i: number): Promise<unknown> =>
        WebOpenFeature.setContext('busy', { targetingKey: `u${i}` }).catch(() => undefined);
      const limited: unknown[] = [];
      let flooding = true;
      const flood = async (): Promise<void> => {
        while (flooding) {
          const answer = await evaluate();
          const body: unknown = await answer.json();
          if (answer.status === 429) limited.push([answer.headers.get('retry-after'), body]);
        }
      };
      const floods = Promise.all(Array.from({ length: PER_SECOND * 3 }, flood));
      await until(() => limited.length > 0);
      let before = '';
      // A request between two others may still have a turn.
      for (let i = 0; statuses.at(-1) !== 429 && i < 20; i++) {
        before = text();
        await move(i);
      }
      flooding = false;
      await floods;
      expect(limited[0]).toEqual([
        '1',
        { errorCode: 'GENERAL', errorDetails: expect.stringContaining('second') },
      ]);
      expect([statuses.at(-1), text()]).toEqual([429, before]);
      const asked = statuses.length;
      await move(20);
      expect([statuses.length, text()]).toEqual([asked, before]);
      await busy.onClose?.();
    });

    it('may be asked from the origins that are configured', async () => {
      const preflight = async (path: string, origin: string): Promise<Response> =>
        fetch(`${host}${path}`, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization,content-type,if-none-match,x-api-key',
          },
        });
      const allowed = await preflight('/ofrep/v1/evaluate/flags', 'https://app.example');
      expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
      expect(allowed.headers.get('access-control-allow-headers')).toContain('if-none-match');
      const other = await preflight('/ofrep/v1/evaluate/flags', 'https://other.example');
      expect(other.headers.get('access-control-allow-origin')).not.toBe('https://other.example');
      const any = await preflight('/api/eval/x', 'https://other.example');
      expect(any.headers.get('access-control-allow-origin')).toBe('*');
    });
  });

  describe('GrowthBook', () => {
    const tracked: { experiment: string; variation: string; decisionId: string | undefined }[] = [];
    const make = (remoteEval: boolean, id: string, attributes: object): GrowthBook =>
      new GrowthBook({
        apiHost: host,
        clientKey: api.keys.publishable,
        remoteEval,
        attributes: { ...attributes, id },
        trackingCallback: (experiment, result) => {
          const { decisionId } = result as { decisionId?: string };
          tracked.push({ experiment: experiment.key, variation: result.key, decisionId });
        },
      });

    it(`assigns ${UNITS} units by itself as ${UNITS} requests for treatments do: layers, targeting, holdouts, prerequisites, clusters`, async () => {
      const gb = make(false, 'u0', {});
      await gb.init();
      expect(Object.keys(gb.getFeatures()).sort()).toEqual(
        ['$arms:text', '$holdout:text', '$holdout:object', '$holdout:promo', ...LOCAL].sort(),
      );
      const requests = LOCAL.map((surface) => ({ surface }));
      const bodies = Array.from({ length: UNITS }, (_, i) =>
        JSON.stringify({ unitId: `u${i}`, context: attributesOf(i), requests }),
      );
      const wrong: unknown[] = [];
      const arms = new Map<string, number>();
      const answers = await postAll(`${host}/v1/treatments`, api.keys.publishable, bodies);
      for (const [i, text] of answers.entries()) {
        await gb.setAttributes({ ...attributesOf(i), id: `u${i}` });
        for (const treatment of (JSON.parse(text) as { treatments: Treatment[] }).treatments) {
          const difference = differenceOf(gb, treatment);
          if (difference) wrong.push([i, ...difference]);
          const way = `${treatment.experiment} ${treatment.arm}`;
          arms.set(way, (arms.get(way) ?? 0) + 1);
        }
      }
      expect(wrong.slice(0, 5)).toEqual([]);
      // All ways were gone.
      for (const way of [
        'text-eu arm0',
        'text-eu arm2',
        'text-rest arm1',
        'number-device arm0',
        'bool-home arm1',
      ])
        expect([way, arms.get(way)]).toEqual([way, expect.any(Number)]);
      for (const way of ['object-shipped arm1', 'object-paused null', 'promo arm1', 'null null'])
        expect([way, arms.get(way)]).toEqual([way, expect.any(Number)]);
      gb.destroy();
    }, 180_000);

    it('feeds exposures back: the server makes the same decision again, and it counts as seen', async () => {
      tracked.length = 0;
      const gb = make(false, `u${unit}`, attributesOf(unit));
      await gb.init();
      for (const key of LOCAL) gb.evalFeature(key);
      const again = await treatments(`u${unit}`, attributesOf(unit), true);
      const experiments = again.filter(({ reason }) => reason === 'SPLIT');
      expect(experiments.length).toBeGreaterThan(0);
      for (const { experiment, arm } of experiments)
        expect(tracked).toContainEqual({ experiment, variation: arm, decisionId: undefined });
      gb.destroy();
    });

    it('has policies decided by the server, with the decision in what is tracked', async () => {
      tracked.length = 0;
      const gb = make(true, 'u5', attributesOf(5));
      await gb.init();
      expect(['a1', 'a2', 'a3']).toContain(gb.getFeatureValue('art', ''));
      const seen = tracked.find(({ experiment }) => experiment === 'artwork');
      expect(seen).toMatchObject({
        variation: 'bandit',
        decisionId: expect.stringMatching(/^[0-9A-Z]{26}$/),
      });
      expect((await post('/v1/exposures', { decisionId: seen?.decisionId })).status).toBe(202);
      const eu = (await treatments('u5', attributesOf(5))).filter(({ surface }) => LOCAL.includes(surface));
      for (const { surface, value } of eu)
        expect([surface, gb.evalFeature(surface).value]).toEqual([surface, value]);
      gb.destroy();
    });

    it('gets changes as they are made, may keep the payload, and is told of a bad key', async () => {
      setPolyfills({ EventSource, fetch });
      const gb = make(false, 'u6', {});
      await gb.init({ streaming: true });
      expect(gb.getFeatureValue('nothing', null)).toBe('fresh');
      await api.db.database.query(`update surface set default_value = '"newer"' where key = 'nothing'`);
      await api.db.database.query(`select pg_notify('marquee_catalog', '')`);
      await until(() => (gb.getFeatureValue('nothing', null) as unknown) === 'newer');
      gb.destroy();
      const features = await fetch(`${host}/api/features/${api.keys.publishable}`);
      const etag = features.headers.get('etag') ?? '';
      expect(features.headers.get('cache-control')).toContain('max-age=30');
      const kept = await fetch(features.url, { headers: { 'if-none-match': etag } });
      expect(kept.status).toBe(304);
      for (const key of ['mq_pub_unknown', api.keys.secret]) {
        const bad = await fetch(`${host}/api/features/${key}`);
        expect([bad.status, bad.headers.get('x-unrecoverable'), await bad.json()]).toMatchObject([
          400,
          '1',
          { status: 400 },
        ]);
      }
      const evaluate = (body: unknown): Promise<Response> => post(`/api/eval/${keys[4]}`, body);
      const forced = await evaluate({
        attributes: { id: 'u1' },
        forcedVariations: { promo: 1, artwork: 0 },
        forcedFeatures: [
          ['text', 'mine'],
          ['absent', 1],
        ],
      });
      const { features: answered } = (await forced.json()) as { features: Record<string, unknown> };
      expect(answered).toMatchObject({ text: { defaultValue: 'mine' }, promo: { defaultValue: 'b' } });
      expect(Object.keys(answered).sort()).toEqual([...LOCAL, 'art', 'rows'].sort());
      const nobody = await evaluate({ attributes: {} });
      expect([nobody.status, await nobody.json()]).toMatchObject([400, { status: 400 }]);
    });

    it('keeps room for the streams of other keys, and for the next when one ends', async () => {
      const [crowd, other] = await Promise.all(
        ['Crowd', 'Other'].map(async (name) => (await createKey(api.db.database, name, 'publishable')).key),
      );
      for (const key of [crowd, other])
        await until(async () => (await fetch(`${host}/api/features/${key}`)).status === 200);
      const opened: http.IncomingMessage[] = [];
      const open = async (path: string): Promise<http.IncomingMessage> => {
        const answer = await new Promise<http.IncomingMessage>((resolve, reject) =>
          http.get(`${host}${path}`, { agent: false }, resolve).on('error', reject),
        );
        opened.push(answer);
        return answer;
      };
      for (const path of [`/sub/${crowd}`, `/ofrep/v1/events/${crowd}`]) {
        const first = opened.length;
        for (let i = 0; i < STREAMS; i++) expect((await open(path)).statusCode).toBe(200);
        const refused = await open(path);
        expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '30']);
        expect(await text(refused)).toContain('streams of this key are open here already');
        expect((await open(path.replace(crowd ?? '', other ?? ''))).statusCode).toBe(200);
        opened[first]?.destroy();
        await until(async () => (await open(path)).statusCode === 200);
      }
      for (const one of opened) one.destroy();
    });

    it('ends streams whose key is revoked with the next change, which they are not told any more', async () => {
      const { id, key } = await createKey(api.db.database, 'Leaving', 'publishable');
      await until(async () => (await fetch(`${host}/api/features/${key}`)).status === 200);
      const streams = await Promise.all(
        [`/sub/${key}`, `/ofrep/v1/events/${key}`].map((path) => fetch(`${host}${path}`)),
      );
      expect(streams.map(({ status }) => status)).toEqual([200, 200]);
      await api.db.database.query('update api_key set revoked_at = now() where id = $1', [id]);
      await api.db.database.query(`select pg_notify('marquee_keys', '')`);
      await until(async () => (await fetch(`${host}/api/features/${key}`)).status !== 200);
      await api.db.database.query(`update surface set default_value = '"secret"' where key = 'nothing'`);
      await api.db.database.query(`select pg_notify('marquee_catalog', '')`);
      // A stream that stays open would never be read to its end.
      const told = (await Promise.all(streams.map((one) => one.text()))).join('');
      expect(told).not.toContain('secret');
      expect(told).not.toContain('refetchEvaluation');
    });
  });
});
