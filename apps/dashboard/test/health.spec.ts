import { expect, it } from '@jest/globals';
import { setStage, withBrowser } from './stage.js';

withBrowser('the health of an experiment in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage();
  const { visit } = stage;

  const card = (title: string) => stage.page.getByRole('article', { name: title });

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
    expect(await stage.page.getByRole('alert').innerText()).toContain('Do not decide: fix first');
    expect(await card('Late and out of order').innerText()).toContain('Not known yet');
    const titles = await stage.page
      .getByRole('article')
      .evaluateAll((found) => found.map((article) => article.querySelector('h3')?.textContent));
    expect(titles[0]).toBe('Sample ratio');
  });

  it('mutes only with a reason, and says that a blocking check goes on blocking', async () => {
    await visit('/experiments/notification-hour/health');
    await stage.page.getByRole('button', { name: 'Mute Sample ratio' }).click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByText('It still blocks the verdict', { exact: false }).waitFor();
    expect(await dialog.getByRole('button', { name: 'Mute for 7 days' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Reason', { exact: false }).fill('Old televisions, known');
    await dialog.getByRole('button', { name: 'Mute for 7 days' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes[0]).toMatchObject({
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
    const chips = stage.page.getByRole('list', { name: 'Warnings' });
    const texts = await chips.getByRole('listitem').allInnerTexts();
    expect(texts.map((text) => text.split(/\s/)[0])).toEqual(['SRM-R', 'POWER', 'EDIT']);
    expect(texts[0]).toContain('blocks');
    expect(texts[2]).toContain('muted');
    await visit('/experiments/notification-hour?estimator=welch');
    await stage.page.getByRole('link', { name: /SRM-R/ }).click();
    await card('Sample ratio').waitFor();
    expect(stage.page.url()).toContain('/health?estimator=welch#sample-ratio');
  });

  it('notes in the audit log that blocked lifts were shown', async () => {
    await visit('/experiments/notification-hour');
    await stage.page.getByRole('button', { name: 'Show anyway' }).click();
    await expectWrite('POST', '/v1/experiments/notification-hour/health/show-blocked');
  });

  it('keeps the strip to what is not well, and says how many checks are', async () => {
    await visit('/experiments/home-rows-als');
    const strip = stage.page.getByRole('region', { name: 'Health checks' });
    expect(await strip.getByRole('button').allInnerTexts()).toEqual([expect.stringContaining('Power')]);
    await strip.getByRole('link', { name: '3 checks of 6 healthy, 1 muted' }).click();
    await stage.page.getByRole('heading', { name: 'Needs attention' }).waitFor();
  });

  it('lists what fires on the page of whoever is on call, with a way to it', async () => {
    await visit('/operations');
    const panel = stage.page.getByRole('region', { name: 'Health of experiments', exact: true });
    expect((await panel.getByRole('row').last().innerText()).replace(/\s+/g, ' ')).toBe(
      'Warning Identity switches Rows by taste instead of popularity',
    );
    await panel.getByRole('link', { name: 'Identity switches' }).click();
    await stage.page.getByRole('heading', { name: 'Health of assignment' }).waitFor();
    expect(stage.page.url()).toContain('/experiments/home-rows-als/health#identity-switch');
  });

  it('shows whose assignment went wrong, what it means, who is left out and what that does', async () => {
    await visit('/experiments/home-rows-als/health');
    const panel = stage.page.getByRole('region', { name: 'Health of assignment', exact: true });
    const table = panel.getByRole('table').first();
    const row = async (name: string): Promise<string> =>
      (await table.getByRole('row').filter({ hasText: name }).first().innerText()).replace(/\s+/g, ' ');
    expect(await row('Units in several arms')).toContain('15 0.04% 1.0% 15 left out: 15');
    expect(await row('Identity switches')).toContain('460 1.18% 1.0%, exceeded 900 left out: 455');
    expect(await row('Exposures without decision')).toContain('counted as others are');
    expect(await row('Decisions without exposure')).toContain('not in the report: never exposed');
    await table.getByRole('button', { name: 'Identity switches', exact: false }).click();
    await panel.getByText('What identity switches mean.').waitFor();
    const text = await panel.innerText();
    for (const part of [
      '512 of 38,924 units are left out (1.32%)',
      'one person, two ids, two arms: 400',
      'Send one id',
      'control 19,240, als 19,172: healthy',
      '+4.10% (+1.20% to +7.00%)',
      '+3.60% (+0.80% to +6.40%)',
    ])
      expect(text).toContain(part);
    await panel.getByRole('button', { name: 'Table' }).click();
    expect(await panel.getByRole('cell', { name: '1,750' }).count()).toBe(1);
    await panel.getByRole('button', { name: 'Edit rules' }).click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Identity switches' }).click();
    await stage.page.getByRole('option', { name: 'Count them as others' }).click();
    await dialog.getByLabel('Alarm: Units in several arms', { exact: false }).fill('');
    await dialog.getByLabel('An exposure is late', { exact: false }).fill('2');
    await dialog.getByRole('button', { name: 'Save rules' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes.at(-1)).toMatchObject({
      method: 'PATCH',
      path: '/v1/experiments/home-rows-als/assignment-rules',
      body: {
        exclude: { 'identity-switch': false },
        thresholds: { 'two-arms': null },
        lateAfterSeconds: 7200,
      },
    });
  });

  it('marks changes on the curve, in words too', async () => {
    await visit('/experiments/home-rows-als/time');
    await stage.page
      .getByText('Changed while running:', { exact: false })
      .first()
      .waitFor({ state: 'attached' });
    const mark = stage.page.locator('svg text').filter({ hasText: /^traffic$/ });
    await mark.waitFor({ state: 'attached' });
    expect(await mark.count()).toBe(1);
  });

  async function expectWrite(method: string, path: string): Promise<void> {
    expect((await stage.api.written(1))[0]).toMatchObject({ method, path });
  }
});
