import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Opened } from './browser.js';
import { SIZE, findChromium, open, settled } from './browser.js';
import type { MockApi } from './mock-server.js';
import { MARK } from './mock-server.js';
import type { Warm } from './warm.js';
import { giveWarmBack, takeWarm } from './warm.js';

export const withBrowser = findChromium() === null ? describe.skip : describe;

/**
 * A page of the built dashboard in Chromium over recorded answers. Every test begins in the same window, which keeps its
 * cache of compiled code, with nothing stored, replaced or loaded.
 */
export class Stage {
  private warm!: Warm;

  get url(): string {
    return this.warm.url;
  }

  get opened(): Opened {
    return this.warm.opened;
  }

  get page(): Page {
    return this.opened.page;
  }

  get api(): MockApi {
    return this.warm.api;
  }

  async start(): Promise<void> {
    this.warm = await takeWarm();
  }

  stop(): void {
    giveWarmBack();
  }

  async renew(): Promise<void> {
    if (this.page.isClosed()) this.warm.opened = await open(this.warm.browser);
    await this.page.setExtraHTTPHeaders({ [MARK]: this.api.renew() });
    this.opened.complaints.length = 0;
  }

  /** Ends what the page does and takes away what it has stored. What does not let itself be left is thrown away. */
  async leave(): Promise<void> {
    const { page, context } = this.opened;
    try {
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      // Of the same origin, for it is stored there, and so that the process stays, with what it has compiled.
      await page.goto(`${this.url}/favicon.svg`);
      await page.evaluate('localStorage.clear(); sessionStorage.clear()');
      await context.clearCookies();
      if (page.viewportSize()?.width !== SIZE.width) await page.setViewportSize(SIZE);
    } catch {
      await context.close();
    }
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
    const complaints = [...stage.opened.complaints];
    await stage.leave();
    expect(complaints.filter((text) => expected === undefined || !text.includes(expected))).toEqual([]);
  });
  return stage;
}
