import { expect, it } from '@jest/globals';
import { settled } from './browser.js';
import { savedView } from './fixtures/experiment-list.js';
import { EXPERIMENTS } from './fixtures/experiments.js';
import { quietIn } from './fixtures/guardrails.js';
import { DELIVERIES, WEBHOOKS } from './fixtures/webhooks.js';
import { setStage, withBrowser } from './stage.js';

withBrowser('settings and lists in Chromium (skipped where no chromium is installed)', () => {
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
    const sent = (await api.written(4)).map(({ method, path }) => `${method} ${path}`);
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
      parts: ['guardrails'],
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
    // Of how it is run only what the file says.
    await page.getByRole('button', { name: 'Edit schedule' }).waitFor();
    await page
      .getByRole('region', { name: 'Guardrails' })
      .getByRole('link', { name: 'home/rows.yaml' })
      .waitFor();
    expect(await page.getByRole('button', { name: 'Edit guardrails' }).count()).toBe(0);
    // Operating it goes on.
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(1);

    // With a reason it can be changed here, until it is locked again; each write says why.
    await banner.getByRole('button', { name: 'Change by hand: home-rows-als' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('Zürich — night of the launch');
    await dialog.getByRole('button', { name: 'Unlock' }).click();
    await banner.getByText('You change it by hand').waitFor();
    expect(await page.getByRole('button', { name: 'Edit guardrails' }).count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Change', exact: true }).count()).toBe(1);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await dialog.getByLabel('Title').fill('Rows by hand');
    const sent = page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/preview'));
    await page.keyboard.press('Enter');
    expect((await sent).headers()['marquee-override']).toBe(
      encodeURIComponent('Zürich — night of the launch'),
    );
    await page.keyboard.press('Escape');
    await banner.getByRole('button', { name: 'Lock again' }).click();
    expect(await page.getByRole('button', { name: 'Change', exact: true }).count()).toBe(0);

    await banner.getByRole('button', { name: 'Change by hand: home-rows-als' }).click();
    await dialog.getByRole('radio', { name: 'They let go of it' }).check();
    await dialog.getByLabel('Reason').fill('moved here');
    stage.api.override(/POST .*config\/release$/, { status: 200, body: managed });
    await dialog.getByRole('button', { name: 'Release' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes.at(-1)).toMatchObject({
      path: '/v1/config/release',
      body: { kind: 'experiment', key: 'home-rows-als', reason: 'moved here' },
    });

    // Tables lead to the file as well; what nobody changes here can be let go of.
    stage.api.override(/GET .*config\/managed$/, {
      status: 200,
      body: {
        items: [
          { ...managed, kind: 'holdout', key: 'global', parts: [] },
          { ...managed, kind: 'layer', key: 'artwork', parts: [] },
        ],
        nextCursor: null,
      },
    });
    await visit('/settings/traffic');
    const row = (text: string) => page.getByRole('row').filter({ hasText: text });
    expect(await row('Global holdout').getByRole('link').getAttribute('href')).toBe(link);
    expect(await page.getByRole('button', { name: /^Edit / }).allInnerTexts()).toEqual(['Edit']);
    await row('Artwork').getByRole('button', { name: 'Release: Artwork' }).click();
    await dialog.getByLabel('Reason').fill('not ours');
    await dialog.getByRole('button', { name: 'Release' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes.at(-1)).toMatchObject({
      body: { kind: 'layer', key: 'artwork', reason: 'not ours' },
    });
  });

  it('narrows the list to what is changed in files', async () => {
    const { page } = stage;
    await visit('/experiments?managed=files');
    expect(await page.getByRole('row').count()).toBe(2);
    const field = page.getByRole('combobox', { name: 'Changed in' });
    expect(await field.inputValue()).toBe('Files (1)');
    await field.click();
    await page.getByRole('option', { name: /The dashboard/ }).click();
    await page.waitForURL(/managed=hand/);
    await page.getByText('Rows by taste instead of popularity').waitFor({ state: 'detached' });
  });

  it('saves a filter as a view by keyboard, opens the first view by itself, and changes and deletes it', async () => {
    const { page, api } = stage;
    const mine = savedView('7', 'Home drafts', { status: 'draft', sort: 'title' }, { shared: false });
    api.override(/POST \/v1\/experiment-views$/, { status: 201, body: mine });
    await visit('/experiments?status=draft&sort=title');
    await page.getByRole('button', { name: 'All experiments' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Save as a view' }).waitFor();
    const focused = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.activeElement?.textContent);
    for (let i = 0; i < 10 && !(await focused())?.startsWith('Save as'); i++)
      await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByLabel('Name', { exact: false }).fill('Home drafts');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(api.writes.at(-1)).toMatchObject({
      path: '/v1/experiment-views',
      body: { name: 'Home drafts', shared: false, query: { status: 'draft', sort: 'title' } },
    });
    expect(new URL(page.url()).searchParams.get('view')).toBe('7');

    // The page without anything in its address opens the view that comes first: one's own before a shared one.
    const items = [
      savedView('1', 'Running', { status: 'running' }, { isDefault: true }),
      { ...mine, isDefault: true },
    ];
    api.override(/GET \/v1\/experiment-views$/, { status: 200, body: { items, nextCursor: null } });
    await visit('/experiments');
    await page.getByRole('button', { name: 'Home drafts' }).click();
    expect(new URL(page.url()).search).toBe('?status=draft&sort=title&view=7');
    await page.getByRole('menuitem', { name: 'Running (opens first)' }).click();
    await page.getByRole('button', { name: 'Running' }).waitFor();
    await page.getByPlaceholder('Search by name, key or tag').fill('rows');
    await page.getByRole('button', { name: 'Running, changed' }).click();
    await page.getByRole('menuitem', { name: 'Save the change to' }).click();
    await settled(page);
    expect((await api.written(2)).at(-1)).toMatchObject({
      method: 'PATCH',
      path: '/v1/experiment-views/1',
      body: { query: { status: 'running', text: 'rows' } },
    });
    await page.getByRole('button', { name: 'Running, changed' }).click();
    await page.getByRole('menuitem', { name: 'Manage views' }).click();
    await page.getByRole('button', { name: 'Delete Home drafts' }).click();
    await page.getByRole('button', { name: 'Delete view' }).click();
    await page.getByRole('table', { name: 'Saved views' }).or(page.getByRole('dialog')).first().waitFor();
    await settled(page);
    expect((await api.written(3)).at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/experiment-views/7' });
  });

  it('loads a list of 500 experiments page by page, and asks the API to filter and sort', async () => {
    const { page } = stage;
    const all = Array.from({ length: 500 }, (_, i) => ({
      ...EXPERIMENTS[0],
      ...{ key: `experiment-${i}`, title: `Experiment ${i}` },
    }));
    stage.api.override(/GET \/v1\/experiments$/, ({ search }) => {
      const from = all.findIndex(({ key }) => key === search.get('cursor')) + 1;
      const items = all.slice(from, from + Number(search.get('limit')));
      return { status: 200, body: { items, nextCursor: items.at(-1)?.key ?? null, total: all.length } };
    });
    await visit('/experiments');
    expect(await page.getByRole('row').count()).toBe(51);
    await page.getByRole('button', { name: 'Show more: 50 of 500 are here' }).click();
    await page.getByText('Experiment 99', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'More filters' }).click();
    // The list under the filters moves while it is read anew, and with it what is pointed at.
    const choose = async (field: string, option: RegExp, chosen: string): Promise<void> => {
      await settled(page);
      await page.getByRole('combobox', { name: field }).click();
      await settled(page);
      await page.getByRole('option', { name: option }).click();
      await page.waitForURL((url) => url.search.includes(chosen));
    };
    await choose('Metric', /^play-rate/, 'metric=play-rate');
    await choose('Order', /^Most units/, 'sort=units');
    await settled(page);
    const reversed = page.waitForRequest((request) => request.url().includes('order=reversed'));
    await page.getByRole('button', { name: 'Reverse' }).click();
    const last = new URL((await reversed).url()).searchParams;
    expect(Object.fromEntries(last)).toMatchObject({ metric: 'play-rate', sort: 'units', limit: '50' });
    // What is chosen before the page has followed the last choice adds to it.
    await settled(page);
    await page.evaluate(`{
      [...document.querySelectorAll('button')].find((one) => one.textContent === 'Reversed').click();
      const field = document.querySelector('[aria-label^="Search by name"]');
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'rows');
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }`);
    await page.waitForURL((url) => url.search.includes('text=rows'));
    await settled(page);
    const both = new URL(page.url()).searchParams;
    expect(Object.fromEntries(both)).toEqual({ metric: 'play-rate', sort: 'units', text: 'rows' });
  });

  it('says which guardrails are quiet since an undo, and watches them again', async () => {
    stage.api.override(/GET .*guardrails$/, { status: 200, body: quietIn(1) });
    await visit('/experiments/home-rows-als/setup');
    await stage.page.getByText('One test is quiet since a breach was taken back').waitFor();
    const again = stage.page.waitForRequest((request) => request.url().endsWith('/guardrails/watch-again'));
    await stage.page.getByRole('button', { name: 'Watch again' }).click();
    expect((await again).method()).toBe('POST');
  });

  it("shows in the calendar why two are in each other's way, of one experiment too", async () => {
    const { page } = stage;
    await visit('/experiments/home-rows-als');
    await page.getByRole('link', { name: 'In the calendar' }).click();
    await page.getByText('Same units: rows-next').waitFor();
    expect(page.url()).toContain('experiment=home-rows-als');
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    await page.getByText('rows-next (same units)').waitFor();
    await page.getByRole('combobox', { name: 'Kind of clash' }).click();
    await page.getByRole('option', { name: 'Layer full' }).click();
    await page.getByText('Nothing matches the filter').waitFor();
  });
});
