import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { Dashboard, Opened } from './browser.js';
import { ensureBuilt, findChromium, launch, open, settled, startDashboard } from './browser.js';
import type { MockApi } from './mock-api.js';
import { mockApi } from './mock-api.js';

const withBrowser = findChromium() === null ? describe.skip : describe;

withBrowser('the health of an experiment in Chromium (skipped where no chromium is installed)', () => {
  let dashboard: Dashboard;
  let browser: Browser;
  let opened: Opened;
  let api: MockApi;

  beforeAll(async () => {
    await ensureBuilt();
    dashboard = await startDashboard({ MARQUEE_API_URL: 'http://127.0.0.1:9' });
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await dashboard.stop();
  });
  beforeEach(async () => {
    opened = await open(browser);
    api = await mockApi(opened.page);
  });
  afterEach(async () => {
    await opened.context.close();
    expect(opened.complaints).toEqual([]);
  });

  async function visit(path: string): Promise<void> {
    await opened.page.goto(dashboard.url + path);
    await settled(opened.page);
  }
  const card = (title: string) => opened.page.getByRole('article', { name: title });

  it('shows of each check the rule, value, threshold, units affected, causes and next steps', async () => {
    await visit('/experiments/notification-hour/health');
    const text = await card('Sample ratio').innerText();
    for (const part of [
      'SRM-R',
      'Failing',
      'Fails below p 0.001 when a share is off by 0.1 points or more.',
      'Blocks it until it is fixed',
      '412',
      'First seen',
      'device smart-tv',
      'Exposures of one arm are lost',
      'Fix the cause, then start a new phase',
    ])
      expect(text).toContain(part);
    expect(await opened.page.getByRole('alert').innerText()).toContain('Do not decide: fix first');
    expect(await card('Late and out of order').innerText()).toContain('Not known yet');
    const titles = await opened.page
      .getByRole('article')
      .evaluateAll((found) => found.map((article) => article.querySelector('h3')?.textContent));
    expect(titles[0]).toBe('Sample ratio');
  });

  it('mutes only with a reason, and says that a blocking check goes on blocking', async () => {
    await visit('/experiments/notification-hour/health');
    await opened.page.getByRole('button', { name: 'Mute Sample ratio' }).click();
    const dialog = opened.page.getByRole('dialog');
    await dialog.getByText('It still blocks the verdict', { exact: false }).waitFor();
    expect(await dialog.getByRole('button', { name: 'Mute for 7 days' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Reason', { exact: false }).fill('Old televisions, known');
    await dialog.getByRole('button', { name: 'Mute for 7 days' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(api.writes[0]).toMatchObject({
      method: 'POST',
      path: '/v1/experiments/notification-hour/health/sample-ratio/mute',
      body: { reason: 'Old televisions, known' },
    });
  });

  it('shows who muted a check and why, and takes it back', async () => {
    await visit('/experiments/home-rows-als/health');
    const muted = card('Changed while running');
    expect(await muted.innerText()).toMatch(/Muted by Ada \(k1\) until .*: The ramp-up was planned/);
    await muted.getByRole('button', { name: 'Unmute Changed while running' }).click();
    await expectWrite('DELETE', '/v1/experiments/home-rows-als/health/edit/mute');
  });

  it('lists warnings beside the verdict and the results, each with a way to its card', async () => {
    await visit('/experiments/notification-hour/results');
    const chips = opened.page.getByRole('list', { name: 'Warnings' });
    const texts = await chips.getByRole('listitem').allInnerTexts();
    expect(texts.map((text) => text.split(/\s/)[0])).toEqual(['SRM-R', 'POWER', 'EDIT']);
    expect(texts[0]).toContain('blocks');
    expect(texts[2]).toContain('muted');
    await visit('/experiments/notification-hour?estimator=welch');
    await opened.page.getByRole('link', { name: /SRM-R/ }).click();
    await card('Sample ratio').waitFor();
    expect(opened.page.url()).toContain('/health?estimator=welch#sample-ratio');
  });

  it('notes in the audit log that blocked lifts were shown', async () => {
    await visit('/experiments/notification-hour');
    await opened.page.getByRole('button', { name: 'Show anyway' }).click();
    await expectWrite('POST', '/v1/experiments/notification-hour/health/show-blocked');
  });

  it('keeps the strip to what is not well, and says how many checks are', async () => {
    await visit('/experiments/home-rows-als');
    const strip = opened.page.getByRole('region', { name: 'Health checks' });
    expect(await strip.getByRole('button').allInnerTexts()).toEqual([expect.stringContaining('Power')]);
    await strip.getByRole('link', { name: '3 checks of 6 healthy, 1 muted' }).click();
    await opened.page.getByRole('heading', { name: 'Needs attention' }).waitFor();
  });

  it('marks changes on the curve, in words too', async () => {
    await visit('/experiments/home-rows-als/time');
    await opened.page
      .getByText('Changed while running:', { exact: false })
      .first()
      .waitFor({ state: 'attached' });
    const mark = opened.page.locator('svg text').filter({ hasText: /^traffic$/ });
    await mark.waitFor({ state: 'attached' });
    expect(await mark.count()).toBe(1);
  });

  async function expectWrite(method: string, path: string): Promise<void> {
    for (let i = 0; i < 40 && api.writes.length === 0; i++) await opened.page.waitForTimeout(50);
    expect(api.writes[0]).toMatchObject({ method, path });
  }
});
