import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Dashboard, Opened } from './browser.js';
import { ensureBuilt, findChromium, launch, open, settled, startDashboard } from './browser.js';
import type { MockApi } from './mock-api.js';
import { mockApi } from './mock-api.js';

export const withBrowser = findChromium() === null ? describe.skip : describe;

/** A page of the built dashboard in Chromium, fresh for every test, over recorded answers. */
export class Stage {
  private dashboard!: Dashboard;
  private browser!: Browser;
  opened!: Opened;
  api!: MockApi;

  get url(): string {
    return this.dashboard.url;
  }

  get page(): Page {
    return this.opened.page;
  }

  async start(): Promise<void> {
    await ensureBuilt();
    this.dashboard = await startDashboard({ MARQUEE_API_URL: 'http://127.0.0.1:9' });
    this.browser = await launch();
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.dashboard.stop();
  }

  async renew(): Promise<void> {
    this.opened = await open(this.browser);
    this.api = await mockApi(this.page);
  }

  readonly visit = async (path: string): Promise<void> => {
    await this.page.goto(this.url + path);
    await settled(this.page);
  };
}

/**
 * Sets a stage for the tests of the `describe` that calls it; each ends without complaints of the page.
 * @param expected part of complaints that a journey of these tests is about.
 */
export function setStage(expected?: string): Stage {
  const stage = new Stage();
  beforeAll(() => stage.start(), 120_000);
  afterAll(() => stage.stop());
  beforeEach(() => stage.renew());
  afterEach(async () => {
    const { context, complaints } = stage.opened;
    await context.close();
    expect(complaints.filter((text) => expected === undefined || !text.includes(expected))).toEqual([]);
  });
  return stage;
}
