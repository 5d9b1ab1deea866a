import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Browser } from 'playwright-core';
import type { Opened } from './browser.js';
import { BUILT, ensureBuilt, launch, open } from './browser.js';
import { MockApi } from './mock-server.js';

/**
 * What the browser tests of one process share from file to file: a start of Chromium and a first look at a page, for which
 * the application is read and compiled, cost more than most tests.
 */
export interface Warm {
  readonly api: MockApi;
  /** Of the dashboard's server, over recorded answers. */
  readonly url: string;
  readonly browser: Browser;
  opened: Opened;
  close(): Promise<void>;
}

/** How long it waits for another file. */
const IDLE_MS = 15_000;
const LOOK_MS = 100;

/** Serves a copy of the build, since others may build meanwhile. */
async function serve(apiUrl: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const { createDashboardServer } = (await import(
    pathToFileURL(join(process.cwd(), 'apps/dashboard/server.mjs')).href
  )) as { createDashboardServer: (options: { apiUrl: string; root: string }) => Promise<FastifyInstance> };
  const root = mkdtempSync(join(tmpdir(), 'marquee-dashboard-'));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  process.once('exit', remove);
  cpSync(BUILT, root, { recursive: true });
  const app = await createDashboardServer({ apiUrl, root });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    stop: async () => {
      await app.close();
      process.off('exit', remove);
      remove();
    },
  };
}

async function start(): Promise<Warm> {
  await ensureBuilt();
  const api = new MockApi();
  await api.start();
  const dashboard = await serve(api.url);
  const browser = await launch();
  return {
    api,
    url: dashboard.url,
    browser,
    opened: await open(browser),
    async close() {
      await browser.close();
      await dashboard.stop();
      await api.stop();
    },
  };
}

let warm: Promise<Warm> | undefined;
let users = 0;
let idle: NodeJS.Timeout | undefined;

async function end(): Promise<void> {
  const ending = warm;
  warm = undefined;
  await (await ending)?.close();
}

/** Whether this is a worker to which Jest listens no longer: there is no other file, and it shall end. */
const isLastOfWorker = (): boolean => process.send !== undefined && process.listenerCount('message') === 0;

/** Takes what is shared, started if need be. Whoever takes it gives it back. */
export async function takeWarm(): Promise<Warm> {
  clearInterval(idle);
  users += 1;
  if (warm !== undefined && !(await warm).browser.isConnected()) await end();
  warm ??= start();
  return warm.catch((error: unknown) => {
    warm = undefined;
    throw error;
  });
}

/** It is kept for the next file, and ends when none comes. */
export function giveWarmBack(): void {
  users -= 1;
  if (users > 0) return;
  let waited = 0;
  idle = setInterval(() => {
    // With the process ends the browser, and faster than when it is asked to close.
    if (isLastOfWorker()) process.exit(0);
    waited += LOOK_MS;
    if (waited < IDLE_MS) return;
    clearInterval(idle);
    void end();
  }, LOOK_MS);
}
