import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import type { Plugin } from 'vite';
import { launch } from './browser.js';
import { withBrowser } from './stage.js';

const CLIENT = join(process.cwd(), 'dist/libs/client/src');
const BUDGET_BYTES = 10_000;

/** The app of a customer: everything that the client offers in a browser. */
const APP = `
import { createElement as h, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from '${CLIENT}/index.js';
import { MarqueeProvider, useAction, useExposure, useOutcome, useSlate, useTreatment } from '${CLIENT}/react/index.js';

const client = createClient({
  url: window.apiUrl, key: 'mq_pub_1', unitId: 'm_1', consent: window.consent,
  flushMs: 50, timeoutMs: window.timeoutMs ?? 5000, retryMs: window.retryMs,
});
window.client = client;

function Hero({ surface, top }) {
  const shown = useTreatment(surface, 'small');
  const play = useOutcome('play');
  return h('button', {
    id: surface, ref: useExposure(shown, { ms: 50 }), style: { display: 'block', marginTop: top },
    onClick: () => play({ decisionId: shown.decisionId }),
  }, shown.ready ? shown.value + (shown.cached ? ' (cached)' : '') : 'waiting');
}
function More() {
  const [art, rows] = [useAction('art', 'mine'), useSlate('rows', ['mine'])];
  return h('p', { id: 'more' }, [art, rows].map(({ ready, value, reason }) => ready ? value + ' ' + reason : 'waiting').join());
}
createRoot(document.getElementById('app')).render(
  h(StrictMode, null, h(MarqueeProvider, { client },
    h(Hero, { surface: 'hero', top: 0 }), h(Hero, { surface: 'below', top: 3000 }), window.more ? h(More) : null)),
);`;

/** A module that is no file. */
const textAs = (name: string, code: string): Plugin => ({
  name: 'text',
  enforce: 'pre',
  resolveId: (id) => (id.endsWith(name) ? join(process.cwd(), name) : null),
  load: (id) => (id.endsWith(name) ? code : null),
});

/** Bundles text with what the dashboard is bundled with. @returns the program. */
async function bundle(entry: string, code?: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    root: process.cwd(),
    define: { 'process.env.NODE_ENV': '"development"' },
    plugins: code === undefined ? [] : [textAs(entry, code)],
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      lib: { entry, formats: ['es'], fileName: 'app' },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const chunk = (output as { output: { code?: string }[] }).output[0];
  return chunk?.code ?? '';
}

interface Call {
  readonly path: string;
  readonly type: string | undefined;
  readonly body: { events?: Record<string, unknown>[]; requests?: { surface: string }[]; key?: string };
}

it('is under 10 kB gzip as a whole, without React', async () => {
  const size = gzipSync(await bundle(join(CLIENT, 'index.js'))).length;
  expect(size).toBeGreaterThan(1_000);
  expect(size).toBeLessThan(BUDGET_BYTES);
});

