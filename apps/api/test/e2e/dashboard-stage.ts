import type { INestApplicationContext } from '@nestjs/common';
import type { World } from '#simulation';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Dashboard } from '../../../dashboard/test/browser.js';
import { ensureBuilt, launch, open, settled, startDashboard } from '../../../dashboard/test/browser.js';
import { createWorker } from '../../src/bootstrap.js';
import type { Running } from '../../src/bootstrap.js';
import { startTestApi, testConfig } from '../api.js';
import type { TestApi } from '../api.js';
import { loadReadyWorld } from '../world.js';

/** Slow machines run other specs beside this one. */
const WAIT_MS = 20_000;

/** The product as people run it: API, worker, dashboard server and a browser, over a past of the simulated world. */
export interface Stage {
  readonly api: TestApi;
  /** The dashboard of a local session, which needs no sign-in. */
  readonly local: Dashboard;
  /** The same dashboard where everybody has to sign in. */
  readonly guarded: Dashboard;
  readonly browser: Browser;
  close(): Promise<void>;
}

/**
 * Starts everything on free ports and loads the given days of the world.
 * The worker stores decisions and events only: reports and policies stay as the loaded past has left them.
 */
export async function setStage(world: World, days: number): Promise<Stage> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.reverse()) await end();
  };
  try {
    await ensureBuilt();
    const api = await startTestApi();
    opened.push(() => api.close());
    await loadReadyWorld(api, world, days);
    await api.running.app.listen({ port: 0, host: '127.0.0.1' });
    const apiUrl = await api.running.app.getUrl();
    const worker: Running<INestApplicationContext> = await createWorker({
      ...testConfig(api.db, api.config.stateDir),
      roles: ['ingest'],
    });
    opened.push(() => worker.close());
    await worker.app.init();
    const local = await startDashboard({ MARQUEE_API_URL: apiUrl, MARQUEE_LOCAL_KEY: api.keys.admin });
    opened.push(() => local.stop());
    const guarded = await startDashboard({ MARQUEE_API_URL: apiUrl });
    opened.push(() => guarded.stop());
    const browser = await launch();
    opened.push(() => browser.close());
    return { api, local, guarded, browser, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A project in which nothing was ever made, with its dashboard. */
export async function setEmptyProject(): Promise<Pick<Stage, 'api' | 'local' | 'close'>> {
  const api = await startTestApi();
  await api.running.app.listen({ port: 0, host: '127.0.0.1' });
  const url = await api.running.app.getUrl();
  const local = await startDashboard({ MARQUEE_API_URL: url, MARQUEE_LOCAL_KEY: api.keys.admin });
  return {
    api,
    local,
    async close() {
      await local.stop();
      await api.close();
    },
  };
}

const PRESSES = 'test.presses';

/** Counts what a person presses: every real pointer press on the page, wherever it lands. Typing does not count. */
export async function countClicks(
  page: Page,
): Promise<{ clicks(): Promise<number>; reset(): Promise<void> }> {
  // Kept by the tab, so that loading a page loses none.
  await page.addInitScript({
    content: `addEventListener('pointerdown', (event) => {
      if (event.isTrusted) sessionStorage.setItem('${PRESSES}', Number(sessionStorage.getItem('${PRESSES}')) + 1);
    }, { capture: true });`,
  });
  return {
    clicks: async () => Number(await page.evaluate(`sessionStorage.getItem('${PRESSES}')`)),
    reset: async () => {
      await page.evaluate(`sessionStorage.setItem('${PRESSES}', 0)`);
    },
  };
}

/** A window of the browser that remembers everything which a user would call broken. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors, uncaught exceptions, answers of 400 and above, and texts that no reader should see. */
  readonly complaints: string[];
  /** Opens a path, waits until it has loaded, and reads what it shows. */
  visit(path: string): Promise<string>;
}

const UNREADABLE = /\bNaN\b|\bInfinity\b|\bundefined\b|\[object /;

export async function openVisitor(browser: Browser, dashboard: Dashboard): Promise<Visitor> {
  const { context, page, complaints } = await open(browser);
  page.setDefaultTimeout(WAIT_MS);
  page.on('response', (answer) => {
    if (answer.status() >= 400)
      complaints.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  return {
    context,
    page,
    complaints,
    async visit(path) {
      await page.goto(dashboard.url + path);
      await settled(page);
      const text = await page.locator('body').innerText();
      const unreadable = UNREADABLE.exec(text);
      if (unreadable)
        complaints.push(`${path} shows "${text.slice(Math.max(0, unreadable.index - 60)).slice(0, 120)}"`);
      return text;
    },
  };
}

/** Every number of a text with a percent sign, in per cent; understands the typographic minus. */
export function percentages(text: string): number[] {
  return [...text.matchAll(/([+−-]?)(\d[\d,]*(?:\.\d+)?)%/g)].map(
    ([, sign, digits]) => (sign === '' || sign === '+' ? 1 : -1) * Number((digits ?? '').replaceAll(',', '')),
  );
}
