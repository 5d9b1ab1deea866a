import { expect, it } from '@jest/globals';
import fs from 'node:fs/promises';
import { violations } from './axe.js';
import { setStage, withBrowser } from './stage.js';

withBrowser('decisions made again, in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage('422');
  const { visit } = stage;

  async function saved(name: string): Promise<string> {
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByRole('button', { name, exact: true }).last().click(),
    ]);
    return fs.readFile(await file.path(), 'utf8');
  }

  it('asks what if, keeps the question in the address, and undoes it', async () => {
    await visit('/decisions/01KAR8DECISION0000');
    await stage.page.getByText('Nothing is changed yet').waitFor();
    await stage.page.getByText('not eligible: fatigue').waitFor();
    const asked = stage.page.waitForRequest((request) => request.url().endsWith('/counterfactual'));
    await stage.page.getByRole('combobox', { name: 'Feature' }).fill('hour');
    await stage.page.getByLabel('New value').fill('8');
    await stage.page.getByRole('button', { name: 'Change', exact: true }).click();
    expect((await asked).postDataJSON()).toEqual({ context: { hour: 8 }, actions: {} });
    await stage.page.getByText('Another choice').waitFor();
    await stage.page.getByRole('region', { name: 'Before and now, table' }).getByText('▲ +40.0 pp').waitFor();
    const edit = new URL(stage.page.url()).searchParams.get('whatif');
    expect(JSON.parse(edit ?? '')).toEqual({ context: { hour: 8 }, actions: {} });
    const [head, ...lines] = (await saved('CSV')).split('\n');
    expect(head).toContain('Probability before');
    expect(lines).toHaveLength(5);
    expect(await violations(stage.page)).toEqual([]);
    await stage.page.getByRole('button', { name: 'Undo hour → 8' }).click();
    await stage.page.getByText('Nothing is changed yet').waitFor();
    expect(new URL(stage.page.url()).search).toBe('');
  });

  it('says why a decision cannot be made again', async () => {
    const detail = 'Version 4 of the policy "artwork-ts" is not kept';
    stage.api.override(/POST .*\/counterfactual$/, {
      status: 422,
      body: {
        title: 'Not possible',
        status: 422,
        code: 'not_replayable',
        detail,
        instance: 'req',
        errors: [],
      },
    });
    await visit('/decisions/01KAR8DECISION0000?whatif={"version":4}');
    await stage.page.getByText(detail).waitFor({ timeout: 20_000 });
  });

  it('replays a day page by page, with the order of slates compared in words', async () => {
    await visit('/policies/artwork-ts/replay?candidate=artwork-uniform&day=2026-08-21');
    await stage.page.getByText('61.2%').waitFor();
    await stage.page
      .getByText('row-because ▲ 2 → 1, row-continue ▼ 1 → 2, row-top10 new at 3, row-new gone')
      .waitFor();
    const asked = stage.page.waitForRequest((request) => request.url().endsWith('/replay'));
    await stage.page.getByRole('button', { name: 'Replay the next thousand' }).click();
    expect((await asked).postDataJSON()).toEqual({
      candidate: { policyId: 'artwork-uniform' },
      from: '2026-08-21T00:00:00.000Z',
      to: '2026-08-22T00:00:00.000Z',
      limit: 1000,
      cursor: 'next',
    });
    await stage.page.getByText('1,240', { exact: true }).waitFor();
    await stage.page.getByText('3 decisions left out').waitFor();
    expect((await saved('CSV')).split('\n')).toHaveLength(5);
    await stage.page.getByLabel('Snapshot', { exact: true }).fill('7');
    await stage.page.getByRole('button', { name: 'Replay', exact: true }).click();
    await stage.page.waitForURL('**version=7**');
    // The form begins anew with the address; what is typed before that is lost.
    await stage.page.waitForLoadState('networkidle');
    // One handler sets several parameters; none overwrites another.
    await stage.page.getByLabel('Day (UTC)').fill('2026-08-22');
    await stage.page.getByLabel('Snapshot', { exact: true }).fill('8');
    await stage.page.getByRole('button', { name: 'Replay', exact: true }).click();
    await stage.page.waitForURL('**version=8**');
    expect(Object.fromEntries(new URL(stage.page.url()).searchParams)).toEqual({
      candidate: 'artwork-uniform',
      day: '2026-08-22',
      version: '8',
    });
  });
});