withBrowser('the client in Chromium', () => {
  let browser: Browser;
  let pages: http.Server;
  let api: http.Server;
  let calls: Call[];
  let down = false;
  /** What the API answers, whatever it is asked; null: nothing ever. */
  let garbage: string | null | undefined;
  const addressOf = (server: http.Server): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** As the API counts them: an id once, however often it was sent. */
  const events = () => [
    ...new Map(calls.flatMap(({ body }) => body.events ?? []).map((event) => [event['id'], event])).values(),
  ];
  const until = async (condition: () => boolean): Promise<void> => {
    for (let waited = 0; !condition(); waited += 20) {
      if (waited > 10_000) throw new Error(`it did not happen: ${JSON.stringify(calls)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    // Another origin than the page's, as in real life.
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'authorization, content-type');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (down) return void response.writeHead(503).end();
    if (garbage === null) return;
    if (garbage !== undefined) return void response.end(garbage);
    const body = JSON.parse(text) as Call['body'];
    calls.push({ path: request.url ?? '', type: request.headers['content-type'], body });
    const treatments = body.requests?.map(({ surface }) => ({
      ...{ decisionId: `d-${surface}`, surface, experiment: 'e', arm: 'big', kind: 'value', value: 'big' },
      ...{ propensity: 0.5, policy: null, reason: 'SPLIT' },
    }));
    response.end(JSON.stringify(treatments ? { treatments } : { accepted: 1, rejected: [] }));
  }

  beforeAll(async () => {
    const app = await bundle('customer-app.js', APP);
    pages = http.createServer((request, response) => {
      const script = request.url === '/app.js';
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
      response.end(script ? app : '<!doctype html><title>App</title><div id="app"></div>');
    });
    api = http.createServer((request, response) => void answer(request, response));
    for (const server of [pages, api]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    for (const server of [pages, api]) {
      server.closeAllConnections();
      server.close();
    }
  });

  const load = async (page: Page, settings: Record<string, unknown> = {}): Promise<void> => {
    await page.goto(addressOf(pages));
    await page.evaluate((given) => Object.assign(globalThis, given), { apiUrl: addressOf(api), ...settings });
    await page.addScriptTag({ url: '/app.js', type: 'module' });
  };

  it('exposes what was seen, once; keeps the answer; beacons at the end; and keeps nothing without consent', async () => {
    [calls, down] = [[], false];
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await load(page);
    await page.locator('#hero', { hasText: 'big' }).waitFor();
    await until(() => events().length === 1);
    expect(events()).toMatchObject([{ kind: 'exposure', decisionId: 'd-hero', unitId: 'm_1' }]);
    // StrictMode runs effects twice: one question and one exposure each all the same.
    expect(calls.filter(({ path }) => path === '/v1/treatments')).toHaveLength(2);
    await page.locator('#below').scrollIntoViewIfNeeded();
    await until(() => events().length === 2);
    expect(events()[1]).toMatchObject({ kind: 'exposure', decisionId: 'd-below' });

    // A click just before the page goes: the beacon carries it, to another origin and without a preflight.
    await page.evaluate(`client.outcome('play', { decisionId: 'd-hero' }); location.href = 'about:blank'`);
    await page.waitForURL('about:blank');
    await until(() => events().length === 3);
    const beacon = calls.find(({ path }) => path === '/v1/beacon');
    expect(beacon).toMatchObject({ type: 'text/plain;charset=UTF-8', body: { key: 'mq_pub_1' } });
    expect(events()[2]).toMatchObject({ kind: 'outcome', name: 'play', unitId: 'm_1' });

    down = true;
    await load(page);
    await page.locator('#hero', { hasText: 'big (cached)' }).waitFor();
    // What cannot be sent outlives the page.
    await page.locator('#hero').click();
    await page.waitForFunction(`Object.keys(localStorage).some((name) => name.startsWith('marquee events'))`);
    [calls, down] = [[], false];
    await load(page, { retryMs: [3_600_000, 3_600_000] });
    await until(() => events().some(({ name }) => name === 'play'));
    // Back online it is tried again at once, whatever the delay after a failure is.
    await page.waitForFunction(
      `!Object.keys(localStorage).some((name) => name.startsWith('marquee events'))`,
    );
    await context.setOffline(true);
    await page.evaluate(`client.outcome('pause')`);
    await page.waitForFunction(`Object.keys(localStorage).some((name) => name.startsWith('marquee events'))`);
    await context.setOffline(false);
    await until(() => events().some(({ name }) => name === 'pause'));
    await page.evaluate(`client.setConsent('denied')`);
    expect(await page.evaluate('Object.keys(localStorage).length')).toBe(0);

    [calls, down] = [[], false];
    await load(page, { consent: 'pending' });
    await page.locator('#hero', { hasText: 'small' }).waitFor();
    await page.locator('#hero').click();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(calls).toEqual([]);
    expect(await page.evaluate('Object.keys(localStorage).length + document.cookie.length')).toBe(0);
    await page.evaluate(`client.setConsent('granted')`);
    await until(() => events().length === 1);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('renders the fallback by every hook, whatever the API answers', async () => {
    const cases: [string | null, string][] = [
      ['{"treatments": [', 'CLIENT_NO_ANSWER'],
      ['{"treatments":[null]}', 'CLIENT_NO_ANSWER'],
      ['{"treatments":[{"reason":"SPLIT","value":7,"action":7,"slate":{"id":7}}]}', 'CLIENT_WRONG_TYPE'],
      ['[]', 'CLIENT_NO_ANSWER'],
      [null, 'CLIENT_TIMEOUT'],
    ];
    down = false;
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    for (const [text, reason] of cases) {
      [garbage, calls] = [text, []];
      await load(page, { more: true, timeoutMs: text === null ? 100 : 10_000 });
      await page.locator('#more', { hasText: `mine ${reason},mine ${reason}` }).waitFor();
      await page.locator('#hero', { hasText: 'small' }).waitFor();
    }
    garbage = undefined;
    expect(complaints).toEqual([]);
    await page.close();
  });
});
