import { expect, it } from '@jest/globals';
import { settled } from './browser.js';
import { DELIVERIES, WEBHOOKS } from './fixtures/webhooks.js';
import { setStage, withBrowser } from './stage.js';

withBrowser('settings in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage();
  const { visit } = stage;

  it('shows a new key once', async () => {
    stage.api.override(/POST \/v1\/keys$/, {
      status: 201,
      body: {
        id: 'k9',
        name: 'Web',
        role: 'publishable',
        prefix: 'mqp_1',
        createdAt: new Date().toISOString(),
        key: 'mqp_1_secret',
      },
    });
    await visit('/settings');
    await stage.page.getByRole('button', { name: 'New key' }).click();
    await stage.page.getByRole('dialog').getByLabel('Name', { exact: false }).fill('Web');
    await stage.page.getByRole('button', { name: 'Create key' }).click();
    await stage.page.getByText('mqp_1_secret').waitFor();
    await stage.page.getByRole('button', { name: 'Done' }).click();
    expect(await stage.page.getByText('mqp_1_secret').count()).toBe(0);
  });

  it('adds a webhook, shows its secret once, tests it and reads its log', async () => {
    const { page, api } = stage;
    const made = { ...WEBHOOKS[0], secret: 'whsec_shown_once' };
    api.override(/POST \/v1\/webhooks$/, { status: 201, body: made });
    api.override(/POST \/v1\/webhooks\/whk_chat\/test$/, { status: 200, body: DELIVERIES[1] });
    await visit('/settings/webhooks');
    await page.getByText('The receiver answered 410').waitFor();
    await page.getByRole('button', { name: 'New webhook' }).click();
    await page
      .getByRole('dialog')
      .getByLabel('Address', { exact: false })
      .fill('https://chat.example.org/hooks/7');
    await page.getByRole('button', { name: 'Create webhook' }).click();
    await page.getByText('whsec_shown_once').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.getByText('whsec_shown_once').count()).toBe(0);
    await page.getByRole('button', { name: 'Details of Chat of the team' }).click();
    await page.getByText('timeout, 15,000 ms').waitFor();
    await page.getByRole('button', { name: 'Send a test event' }).click();
    await page.getByText('The test arrived: HTTP 204, 41 ms.').waitFor();
    await page.getByRole('button', { name: 'Send experiment.stopped again' }).click();
    const enabling = page.waitForRequest((request) => request.method() === 'PATCH');
    await page.getByRole('button', { name: 'Enable Old dashboard' }).click();
    await enabling;
    await settled(page);
    const sent = api.writes.map(({ method, path }) => `${method} ${path}`);
    expect(sent).toEqual([
      'POST /v1/webhooks',
      'POST /v1/webhooks/whk_chat/test',
      'POST /v1/webhooks/whk_chat/deliveries/dlv_2/retry',
      'PATCH /v1/webhooks/whk_gone',
    ]);
    expect(api.writes[0]?.body).toMatchObject({ url: 'https://chat.example.org/hooks/7', events: ['*'] });
  });

  it('changes nothing of an experiment that is managed from files, and leads to the file', async () => {
    const { page } = stage;
    const link = 'https://code.example/streaming/experiments/blob/main/home/rows.yaml';
    const managed = {
      kind: 'experiment',
      key: 'home-rows-als',
      repository: 'https://code.example/streaming/experiments',
      path: 'home/rows.yaml',
      revision: 'main',
      link,
      appliedBy: 'deployments',
      appliedAt: '2026-08-20T09:00:00.000Z',
    };
    stage.api.override(/GET .*config\/managed$/, {
      status: 200,
      body: { items: [managed], nextCursor: null },
    });
    await visit('/experiments/home-rows-als/setup');
    const banner = page.getByRole('note').filter({ hasText: 'Managed from files' });
    expect(await banner.getByRole('link', { name: 'home/rows.yaml' }).getAttribute('href')).toBe(link);
    expect(await page.getByRole('button', { name: 'Change', exact: true }).count()).toBe(0);
    // Operating it goes on.
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(1);
  });
});
