import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
interface Route {
  readonly method: Method;
  readonly url: string;
}

const ANYBODY = new Set(['GET /health/live', 'GET /health/ready', 'GET /v1/config/schema']);
const PUBLISHABLE = new Set([
  'POST /v1/treatments',
  'POST /v1/pages/x/serve',
  'POST /v1/events',
  'POST /v1/beacon',
  'POST /v1/track',
  'POST /v1/batch',
  'POST /v1/exposures',
  'POST /ofrep/v1/evaluate/flags/x',
  'POST /ofrep/v1/evaluate/flags',
]);
/** The key stands in the address, as GrowthBook's SDKs put it; one that is not known is a 400 to them. */
const KEY_IN_PATH = ['GET /api/features/x', 'POST /api/eval/x', 'GET /sub/x'];
const OFREP_STREAM = 'GET /ofrep/v1/events/x';
/** Questions that come with a body. */
const READS = new Set([
  'POST /v1/experiments/x/explain',
  'POST /v1/experiments/x/preview',
  // Looking at numbers that are blocked changes nothing but the audit log.
  'POST /v1/experiments/x/health/show-blocked',
  'POST /v1/analyses',
  'POST /v1/power',
  'POST /v1/reach',
  // Questions whose answers are kept nowhere.
  'POST /v1/decisions/x/counterfactual',
  'POST /v1/policies/x/replay',
  'POST /v1/policies/x/search',
  'POST /v1/segments/x/match',
  'POST /v1/config/plan',
  'POST /v1/config/import/growthbook',
  // A fact that a server tells, as it sends events: who has signed in.
  'POST /v1/identities',
  'POST /v1/identify',
  'POST /v1/alias',
  // A key's own views of the list; one that all share needs an admin.
  'POST /v1/experiment-views',
  'PATCH /v1/experiment-views/x',
  'DELETE /v1/experiment-views/x',
]);
const ADMIN_READS = [
  '/v1/keys',
  '/v1/audit',
  '/v1/units/x',
  '/v1/identities/x',
  '/v1/units/x/profile',
  '/v1/units/x/next-session',
  '/v1/webhooks',
  '/v1/webhooks/x/deliveries',
];

const nameOf = ({ method, url }: Route): string => `${method} ${url}`;

describe('the HTTP shell', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  it('answers an unknown route with a problem document', async () => {
    const answer = await api.request('GET', '/v1/nothing');
    expect(answer.status).toBe(404);
    expect(String(answer.headers['content-type'])).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('serves an OpenAPI 3.1 document', async () => {
    const answer = await api.request('GET', '/openapi.json', { key: null });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ openapi: '3.1.0' });
  });

  describe('every route of the contract', () => {
    let routes: Route[] = [];
    beforeAll(async () => {
      const document = (await api.request('GET', '/openapi.json', { key: null })).json<{
        paths: Record<string, Record<string, unknown>>;
      }>();
      routes = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => ({
          method: method.toUpperCase() as Method,
          url: path.replace(/\{[^}]+\}/g, 'x'),
        })),
      );
    });

    /** The routes that do not answer a key with the status. */
    async function exceptions(key: string | null, status: number): Promise<string[]> {
      const others: string[] = [];
      for (const route of routes) {
        const answer = await api.request(route.method, route.url, {
          key,
          ...(route.method === 'GET' ? {} : { body: {} }),
        });
        if (answer.status !== status) others.push(nameOf(route));
        else expect(String(answer.headers['content-type'])).toContain('application/problem+json');
      }
      return others.sort();
    }

    it('is known here', () => {
      expect(routes.length).toBeGreaterThan(50);
      for (const name of [...ANYBODY, ...PUBLISHABLE, ...READS, ...KEY_IN_PATH, OFREP_STREAM])
        expect(routes.map(nameOf)).toContain(name);
    });

    it('needs a key, apart from the probes', async () => {
      const open = [...ANYBODY, ...KEY_IN_PATH].sort();
      expect(await exceptions(null, 401)).toEqual(open);
      expect(await exceptions('mq_adm_unknown', 401)).toEqual(open);
    });

    it('is closed to publishable keys, apart from treatments and events', async () => {
      expect(await exceptions(api.keys.publishable, 403)).toEqual(
        [...ANYBODY, ...PUBLISHABLE, ...KEY_IN_PATH, OFREP_STREAM].sort(),
      );
    });

    it('changes nothing for secret keys, which may read', async () => {
      const open = new Set([...ANYBODY, ...PUBLISHABLE, ...READS, ...KEY_IN_PATH]);
      const readable = routes
        .filter(
          ({ method, url }) =>
            (method === 'GET' && !ADMIN_READS.includes(url)) || open.has(`${method} ${url}`),
        )
        .map(nameOf);
      expect(await exceptions(api.keys.secret, 403)).toEqual(readable.sort());
    });

    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    const FIELDS = [
      'key',
      'id',
      'title',
      'name',
      'params',
      'value',
      'arms',
      'targeting',
      'features',
      'items',
      'reward',
    ];
    it.each([
      ['no object', 'null'],
      ['a list', '[]'],
      ['a number', '1e400'],
      ['depth', deep],
      ['depth in every field', `{${FIELDS.map((name) => `"${name}":${deep}`).join(',')}}`],
      ['NUL in every field', `{${FIELDS.map((name) => `"${name}":"\\u0000"`).join(',')}}`],
      ['half a character in every field', `{${FIELDS.map((name) => `"${name}":"\\ud800"`).join(',')}}`],
      ['prototypes', '{"__proto__":{"role":"admin"},"constructor":{"prototype":{"role":"admin"}}}'],
    ])('answers %s with a 4xx', async (_what, raw) => {
      const wrong: string[] = [];
      for (const route of routes.filter(({ method }) => !['GET', 'DELETE'].includes(method))) {
        const { status } = await api.request(route.method, route.url, { raw });
        if (status < 400 || status >= 500) wrong.push(`${nameOf(route)}: ${status}`);
      }
      expect(wrong).toEqual([]);
    });

    it.each([
      '%00',
      '%ED%A0%80',
      '..%2f..%2fetc',
      "'%3b drop table item%3b--",
      '%3Cscript%3E',
      'x'.repeat(300),
      '__proto__',
      'constructor',
    ])('takes %s in its address for nothing that exists', async (text) => {
      const wrong: string[] = [];
      for (const route of routes.filter(({ url }) => /\/x(\/|$)/.test(url))) {
        const url = route.url.replace('/x', `/${text}`);
        const { status } = await api.request(route.method, url, route.method === 'GET' ? {} : { body: {} });
        if (status >= 500) wrong.push(`${nameOf({ ...route, url })}: ${status}`);
      }
      expect(wrong).toEqual([]);
    });

    it.each([
      '/v1/keys/',
      '//v1/keys',
      '/V1/keys',
      '/v1/KEYS',
      '/v1/keys;x',
      '/v1/%6beys',
      '/v1/./keys',
      '/v1/keys?key=x',
      '/v1/keys#x',
    ])('is not reached around the guard by %s', async (url) => {
      for (const key of [null, api.keys.publishable]) {
        const { status } = await api.request('GET', url, { key });
        expect([401, 403, 404]).toContain(status);
      }
    });
  });
});
