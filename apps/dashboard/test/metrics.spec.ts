import { expect, it } from '@jest/globals';
import { CATALOG } from './fixtures/catalog.js';
import { HD_MINUTES } from './fixtures/metrics.js';
import { settled } from './browser.js';
import { setStage, withBrowser } from './stage.js';

withBrowser('metrics in Chromium (skipped where no chromium is installed)', () => {
  // The browser itself tells of the answer 400 that one of the journeys is about.
  const stage = setStage('400');
  const { visit } = stage;

  it('stands in the navigation and is filtered by address', async () => {
    await visit('/experiments');
    await stage.page.getByRole('navigation').getByRole('link', { name: 'Metrics' }).click();
    await stage.page.getByRole('heading', { name: 'Metrics', level: 1 }).waitFor();
    await visit('/metrics?kind=sum&origin=own');
    expect(await stage.page.getByRole('row').count()).toBe(2);
    const row = stage.page.getByRole('row').nth(1);
    expect(await row.innerText()).toMatch(
      /Minutes in high definition[\s\S]*Sum[\s\S]*higher[\s\S]*2[\s\S]*Own/,
    );
    await stage.page.getByLabel('Search by name or key').fill('zzz');
    await stage.page.getByText('No metric matches').waitFor();
    expect(stage.page.url()).toContain('text=zzz');
  });

  it('shows what a metric measures, its versions and who uses it', async () => {
    await visit('/metrics/hd-minutes');
    await stage.page
      .getByText('where its quality is hd and the hour of day is at least 18')
      .first()
      .waitFor();
    const uses = stage.page.getByRole('table').filter({ hasText: 'Rows by taste' });
    expect(await uses.innerText()).toMatch(
      /Rows by taste[\s\S]*Secondary[\s\S]*1[\s\S]*Dense search[\s\S]*the newest/,
    );
    await stage.page.getByText('HD minutes').waitFor();
    await stage.page.getByRole('button', { name: 'Archive' }).click();
    await settled(stage.page);
    expect(await stage.api.written(1)).toMatchObject([
      { method: 'POST', path: '/v1/metrics/hd-minutes/archive' },
    ]);
  });

  it('defines a metric, with the sentence as it grows and what is wrong at its field', async () => {
    const { page } = stage;
    await visit('/metrics/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('TV starts');
    await page.getByRole('textbox', { name: 'Description' }).fill('How often a unit starts something on TV');
    const outcomes = page
      .getByRole('combobox', { name: 'Outcomes' })
      .or(page.getByRole('textbox', { name: 'Outcomes' }));
    await outcomes.first().fill('play');
    await outcomes.first().press('Enter');
    await page.getByText('The mean over all units of the number of “play” events anywhere').waitFor();
    await page.getByRole('button', { name: 'Add condition' }).click();
    await page.getByRole('textbox', { name: 'Value', exact: true }).fill('tv');
    await page.getByText('“play” events where the device is tv').waitFor();
    await page.getByRole('textbox', { name: 'Before day' }).fill('7');
    stage.api.override(/POST \/v1\/metrics$/, {
      status: 400,
      body: {
        type: 'about:blank',
        title: 'Bad request',
        status: 400,
        code: 'invalid_metric',
        detail: '/maturityDays: must be at least 7',
        instance: 'req-1',
        errors: [
          { pointer: '/maturityDays', code: 'invalid_metric', message: 'maturityDays must be at least 7' },
          { pointer: '/numerator/where/0/value', code: 'invalid_metric', message: '"eq" takes one value' },
        ],
      },
    });
    await page.getByRole('button', { name: 'Create metric' }).click();
    await page.getByRole('alert').getByText('maturityDays must be at least 7').waitFor();
    const wrong = page.getByRole('textbox', { name: 'Units count after' });
    expect(await wrong.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('textbox', { name: 'Value', exact: true }).getAttribute('aria-invalid')).toBe(
      'true',
    );
    await wrong.fill('7');
    stage.api.override(/POST \/v1\/metrics$/, { status: 201, body: {} });
    await page.getByRole('button', { name: 'Create metric' }).click();
    await page.waitForURL('**/metrics/tv-starts');
    expect(stage.api.writes.at(-1)).toMatchObject({
      method: 'POST',
      path: '/v1/metrics',
      body: {
        key: 'tv-starts',
        title: 'TV starts',
        description: 'How often a unit starts something on TV',
        measuredIn: 'count',
        betterWhen: 'higher',
        family: 'engagement',
        kind: 'count',
        numerator: {
          fold: 'count',
          events: ['play'],
          where: [{ field: 'device', op: 'eq', value: 'tv' }],
          scope: 'unit',
          days: [0, 7],
        },
        maturityDays: 7,
      },
    });
  });

  it('saves a new version of exactly what was opened', async () => {
    await visit('/metrics/hd-minutes/edit');
    await stage.page.getByRole('textbox', { name: 'Name' }).fill('HD minutes');
    await stage.page.getByRole('button', { name: 'Save as version 3' }).click();
    await stage.page.waitForURL('**/metrics/hd-minutes');
    expect(stage.api.writes).toMatchObject([{ method: 'PUT', path: '/v1/metrics/hd-minutes' }]);
    expect(stage.api.writes[0]?.body).toEqual({ ...HD_MINUTES, title: 'HD minutes', version: 2 });
  });

  it('asks of each kind what it needs', async () => {
    const { page } = stage;
    await visit('/metrics/new');
    for (const [kind, text] of [
      ['Funnel step', 'Outcomes of step 1'],
      ['Ratio', 'Denominator'],
      ['Quantile', 'Share of units that stay below'],
      ['Retention', 'On one day'],
      ['Time to event', 'Days to the first one'],
    ] as const) {
      await page.getByRole('combobox', { name: 'Kind' }).click();
      await page.getByRole('option', { name: kind, exact: true }).click();
      await page
        .getByText(text)
        .or(page.locator(`input[value="${text}"]`))
        .first()
        .waitFor();
    }
  });

  it('offers own metrics to a new experiment', async () => {
    const { page } = stage;
    stage.api.override(/GET \/v1\/catalog$/, {
      status: 200,
      body: { ...CATALOG, metrics: [...CATALOG.metrics, HD_MINUTES] },
    });
    await visit('/experiments/new');
    await page.getByRole('combobox', { name: 'Decision metric' }).click();
    await page.getByRole('option', { name: 'Minutes in high definition' }).click();
    await page
      .getByText('Minutes watched in high definition during the first week. Better when higher.')
      .waitFor();
  });

  it('says that metrics of the program cannot be changed', async () => {
    await visit('/metrics/play-rate/edit');
    await stage.page.getByText('This metric is defined by the program').waitFor();
    await visit('/metrics/none');
    await stage.page.getByText('No such metric').waitFor();
  });
});
