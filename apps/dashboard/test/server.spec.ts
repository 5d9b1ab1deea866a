import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Dashboard } from './browser.js';
import { BUILT, ensureBuilt, startDashboard } from './browser.js';

describe('the dashboard’s server', () => {
  let upstream: Server;
  let dashboard: Dashboard;
  let seen: { url: string; headers: IncomingHttpHeaders }[] = [];

  beforeAll(async () => {
    await ensureBuilt();
    upstream = createServer((request, response) => {
      seen.push({ url: request.url ?? '', headers: request.headers });
      response.setHeader('content-type', 'application/json').end('{"ok":true}');
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    dashboard = await startDashboard({
      MARQUEE_API_URL: `http://127.0.0.1:${port}`,
      MARQUEE_LOCAL_KEY: 'mqa_local',
    });
  }, 120_000);
  afterAll(async () => {
    await dashboard.stop();
    await new Promise((resolve) => upstream.close(resolve));
  });
  beforeEach(() => {
    seen = [];
  });

  /** node:http rather than fetch: Host and Sec-Fetch-Site must be what the test says. */
  async function ask(
    path: string,
    headers: Record<string, string>,
    method = 'GET',
  ): Promise<string | undefined> {
    const { request } = await import('node:http');
    await new Promise<void>((resolve, reject) => {
      request(dashboard.url + path, { method, headers }, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
    return seen.at(-1)?.headers.authorization;
  }

  it('serves the page for every address, with a fresh nonce and a strict policy', async () => {
    const answers = await Promise.all(
      [1, 2].map(() =>
        fetch(`${dashboard.url}/experiments/some-key/results`, { headers: { accept: 'text/html' } }),
      ),
    );
    const [first, second] = await Promise.all(answers.map((answer) => answer.text()));
    const policy = answers[0]?.headers.get('content-security-policy') ?? '';
    const nonce = /nonce="([^"]+)"/.exec(first ?? '')?.[1] ?? '';
    expect(nonce.length).toBeGreaterThan(20);
    expect(second).not.toContain(nonce);
    expect(policy).toContain(`'nonce-${nonce}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(answers[0]?.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('lets browsers keep hashed assets forever and nothing else, and never answers a missing asset with the page', async () => {
    const asset = readdirSync(join(BUILT, 'assets'))[0] ?? '';
    expect((await fetch(`${dashboard.url}/assets/${asset}`)).headers.get('cache-control')).toContain(
      'immutable',
    );
    expect((await fetch(`${dashboard.url}/theme.js`)).headers.get('cache-control')).toBe('no-cache');
    expect((await fetch(`${dashboard.url}/assets/missing.js`)).status).toBe(404);
    expect((await fetch(`${dashboard.url}/..%2f..%2fpackage.json`)).status).not.toBe(200);
  });

  it('passes API paths on as they are', async () => {
    const answer = await fetch(`${dashboard.url}/v1/experiments?limit=1`);
    expect(await answer.json()).toEqual({ ok: true });
    expect(seen[0]?.url).toBe('/v1/experiments?limit=1');
  });

  it('adds the local key for this page and for nobody else', async () => {
    const host = new URL(dashboard.url).host;
    const local = 'Bearer mqa_local';
    expect(await ask('/v1/x', { host, 'sec-fetch-site': 'same-origin' }, 'POST')).toBe(local);
    expect(await ask('/v1/x', { host })).toBe(local);
    expect(await ask('/v1/x', { host, origin: `http://${host}` }, 'POST')).toBe(local);
    expect(await ask('/v1/x', { host, authorization: 'Bearer own' })).toBe('Bearer own');
    expect(await ask('/v1/x', { host, 'sec-fetch-site': 'cross-site' })).toBeUndefined();
    expect(await ask('/v1/x', { host, 'sec-fetch-site': 'same-site' }, 'POST')).toBeUndefined();
    expect(await ask('/v1/x', { host, origin: 'http://evil.example' }, 'POST')).toBeUndefined();
    expect(await ask('/v1/x', { host }, 'POST')).toBeUndefined();
    expect(await ask('/v1/x', { host: 'rebound.example', 'sec-fetch-site': 'same-origin' })).toBeUndefined();
    expect(await ask('/v1/x', { host: 'localhost.evil.example' })).toBeUndefined();
  });

  it('says so when the API does not answer', async () => {
    const alone = await startDashboard({ MARQUEE_API_URL: 'http://127.0.0.1:9' });
    const answer = await fetch(`${alone.url}/v1/experiments`);
    expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([
      502,
      'application/problem+json',
    ]);
    expect(await answer.json()).toMatchObject({ code: 'api_unreachable' });
    await alone.stop();
  });

  it('loads at most 250 kB of JavaScript (gzip) before the first page', () => {
    const html = readFileSync(join(BUILT, 'index.html'), 'utf8');
    const scripts = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path ?? '');
    expect(scripts.length).toBeGreaterThan(0);
    const size = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(BUILT, path))).length, 0);
    expect(size).toBeLessThan(250_000);
  });
});
