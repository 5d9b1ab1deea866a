import { expect, it } from '@jest/globals';
import type { Request } from 'playwright-core';
import { violations } from './axe.js';
import { settled } from './browser.js';
import { OFF_POLICY_RUN } from './fixtures/off-policy.js';
import { previewChange } from './fixtures/policy-changes.js';
import { inBreach } from './fixtures/guardrails.js';
import { POLICIES, SNAPSHOTS } from './fixtures/policies.js';
import { WARM_STARTS } from './fixtures/warm-starts.js';
import { setStage, withBrowser } from './stage.js';

const EMPTY = { status: 200, body: { items: [], nextCursor: null } };

function problem(status: number, code: string, detail: string, errors: unknown[] = []) {
  return {
    status,
    body: { type: 'about:blank', title: detail, status, code, detail, instance: 'req-1', errors },
  };
}

withBrowser('dashboard states and journeys in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage();
  const { visit } = stage;

  it('shows skeletons while loading', async () => {
    stage.api.override(/GET \/v1\/experiments$/, 'hang');
    await stage.page.goto(`${stage.url}/experiments`);
    await stage.page.getByRole('status', { name: 'Loading experiments' }).waitFor();
  });

  it('offers to create the first experiment', async () => {
    stage.api.override(/GET \/v1\/experiments$/, EMPTY);
    await visit('/experiments');
    await stage.page.getByRole('link', { name: 'Create experiment' }).click();
    await stage.page.getByRole('heading', { name: 'New experiment' }).waitFor();
  });

  it('says what an error means, quotes the request and recovers', async () => {
    stage.api.override(/GET \/v1\/policies$/, problem(400, 'bad', 'The policy store is locked.'));
    await visit('/policies');
    const alert = stage.page.getByRole('alert');
    expect(await alert.innerText()).toContain('The policy store is locked.');
    expect(await alert.innerText()).toContain('req-1');
    stage.api.override(/GET \/v1\/policies$/, { status: 200, body: { items: [], nextCursor: null } });
    await alert.getByRole('button', { name: 'Try again' }).click();
    await stage.page.getByText('No policies yet').waitFor();
  });

  it('keeps what was typed of a new experiment over a reload, and begins anew when asked to', async () => {
    await visit('/experiments/new');
    const { page } = stage;
    const name = page.getByLabel('Name', { exact: false }).first();
    await name.fill('Fresh rows on Sunday');
    await page.reload();
    await page.getByText('What you typed before is here again').waitFor();
    expect(await name.inputValue()).toBe('Fresh rows on Sunday');
    await page.getByRole('button', { name: 'Start over' }).click();
    expect(await name.inputValue()).toBe('');
    await page.reload();
    await page.getByRole('heading', { name: 'New experiment' }).waitFor();
    expect(await name.inputValue()).toBe('');
  });

  it('filters the list by address and says when nothing matches', async () => {
    await visit('/experiments?status=draft');
    expect(await stage.page.getByRole('row').count()).toBe(2);
    await stage.page.getByPlaceholder('Search by name, key or tag').fill('zzz');
    await stage.page.getByText('0 of 8 experiments match').waitFor();
    expect(stage.page.url()).toContain('text=zzz');
    await stage.page.getByRole('button', { name: 'Clear filters' }).click();
    await stage.page.getByText('Rows by taste instead of popularity').waitFor();
  });

  it('asks for a key when the API refuses, and keeps it for the tab only', async () => {
    stage.api.override(/GET/, problem(401, 'unauthenticated', 'A key is needed.'));
    await stage.page.goto(`${stage.url}/experiments`);
    await stage.page.getByRole('heading', { name: 'Sign in to Marquee' }).waitFor();
    await stage.page.getByLabel('API key', { exact: false }).first().fill('wrong');
    await stage.page.getByRole('button', { name: 'Sign in' }).click();
    await stage.page.getByText('The API does not know this key').waitFor();
    stage.api.override(/GET \/v1\/experiments$/, EMPTY);
    await stage.page.getByLabel('API key', { exact: false }).first().fill('mqs_right');
    stage.api.forget();
    const authorized = stage.page.waitForRequest(
      (request) => request.headers()['authorization'] === 'Bearer mqs_right',
    );
    await stage.page.getByRole('button', { name: 'Sign in' }).click();
    await authorized;
    await settled(stage.page);
    expect(
      await stage.page.evaluate(() => [
        sessionStorage.length,
        JSON.stringify(localStorage).includes('mqs_right'),
      ]),
    ).toEqual([1, false]);
  });

  it('stops an experiment only with a reason, and shows the refusal of the API', async () => {
    await visit('/experiments/home-rows-als');
    await stage.page.getByRole('button', { name: 'Stop', exact: true }).click();
    const dialog = stage.page.getByRole('dialog');
    expect(await dialog.getByRole('button', { name: 'Stop', exact: true }).isDisabled()).toBe(true);
    await dialog.getByLabel('Reason', { exact: false }).fill('Guardrail crossed');
    stage.api.override(/POST .*\/stop$/, problem(409, 'wrong_state', 'It was stopped by somebody else.'));
    await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
    await dialog.getByText('It was stopped by somebody else.').waitFor();
    expect(stage.api.writes[0]).toMatchObject({
      path: '/v1/experiments/home-rows-als/stop',
      body: { reason: 'Guardrail crossed' },
    });
    expect(stage.api.writes[0]?.headers['if-match']).toBe('"3"');
  });

  it('greys blocked lifts until asked to show them', async () => {
    await visit('/experiments/notification-hour');
    const muted = stage.page.locator('[data-direction="better"]');
    expect(await muted.count()).toBe(0);
    await stage.page.getByRole('button', { name: 'Show anyway' }).click();
    await muted.first().waitFor();
    expect(stage.page.url()).toContain('anyway=1');
  });

  it('gives every chart a table twin', async () => {
    await visit('/experiments/home-rows-als');
    await stage.page.getByRole('button', { name: 'Table' }).first().click();
    await stage.page
      .getByRole('region', { name: 'Lift by metric, table' })
      .getByText('Day-28 retention')
      .waitFor();
  });

  it('throws the kill switch in two clicks and a reason', async () => {
    await visit('/operations');
    await stage.page.getByRole('button', { name: 'Serve defaults everywhere' }).click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByLabel('Reason', { exact: false }).fill('Errors in the player');
    await dialog.getByRole('button', { name: 'Serve defaults everywhere' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes).toMatchObject([
      { path: '/v1/operations/kill-switch', body: { enabled: true, reason: 'Errors in the player' } },
    ]);
  });

  it('rolls a policy back to a chosen snapshot', async () => {
    await visit('/policies/artwork-ts/snapshots');
    await stage.page.getByRole('button', { name: 'Roll back to snapshot 811' }).click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes).toMatchObject([
      { path: '/v1/policies/artwork-ts/rollback', body: { version: 811 } },
    ]);
  });

  it('retires an action and raises exploration', async () => {
    await visit('/policies/artwork-ts');
    await stage.page
      .getByRole('button', { name: /^Retire / })
      .first()
      .click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Retire' }).click();
    await dialog.waitFor({ state: 'detached' });
    await stage.page.getByRole('button', { name: 'Exploration' }).click();
    await dialog.getByLabel('Floor').fill('0.05');
    await dialog.getByRole('button', { name: 'Set floor' }).click();
    await dialog.waitFor({ state: 'detached' });
    const [retire, raise] = stage.api.writes;
    expect(retire?.path).toBe('/v1/policies/artwork-ts');
    expect(retire?.body).toMatchObject({ params: { wrappers: [{ key: 'retired' }] } });
    expect(raise).toMatchObject({ path: '/v1/policies/artwork-ts', body: { floor: 0.05 } });
  });

  it('changes a running experiment: says what it does to its units first, and plans the rest', async () => {
    await visit('/experiments/home-rows-als/setup');
    const { page } = stage;
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    expect(await dialog.getByRole('button', { name: 'Review the change' }).isDisabled()).toBe(true);
    await dialog
      .getByLabel(/^Weight of/)
      .first()
      .fill('3');
    await dialog.getByRole('button', { name: 'Add condition' }).click();
    expect(await dialog.getByRole('button', { name: 'Review the change' }).isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Remove condition' }).last().click();
    await dialog.getByText(/^Matches about [\d,]+ members a day/).waitFor();
    await dialog.getByRole('button', { name: 'Review the change' }).click();
    await dialog.getByText('About 9,600 of 48,000 members in it').waitFor();
    await dialog.getByText('New phase', { exact: true }).waitFor();
    await dialog.getByLabel('They keep their arms').click();
    await dialog.getByText('New units only').waitFor();
    await dialog.getByRole('button', { name: 'Make the change' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Edit schedule' }).click();
    await dialog.getByLabel('Or at so many units').fill('5000');
    await dialog.getByRole('button', { name: 'Save schedule' }).click();
    await dialog.waitFor({ state: 'detached' });
    await visit('/settings/traffic');
    await page.getByRole('button', { name: 'Edit Search area' }).click();
    await dialog.getByLabel('Share').fill('10');
    await dialog.getByRole('combobox', { name: 'Surfaces' }).click();
    await page.getByRole('option', { name: 'Search results' }).click();
    await page.getByText('Edit Search area').click();
    await dialog.getByRole('button', { name: 'Save holdout' }).click();
    await dialog.waitFor({ state: 'detached' });
    const [change, plan, holdout] = stage.api.writes;
    expect(change).toMatchObject({
      method: 'PATCH',
      path: '/v1/experiments/home-rows-als',
      body: { existing: 'keep', arms: [{ weight: 3 }, {}] },
    });
    expect(Object.keys(change?.body as object).sort()).toEqual(['arms', 'existing']);
    expect(change?.headers['if-match']).toBeDefined();
    expect(plan?.body).toEqual({ stopWhen: { units: 5000, halfWidth: 0.01 } });
    expect(plan?.headers['if-match']).toBe('"4"');
    expect(holdout).toMatchObject({
      method: 'PATCH',
      body: { share: 0.1, tags: ['search'], surfaces: ['search.results'] },
    });
    expect(holdout?.headers['if-match']).toBe('"3"');
  });

  it('says on every tab what a guardrail did, takes it back with one click, and sets what a breach leads to', async () => {
    const { page } = stage;
    stage.api.override(/GET .*guardrails$/, {
      status: 200,
      body: { ...inBreach(1), clusterBy: 'household' },
    });
    await visit('/experiments/home-rows-als/setup');
    await page.getByText('A guardrail paused this experiment').waitFor();
    await page.getByText('1 h and 100 clusters (household) in every arm').waitFor();
    await page.getByRole('button', { name: /do not report this again/ }).click();
    await page.getByRole('button', { name: 'Edit guardrails' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Not before so many clusters (household) in every arm').waitFor();
    await dialog.getByRole('combobox', { name: 'If units are not split as planned' }).click();
    await page.getByRole('option', { name: 'Control for everybody' }).click();
    await dialog.getByRole('button', { name: 'Save guardrails' }).click();
    await dialog.waitFor({ state: 'detached' });
    const [undo, change] = stage.api.writes;
    expect(undo).toMatchObject({ method: 'POST', path: '/v1/experiments/home-rows-als/guardrails/undo' });
    expect(change).toMatchObject({ method: 'PATCH', body: { sampleRatio: 'control' } });
    expect(change?.headers['if-match']).toBe('"2"');
  });

  it('edits a policy: only what changed is sent, after its effects were shown, and nobody is overwritten', async () => {
    await visit('/policies/artwork-ts/setup');
    const { page } = stage;
    const setup = page.getByRole('main');
    await setup.getByText('3.0% of what is chosen, the lot kept for one week; measured').waitFor();
    await setup.getByText('18,412').waitFor();
    const dialog = page.getByRole('dialog');
    const open = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await dialog.getByLabel('Withheld choices, %').fill('5');
      await dialog.getByRole('button', { name: 'Review the change' }).click();
      await dialog.getByText('What was learned is kept.').waitFor();
    };
    await open();
    await dialog.getByText('The off-policy gate is not asked.').waitFor();
    await dialog.getByRole('button', { name: 'Make the change' }).click();
    await dialog.waitFor({ state: 'detached' });
    const closed = { required: true, open: false, prose: 'It was never evaluated.', clauses: [] };
    stage.api.override(/POST .*preview$/, {
      status: 200,
      body: { ...previewChange({ withhold: { share: 0.05, steadyFor: 'week' } }), gate: closed },
    });
    stage.api.override(/PATCH /, problem(412, 'version_conflict', 'Changed meanwhile.'));
    await open();
    const past = dialog.getByRole('button', { name: 'Make the change past the gate' });
    expect(await past.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason for going past the gate').fill('The log is of the old player');
    await past.click();
    await dialog.getByText('Somebody else has changed this policy').waitFor();
    await dialog.getByRole('button', { name: 'Begin again' }).click();
    expect(await dialog.getByLabel('Withheld choices, %').inputValue()).toBe('3');
    const body = { withhold: { share: 0.05, steadyFor: 'week' } };
    expect(
      stage.api.writes.map(({ path, body: sent, headers }) => [path, sent, headers['if-match']]),
    ).toEqual([
      ['/v1/policies/artwork-ts', body, '"7"'],
      ['/v1/policies/artwork-ts', { ...body, overrideGate: 'The log is of the old player' }, '"7"'],
    ]);
  });

  it('shows how probable a slate was, place by place, and what stood in for what was withheld', async () => {
    await visit('/decisions/slate');
    const { page } = stage;
    const places = page.getByRole('region', { name: 'Probabilities of the slate, place by place, table' });
    await places.waitFor();
    expect(await places.getByRole('row').nth(2).innerText()).toMatch(/40\.0%\s+20\.0%\s+31\.0%\s+53\.0%/);
    expect(await page.getByRole('region', { name: 'Served answer, JSON' }).innerText()).toContain(
      'art-night',
    );
  });

  it('attaches and detaches a shadow, looks at an earlier audit and learns again', async () => {
    await visit('/policies/artwork-ts/health');
    const { page } = stage;
    await page.getByText('1 check of 3 needs a look').waitFor();
    await page.getByLabel('Audit', { exact: true }).selectOption({ index: 1 });
    await page.getByText('No check fails or raises an alarm').waitFor();
    expect(page.url()).toContain('audit=');
    await page.getByText('would have earned 0.052 a decision').waitFor();
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Change shadow' }).click();
    await dialog.getByRole('combobox', { name: 'Policy' }).click();
    await page.getByRole('option', { name: 'Rows by popularity' }).click();
    await dialog.getByLabel('Snapshot').fill('91');
    await dialog.getByRole('button', { name: 'Attach shadow' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Detach shadow' }).click();
    await dialog.getByRole('button', { name: 'Detach shadow' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Learn again' }).click();
    await dialog.getByLabel('Settled again by the current definition').check();
    await dialog.getByRole('button', { name: 'Learn again' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes).toMatchObject([
      { path: '/v1/policies/artwork-ts', body: { shadow: { policyId: 'rows-popular', version: 91 } } },
      { path: '/v1/policies/artwork-ts', body: { shadow: null } },
      { path: '/v1/policies/artwork-ts/relearn', body: { rewards: 'current-definition' } },
    ]);
  });

  it('looks at a figure and a segment of the lists, pins a title until a date and ends a pin', async () => {
    await visit('/policies/rows-als/diversity');
    const { page } = stage;
    await page.getByText('Lists narrowed, by 0.080 bits').waitFor();
    await page.getByLabel('Day by day').selectOption('gini');
    await page.getByText('Gini of exposure 0.842 over').waitFor();
    await page.getByLabel('Segment by').selectOption('country');
    expect(page.url()).toMatch(/figure=gini.*segment=country/);
    const form = page.getByRole('form', { name: 'Pin or boost a title' });
    await form.getByLabel('Title id').fill('title-7');
    await form.getByLabel('Place', { exact: true }).fill('2');
    await form.getByLabel('Until').fill('2026-12-24T20:00');
    await form.getByLabel('Reason').fill('Christmas');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'End title-9' }).click();
    expect(await stage.api.written(2)).toMatchObject([
      {
        path: '/v1/policies/rows-als/pins',
        method: 'POST',
        body: { id: 'title-7', position: 2, reason: 'Christmas' },
      },
      { path: '/v1/policies/rows-als/pins/title-9', method: 'DELETE' },
    ]);
  });

  it('draws a policy’s form from its JSON schema', async () => {
    await visit('/policies');
    await stage.page.getByRole('button', { name: 'New policy' }).click();
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Method' }).click();
    await stage.page.getByRole('option', { name: 'Thompson sampling (Beta-Bernoulli)' }).click();
    await dialog.getByRole('textbox', { name: 'Title' }).fill('Art by chance');
    await dialog.getByLabel('Prior successes').fill('2.5');
    await dialog.getByRole('combobox', { name: 'Add a wrapper' }).click();
    await stage.page.getByRole('option', { name: 'Holdback' }).click();
    await dialog.getByRole('group', { name: 'Holdback' }).getByLabel('Share').fill('0.1');
    await dialog.getByRole('combobox', { name: 'What counts as success' }).click();
    await stage.page.getByRole('option', { name: 'Play of two minutes and more' }).click();
    await dialog.getByRole('button', { name: 'Add a signal' }).click();
    const signal = dialog.getByRole('group', { name: 'Signal 1' });
    await signal.getByRole('textbox', { name: 'Name' }).fill('skips');
    await signal.getByRole('combobox', { name: 'Measured by' }).click();
    await stage.page.getByRole('option', { name: 'Skip' }).click();
    await dialog.getByLabel('Withheld choices, %').fill('4');
    await dialog.getByLabel('Learn the lift of showing').check();
    await dialog.getByRole('button', { name: 'Create policy' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes[0]).toMatchObject({
      path: '/v1/policies',
      body: {
        id: 'art-by-chance',
        key: 'thompson-beta',
        params: {
          priorSuccesses: 2.5,
          priorFailures: 1,
          perSubject: true,
          wrappers: [{ key: 'holdback', params: { share: 0.1 } }],
        },
        reward: {
          outcomes: [{ name: 'watch', value: 'one', min: 120 }],
          combine: 'any',
          signals: { skips: { outcomes: [{ name: 'skip', value: 'one' }], combine: 'any' } },
          incremental: { by: [] },
        },
        withhold: { share: 0.04, steadyFor: 'always' },
        windowSeconds: 21_600,
        learning: true,
      },
    });
    await visit('/policies/artwork-ts/setup');
    await stage.page.getByText('Signal “skips”').waitFor();
  });

  it('fills the examples for every SDK with its address and a key', async () => {
    stage.api.override(/POST \/v1\/keys$/, {
      status: 201,
      body: { id: 'k9', name: 'Web', role: 'publishable', prefix: 'mq_pub_1', key: 'mq_pub_1_fresh' },
    });
    await visit('/connect');
    await stage.page.getByRole('tab', { name: 'OpenFeature, web' }).click();
    await stage.page.getByText('Bearer YOUR_PUBLISHABLE_KEY').first().waitFor();
    await stage.page.getByLabel('Publishable key').fill('mq_adm_1');
    await stage.page.getByText('A publishable key begins with').waitFor();
    await stage.page.getByRole('button', { name: 'Make a key' }).click();
    await stage.page.getByText('Bearer mq_pub_1_fresh').first().waitFor();
    await stage.page.getByRole('tab', { name: 'GrowthBook' }).click();
    const origin = new URL(stage.page.url()).origin;
    await stage.page.getByText(`apiHost: '${origin}'`).waitFor();
    await stage.page.getByText("clientKey: 'mq_pub_1_fresh'").waitFor();
  });

  it('finds decisions by unit and explains an unknown one', async () => {
    await visit('/decisions');
    await stage.page.getByLabel('Unit id').fill('nobody');
    await stage.page.getByRole('button', { name: 'Find decisions' }).click();
    await stage.page.getByText('No decision for nobody').waitFor();
    await visit('/decisions/unknown');
    await stage.page.getByText('No such decision').waitFor();
  });

  it('pauses the live tail', async () => {
    await visit('/live');
    await stage.page.getByRole('button', { name: 'Pause' }).click();
    await stage.page.getByText('Nothing moves until you go on').waitFor();
    let asked = 0;
    const count = (request: Request): void => {
      asked += request.url().includes('/v1/decisions') ? 1 : 0;
    };
    stage.page.on('request', count);
    await stage.page.waitForTimeout(2_500);
    stage.page.off('request', count);
    expect(asked).toBe(0);
  });

  it('is reached by keyboard: skip link first, then a visible focus', async () => {
    await visit('/experiments');
    await stage.page.keyboard.press('Tab');
    expect(await stage.page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
    await stage.page.keyboard.press('Enter');
    expect(await stage.page.evaluate(() => document.activeElement?.id)).toBe('content');
    await stage.page.keyboard.press('Tab');
    const outline = await stage.page.evaluate(
      () => getComputedStyle(document.activeElement as Element).outlineStyle,
    );
    expect(outline).toBe('solid');
  });

  it('evaluates a candidate off-policy, says why it was not, and opens the run', async () => {
    const post = /POST \/v1\/policies\/artwork-ts\/off-policy$/;
    stage.api.override(post, problem(409, 'too_few_rows', 'There are 0 rewarded decisions.'));
    await visit('/policies/artwork-ts/lab');
    const evaluate = stage.page.getByRole('button', { name: 'Evaluate' });
    expect(await evaluate.isDisabled()).toBe(true);
    await stage.page.getByText('Edited parameters').click();
    await evaluate.click();
    await stage.page.getByText('There are 0 rewarded decisions.').waitFor();
    await stage.page.getByRole('button', { name: 'Add a guardrail' }).click();
    stage.api.override(post, { status: 201, body: OFF_POLICY_RUN });
    await evaluate.click();
    await stage.page.getByText('May Parameters 5f0c2a9b of artwork-ts take traffic?').waitFor();
    expect(stage.page.url()).toContain('run=7');
    expect(stage.api.writes.at(-1)?.body).toMatchObject({
      candidate: { params: { perSubject: true }, floor: 0.01 },
      days: 30,
      margin: 0.02,
      guardrails: [{ signal: 'skips', betterWhen: 'lower', margin: 0.01 }],
    });
    // As a policy it begins with what it learned here.
    const [fresh] = WARM_STARTS;
    stage.api.override(/POST .*\/warm-starts$/, { status: 202, body: { ...fresh, status: 'queued' } });
    await stage.page.getByRole('button', { name: 'Create and learn this log' }).click();
    await stage.page.getByText('It learns 61204 older decisions of this log now.').waitFor();
    expect(stage.api.writes.at(-2)?.body).toMatchObject({ id: 'artwork-ts-5f0c2a9b', gateRequired: true });
    expect(stage.api.writes.at(-1)).toMatchObject({
      path: '/v1/policies/artwork-ts-5f0c2a9b/warm-starts',
      body: { source: { policyId: 'artwork-ts' }, from: OFF_POLICY_RUN.result.log.from },
    });
  });

  it('lets a policy without knowledge learn from a log, and judges it on the rest', async () => {
    const untouched = { ...POLICIES[0], servingVersion: null, latestVersion: 0 };
    stage.api.override(/GET \/v1\/policies\/artwork-ts$/, { status: 200, body: untouched });
    await visit('/policies/artwork-ts');
    await stage.page.getByText('It has learned nothing yet').waitFor();
    await stage.page.getByRole('button', { name: 'Learn from a log' }).click();
    const dialog = stage.page.getByRole('dialog');
    const learn = dialog.getByRole('button', { name: 'Learn', exact: true });
    expect(await learn.isDisabled()).toBe(true);
    await dialog.getByRole('combobox', { name: 'Policy' }).click();
    await stage.page.getByRole('option', { name: 'Artwork at random' }).click();
    const post = /POST \/v1\/policies\/artwork-ts\/warm-starts$/;
    stage.api.override(post, problem(409, 'does_not_fit', 'The log does not fit the policy.'));
    await learn.click();
    await dialog.getByText('The log does not fit the policy.').waitFor();
    stage.api.override(post, { status: 202, body: WARM_STARTS[0] });
    stage.api.override(/GET .*\/warm-starts$/, {
      status: 200,
      body: { items: WARM_STARTS, nextCursor: null },
    });
    await learn.click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes.at(-1)?.body).toEqual({
      source: { policyId: 'artwork-uniform' },
      days: 30,
      holdOut: { by: 'time', share: 0.5 },
    });
    await stage.page.getByText('the reward definition changed while it was learned').waitFor();
    expect(await violations(stage.page)).toEqual([]);
    stage.api.override(/POST .*\/off-policy$/, { status: 201, body: OFF_POLICY_RUN });
    await stage.page.getByRole('button', { name: 'Judge it on the rest' }).click();
    await stage.page.waitForURL(/artwork-uniform\/lab\?run=7/);
    expect(stage.api.writes.at(-1)?.body).toMatchObject({ candidate: { policyId: 'artwork-ts' } });
  });

  it('goes past a closed gate only with a reason, and only after the gate has refused', async () => {
    const closed = problem(409, 'gate_closed', 'Version 813 may not take traffic: the log says too little.', [
      {
        pointer: '/gate',
        code: 'support',
        message: 'In 12 rows the candidate may play what the log could not.',
      },
    ]);
    const [newest] = SNAPSHOTS;
    const waiting = { ...newest, version: 813, serving: false, status: 'candidate' };
    stage.api.override(/snapshots$/, {
      status: 200,
      body: { items: [waiting, ...SNAPSHOTS], nextCursor: null },
    });
    let open = false;
    stage.api.override(/POST .*\/(promote|start)$/, () => (open ? { status: 200, body: {} } : closed));
    for (const [path, button, confirm] of [
      ['/policies/artwork-ts/snapshots', 'Promote to snapshot 813', 'Promote'],
      ['/experiments/dense-search', 'Start', 'Start'],
    ] as const) {
      open = false;
      await visit(path);
      await stage.page.getByRole('button', { name: button, exact: true }).click();
      const dialog = stage.page.getByRole('dialog');
      expect(await dialog.getByLabel('Reason for going past the gate').count()).toBe(0);
      await dialog.getByRole('button', { name: confirm, exact: true }).click();
      const alert = dialog.getByRole('alert');
      await alert.getByText('In 12 rows the candidate may play what the log could not.').waitFor();
      const again = dialog.getByRole('button', { name: `${confirm} past the gate` });
      expect(await again.isDisabled()).toBe(true);
      const reason = dialog.getByLabel('Reason for going past the gate');
      await reason.fill('too short');
      expect(await again.isDisabled()).toBe(true);
      await reason.fill('The old player is gone');
      open = true;
      await again.click();
      await dialog.waitFor({ state: 'detached' });
      expect(stage.api.writes.at(-1)?.body).toMatchObject({ overrideGate: 'The old player is gone' });
      expect(stage.api.writes.at(-2)?.body).not.toHaveProperty('overrideGate');
    }
  });

  it('remembers the theme, and has it before the first paint', async () => {
    await visit('/experiments');
    await stage.page.getByRole('button', { name: 'Dark theme' }).click();
    await stage.page.route('**/assets/**', () => undefined);
    await stage.page.goto(`${stage.url}/experiments`, { waitUntil: 'commit' });
    // By the clock: a page whose styles never arrive paints no frame to poll by.
    await stage.page.waitForFunction(
      () => document.documentElement.dataset['mantineColorScheme'] === 'dark',
      undefined,
      { polling: 100, timeout: 20_000 },
    );
  });
});
