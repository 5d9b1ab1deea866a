import { expect, it } from '@jest/globals';
import fs from 'node:fs/promises';
import { PAGE } from './fixtures/pages.js';
import { setStage, withBrowser } from './stage.js';

withBrowser('recommenders in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage();
  const { visit } = stage;

  it('keeps the filter of the catalogue in the address, and goes on to an item', async () => {
    await visit('/catalogue?days=7');
    await stage.page.getByLabel('Search').fill('orbit');
    await stage.page.getByRole('button', { name: 'Search', exact: true }).click();
    await stage.page.getByText('1 item matches').waitFor();
    expect(new URL(stage.page.url()).search).toBe('?days=7&search=orbit');
    await stage.page.getByRole('button', { name: 'Table', exact: true }).click();
    await stage.page.getByRole('region', { name: 'Exposure of title, table' }).getByText('4,500').waitFor();
    await stage.page.getByRole('region', { name: 'Items, table' }).getByRole('link').click();
    await stage.page.waitForURL('**/catalogue/t-1?days=7');
    await stage.page.getByRole('link', { name: 'Artwork by Thompson sampling' }).waitFor();
  });

  it('asks two policies for one member and moment, and compares their answers in words', async () => {
    await visit('/preview');
    const choose = async (label: string, option: string): Promise<void> => {
      await stage.page.getByRole('combobox', { name: label, exact: true }).click();
      await stage.page.getByRole('option', { name: option, exact: true }).click();
    };
    await choose('Surface', 'Rows of the home page');
    await stage.page.getByLabel('Member').fill('m-1');
    await stage.page.getByLabel('Date').fill('2026-10-09');
    await choose('Weekday', 'Friday');
    await choose('Hour', '21:00');
    await choose('Policy', 'Rows by matrix factorisation');
    await choose('Beside it', 'Rows by popularity');
    const asked = stage.page.waitForRequest((request) => request.url().endsWith('/v1/previews'));
    await stage.page.getByRole('button', { name: 'Preview', exact: true }).click();
    expect((await asked).postDataJSON()).toEqual({
      surface: 'home.rows',
      subject: null,
      unitId: 'm-1',
      context: { hour: 21, weekday: 5 },
      at: '2026-10-09T12:00:00Z',
      limit: 20,
      policies: [{ policyId: 'rows-als' }, { policyId: 'rows-popular' }],
    });
    const table = stage.page.getByRole('region', { name: 'Answers side by side, table' });
    await table.getByText('only here').waitFor();
    await table.getByText('▲ 1').waitFor();
    expect(new URL(stage.page.url()).search).toBe(
      '?surface=home.rows&unit=m-1&day=2026-10-09&weekday=5&hour=21&left=rows-als&right=rows-popular',
    );
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByRole('button', { name: 'CSV', exact: true }).click(),
    ]);
    expect((await fs.readFile(await file.path(), 'utf8')).split('\n')).toHaveLength(11);
  });

  it('tries a query beside another policy, in the address, and takes one from what members searched for', async () => {
    await visit('/policies/finder/search');
    await stage.page.getByText('Nothing is asked yet').waitFor();
    await stage.page.getByLabel('Query', { exact: true }).fill('the one with the space pirate');
    await stage.page.getByLabel('How it is asked').selectOption('Spoken');
    await stage.page.getByLabel('Watched before').fill('t-7, t-9');
    await stage.page.getByLabel('Beside it').selectOption('Search by words');
    const asked = stage.page.waitForRequest((request) =>
      request.url().endsWith('/v1/policies/finder/search'),
    );
    await stage.page.getByRole('button', { name: 'Search', exact: true }).click();
    expect((await asked).postDataJSON()).toEqual({
      query: 'the one with the space pirate',
      mode: 'voice',
      history: ['t-7', 't-9'],
    });
    const mine = stage.page.getByRole('region', { name: 'Results of Search by everything', exact: true });
    await mine.getByText('Titles with “space opera” have to do with the query.').waitFor();
    await stage.page.getByRole('region', { name: 'Results of Search by words', exact: true }).waitFor();
    expect(new URL(stage.page.url()).search).toBe(
      '?q=the+one+with+the+space+pirate&mode=voice&watched=t-7%2C+t-9&beside=words',
    );
    const queries = stage.page.getByRole('region', { name: 'Queries, table' });
    await queries.getByRole('link', { name: 'space pirates' }).click();
    await stage.page.getByText('of 480 found for “space pirates”').first().waitFor();
    await visit('/policies/finder/search?q=xqzv');
    await stage.page.getByText('Members who ask this get an empty list.').waitFor();
  });

  it('shows a whole page for a member and moment, made one way beside another, and says what differs', async () => {
    await visit('/preview/page');
    const choose = async (label: string, option: string): Promise<void> => {
      await stage.page.getByRole('combobox', { name: label, exact: true }).click();
      await stage.page.getByRole('option', { name: option, exact: true }).click();
    };
    await choose('Page', 'Home page');
    await stage.page.getByLabel('Member').fill('m-1');
    await choose('Hour', '21:00');
    await stage.page.getByLabel('Country').fill('FR');
    await choose('Titles by', 'Rows by matrix factorisation');
    await stage.page.getByLabel('Beside another way').click();
    await choose('Titles by (beside)', 'Rows by popularity');
    const asked = stage.page.waitForRequest((request) => request.url().endsWith('/v1/pages/home/preview'));
    await stage.page.getByRole('button', { name: 'Preview', exact: true }).click();
    expect((await asked).postDataJSON()).toEqual({
      unitId: 'm-1',
      context: { country: 'FR', hour: 21 },
      sides: [
        { rows: null, titles: 'rows-als', artwork: null },
        { rows: null, titles: 'rows-popular', artwork: null },
      ],
    });
    await stage.page.getByText('Both show 2 rows, 0 in the same place').waitFor();
    const left = stage.page.getByRole('list', { name: 'Rows, one way' });
    await left.getByText('there in New this week').waitFor();
    await left.getByText('because of Broken Winter (62%)').first().waitFor();
    expect(await left.getByText('only here').count()).toBe(1);
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByRole('button', { name: 'CSV', exact: true }).click(),
    ]);
    expect((await fs.readFile(await file.path(), 'utf8')).trim().split('\n')).toHaveLength(9);
  });

  it('chooses a point of the trade-offs and makes a policy of it', async () => {
    await visit('/policies/rows-als/trade-offs');
    await stage.page.getByText('nothing beats it in both.').first().waitFor();
    await stage.page.getByRole('combobox', { name: 'Setting' }).click();
    await stage.page.getByRole('option', { name: '3: relevance + 1 × diversity' }).click();
    expect(new URL(stage.page.url()).search).toBe('?point=2');
    await stage.page.getByText('▲ +0.063').waitFor();
    await stage.page.getByLabel('Diversity at least').fill('0.9');
    await stage.page.getByText('Setting number 6 alone keeps these bounds').waitFor();
    await stage.page.getByLabel('Diversity at least').fill('0.8');
    await stage.page.getByText('Of 2 settings that keep these bounds, number 3 has the most').waitFor();
    await stage.page.getByRole('button', { name: 'Choose it' }).click();
    expect(new URL(stage.page.url()).search).toBe('?point=2&least-diversity=0.8');
    await stage.page.getByRole('button', { name: 'Compute trade-offs' }).click();
    const start = stage.page.getByRole('dialog');
    await start.getByRole('button', { name: 'Add a setting of your own' }).click();
    await start.getByLabel('Weight of completion').fill('0.3');
    await start.getByLabel('Diversity at least').fill('0.85');
    await start.getByRole('button', { name: 'Compute', exact: true }).click();
    await start.waitFor({ state: 'hidden' });
    expect(stage.api.writes.pop()?.body).toEqual({
      completion: 'complete',
      completeDays: 7,
      returnDays: 2,
      alsoTry: [{ objectives: { completionRate: 0.3 }, atLeast: { diversity: 0.85 } }],
    });
    await stage.page.getByRole('button', { name: 'Make it a policy' }).click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByLabel('Title').fill('Diverse rows');
    await dialog.getByRole('button', { name: 'Create policy' }).click();
    await stage.page.waitForURL('**/policies/diverse-rows/setup');
    expect(stage.api.writes).toMatchObject([
      {
        method: 'POST',
        path: '/v1/policies/rows-als/trade-offs/trade_01/candidate',
        body: { point: 2, id: 'diverse-rows', title: 'Diverse rows' },
      },
    ]);
  });

  it('opens a member, and stops personalising after asking once more', async () => {
    await visit('/members');
    await stage.page.getByLabel('Member', { exact: true }).fill('m-1');
    await stage.page.getByRole('button', { name: 'Open', exact: true }).click();
    await stage.page.waitForURL('**/members/m-1');
    await stage.page.getByText('Most of it is drama: 67%.').first().waitFor();
    await stage.page.getByText('97% within a week').waitFor();
    await stage.page.getByRole('link', { name: 'Northern Tide' }).first().waitFor();
    await stage.page.getByRole('button', { name: 'Stop personalising' }).click();
    await stage.page.getByRole('dialog').getByRole('button', { name: 'Stop personalising' }).click();
    await stage.page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(stage.api.writes).toMatchObject([
      { method: 'PUT', path: '/v1/units/m-1/personalisation', body: { personalised: false } },
    ]);
    await stage.page.getByRole('button', { name: 'Withdraw consent to age' }).click();
    await stage.api.written(2);
    expect(stage.api.writes[1]).toMatchObject({
      method: 'PUT',
      path: '/v1/units/m-1/consents',
      body: { withdrawn: ['age'] },
    });
  });

  it('shows what policies may know, registers what was found, and opens the history of a feature', async () => {
    await visit('/settings/features');
    const table = stage.page.getByRole('region', { name: 'Features, table' });
    await table.getByText('audit of fairness only').waitFor();
    await table.getByRole('button', { name: /history of device/ }).click();
    await stage.page.getByText('source was app, is user agent').waitFor();
    await stage.page.getByRole('button', { name: 'Register hour of context' }).click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByLabel('What it says').fill('Hour on the wall clock');
    await dialog.getByLabel('Where it comes from').fill('app');
    await dialog.getByRole('button', { name: 'Register', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(stage.api.writes).toMatchObject([
      {
        method: 'PUT',
        path: '/v1/features/context/hour',
        body: {
          kind: 'category',
          description: 'Hour on the wall clock',
          source: 'app',
          unit: null,
          range: null,
          consent: false,
          sensitive: false,
        },
      },
    ]);
    await visit('/policies/rows-als/card');
    await stage.page.getByText('schema 6: source was app, is user agent').waitFor();
  });

  it('edits a page: a draft beside its preview, faults at their fields, and nobody is overwritten', async () => {
    await visit('/pages/home');
    const { page } = stage;
    const rows = page.getByRole('region', { name: 'Rows, table' });
    await rows.getByText('kind 1: match genre').waitFor();
    await page
      .getByRole('region', { name: 'Who decides, table' })
      .getByText('matrix factorisation')
      .first()
      .waitFor();
    const save = page.getByRole('button', { name: 'Save the page' });
    expect(await save.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Pin a row or title' }).click();
    const pin = page.getByRole('group', { name: 'Pin 1' });
    await pin.getByLabel('Until').fill('2030-12-24T20:00');
    await pin.getByLabel('Reason').fill('Advent');
    await rows.getByText('pinned at 1 until').waitFor();
    await page.getByRole('textbox', { name: 'Titles of a row at most' }).fill('4');
    await page.getByRole('textbox', { name: 'Member' }).fill('m-1');
    const asked = page.waitForRequest((request) => request.url().endsWith('/v1/pages/home/preview'));
    await page.getByRole('button', { name: 'Show the draft' }).click();
    const pins = [
      {
        row: 'row-drama',
        title: null,
        position: 1,
        // The browser's clock stands in Paris.
        until: '2030-12-24T19:00:00.000Z',
        reason: 'Advent',
      },
    ];
    expect((await asked).postDataJSON()).toMatchObject({
      unitId: 'm-1',
      layout: { titles: { limit: 4 }, pins },
      sides: [{ rows: 'rows-popular', titles: null }],
    });
    await page.getByRole('heading', { name: '1. Acclaimed dramas' }).waitFor();

    const refuse = (status: number, errors: object[]): void =>
      stage.api.override(/PUT /, {
        status,
        body: { status, code: 'invalid_page', detail: 'The request is not valid', errors },
      });
    const fault = { code: 'unknown_item', message: 'there is no row "row-drama"' };
    refuse(400, [{ pointer: '/layout/pins/0/row', ...fault }]);
    await save.click();
    await pin.getByText('there is no row "row-drama"').waitFor();
    refuse(412, []);
    await save.click();
    await page.getByRole('alert').getByText('Somebody else has changed this page').waitFor();
    await page.getByRole('button', { name: 'Begin again from how it is now' }).click();
    await page.getByText('Nothing is pinned').waitFor();
    stage.api.override(/PUT /, { status: 200, body: { ...PAGE, title: 'Home', revision: 4 } });
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Home');
    await save.click();
    await page.waitForFunction(() =>
      document.querySelector('form button[type=submit]')?.matches(':disabled'),
    );
    expect(stage.api.writes.map(({ method, path, headers }) => [method, path, headers['if-match']])).toEqual(
      Array(3).fill(['PUT', '/v1/pages/home', '"3"']),
    );
    expect(stage.api.writes[0]?.body).toMatchObject({ title: 'Home page', layout: { pins } });

    await page.getByLabel('Name of the new row').fill('Crime nights');
    await page.getByLabel('Its id').fill('row-crime');
    await page.getByLabel('Its kind').selectOption('Kind 1: row genre');
    await page.getByLabel('What it is about').fill('crime');
    await page.getByRole('button', { name: 'Add the row' }).click();
    await stage.api.written(4);
    expect(stage.api.writes[3]).toMatchObject({
      path: '/v1/items',
      body: {
        onlyNew: true,
        items: [{ id: 'row-crime', kind: 'row', features: { row: 'genre', genre: 'crime' }, position: 2 }],
      },
    });

    await visit('/pages/new');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Kids');
    await page.getByLabel('Key, by which apps ask for it').fill('home');
    refuse(412, []);
    await page.getByRole('button', { name: 'Create the page' }).click();
    await page.getByText('There is a page with this key already.').waitFor();
    expect(stage.api.writes[4]?.headers['if-match']).toBe('"0"');
    await page.getByRole('button', { name: 'Open that page' }).click();
    await page.waitForURL('**/pages/home');
  });

  it('opens a training run, promotes it, and sets when the policy trains by itself', async () => {
    await visit('/policies/rows-als/model');
    await stage.page.getByRole('button', { name: 'Details of run run-2' }).click();
    await stage.page.getByText('Loss of the fit that is judged: ').first().waitFor();
    await stage.page.getByText('with snapshot 4, 2 new titles by attributes').waitFor();
    await stage.page.getByText('yes, went on from a checkpoint').waitFor();
    await stage.page.getByLabel('From nothing every so many nights').fill('3');
    await stage.page.getByRole('button', { name: 'Promote to snapshot 5' }).click();
    await stage.page.getByRole('dialog').getByRole('button', { name: 'Promote', exact: true }).click();
    await stage.page.getByRole('dialog').waitFor({ state: 'hidden' });
    await stage.page.getByLabel('At', { exact: true }).fill('04:30');
    await stage.page
      .getByRole('form', { name: 'Nightly training' })
      .getByRole('button', { name: 'Save' })
      .click();
    await stage.api.written(2);
    expect(stage.api.writes).toMatchObject([
      { path: '/v1/policies/rows-als/promote', body: { version: 5 } },
      {
        method: 'PATCH',
        body: {
          training: {
            schedule: { at: '04:30', timeZone: 'Europe/Paris' },
            promote: 'auto',
            memoryMb: 1024,
            fromScratchEvery: 3,
          },
        },
      },
    ]);
  });
});
