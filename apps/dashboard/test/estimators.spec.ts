import { expect, it } from '@jest/globals';
import { violations } from './axe.js';
import { EXPERIMENTS } from './fixtures/experiments.js';
import { LAUNCH_CHECKS } from './fixtures/lifecycle.js';
import { ROWS } from './fixtures/pages.js';
import { POWER_PLAN } from './fixtures/power.js';
import { reportFor } from './fixtures/report.js';
import { setStage, withBrowser } from './stage.js';

const KEY = 'home-rows-als';

withBrowser('estimators and power in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage();
  const { visit } = stage;

  async function choose(label: string, option: string): Promise<void> {
    await stage.page.getByRole('combobox', { name: label }).click();
    await stage.page.getByRole('option', { name: option, exact: true }).click();
  }

  /** The report with a change to every result. */
  function answerWith(change: (result: Record<string, unknown>) => Record<string, unknown>): void {
    const experiment = EXPERIMENTS.find((entry) => entry.key === KEY);
    if (experiment === undefined) throw new Error('no such fixture');
    const report = reportFor(experiment, 'ship');
    const results = report.results.map((result) => change(result as unknown as Record<string, unknown>));
    stage.api.override(/GET .*\/report$/, { status: 200, body: { ...report, results } });
  }

  it('sends every setting of the toolbar to the API and keeps it in the address', async () => {
    await visit(`/experiments/${KEY}/results`);
    const asked = stage.page.waitForRequest(
      (request) => request.url().includes('multiplicity=hommel') && request.url().includes('family=all'),
    );
    await choose('Correction', 'Hommel');
    await choose('Corrected together', 'Everything');
    await asked;
    await choose('Guardrails', 'Not worse nor better');
    await choose('Difference', 'Scaled impact');
    await stage.page.getByRole('columnheader', { name: 'Scaled impact' }).waitFor();
    expect(new URL(stage.page.url()).search).toBe(
      '?multiplicity=hommel&family=all&guardrailTest=equivalence&difference=scaled',
    );
    await choose('Estimator', 'Group sequential');
    await stage.page.getByLabel('Planned looks').fill('4');
    await stage.page.waitForURL('**looks=4**');
    expect(await violations(stage.page)).toEqual([]);
  });

  it('shows the correction with its interval, what is still needed, and the unadjusted result', async () => {
    answerWith((result) => ({
      ...result,
      pValueAdjusted: 0.012,
      multiplicity: 'holm',
      familySize: 6,
      unitsNeededPerArm: 12_345,
      adjustedIntervals: {
        absolute: { lower: 0.001, upper: 0.02, level: 0.95, kind: 'confidence' },
        relative: { lower: 0.0123, upper: 0.0789, level: 0.95, kind: 'confidence' },
      },
    }));
    await visit(`/experiments/${KEY}/results`);
    const text = await stage.page.locator('table').first().innerText();
    expect(text).toContain('Holm of 6');
    expect(text).toMatch(/lift \+1\.23\s?% to \+7\.89\s?%/);
    expect(text).toContain('about 12,345 more per arm needed');
    expect(text).toContain('without CUPED');
  });

  it('shows chance to be better, expected loss and practical equivalence of the Bayesian estimator', async () => {
    answerWith((result) => ({
      ...result,
      pValueAdjusted: null,
      effect: {
        ...(result['effect'] as object),
        evidence: { kind: 'probability-better', value: 0.973, logValue: -0.027 },
        bayes: { probabilityBetter: 0.973, expectedLoss: 0.0004, probabilityEquivalent: 0.21 },
      },
    }));
    await visit(`/experiments/${KEY}/results?estimator=bayesian`);
    const text = await stage.page.locator('table').first().innerText();
    expect(text).toMatch(/P\(better\) 97/);
    expect(text).toContain('expected loss');
    expect(text).toMatch(/P\(no difference that matters\) 21/);
    await stage.page.getByLabel('Prior of the lift').fill('10');
    await stage.page.waitForURL('**priorLiftSd=0.1**');
    expect(await violations(stage.page)).toEqual([]);
  });

  it('plans size and days in the create form, with a curve and its table', async () => {
    await visit('/experiments/new');
    await stage.page.getByText('Nothing to plan yet').waitFor();
    const asked = stage.page.waitForRequest(
      (request) => request.url().endsWith('/v1/power') && request.method() === 'POST',
    );
    await choose('Decision metric', 'Click-through');
    const body = (await asked).postDataJSON() as Record<string, unknown>;
    expect(body).toMatchObject({
      metric: 'click-through',
      minimumLift: 0.05,
      alpha: 0.05,
      power: 0.8,
      days: 14,
    });
    const { page } = stage;
    await page.getByText('control 21,059, variation 21,059').waitFor();
    await page.getByText('19 days', { exact: true }).waitFor();
    await page.getByText('48 % more units').waitFor();
    await page.getByText(/In 14 days \(21,000 units\)/).waitFor();
    await page.getByText(/19,204 control units of Row order on the home screen/).waitFor();
    await page
      .getByText(/After 28 days a lift of 4\.2\s?% can be found/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    expect(await page.getByRole('region', { name: 'Smallest lift by days, table' }).innerText()).toContain(
      '60,000',
    );
    await page.getByRole('button', { name: 'Plan 42,118 units' }).click();
    expect(await page.getByLabel('Planned units').inputValue()).toBe('42,118');
    expect(await violations(stage.page)).toEqual([]);
  });

  it('asks for a guess where there is no history, and never says 0 days', async () => {
    stage.api.override(/POST \/v1\/power$/, {
      status: 200,
      body: {
        ...POWER_PLAN,
        status: 'needs-guess',
        missing: ['guess.mean', 'guess.standardDeviation'],
        baseline: null,
        size: null,
        fixed: null,
        days: null,
        curve: [],
        reverse: null,
      },
    });
    await visit('/experiments/new');
    await choose('Decision metric', 'Click-through');
    await stage.page.getByText('No history to plan from').waitFor();
    await stage.page.getByText(/Give a baseline and a standard deviation above/).waitFor();
    expect(await stage.page.locator('main').innerText()).not.toMatch(/\b0 days\b/);
    const guessed = stage.page.waitForRequest(
      (request) => request.url().endsWith('/v1/power') && (request.postData() ?? '').includes('"mean":0.4'),
    );
    await stage.page.getByLabel('Guessed baseline').fill('0.4');
    await guessed;
  });

  it('says what the API refused', async () => {
    stage.api.override(/POST \/v1\/power$/, {
      status: 400,
      body: {
        type: 'about:blank',
        title: 'Bad',
        status: 400,
        code: 'invalid',
        detail: 'too small',
        instance: 'req-7',
        errors: [],
      },
    });
    await visit('/experiments/new');
    await choose('Decision metric', 'Click-through');
    await stage.page.getByText('too small').waitFor();
  });

  it('creates and starts a bandit experiment from the registries', async () => {
    await visit('/experiments/new');
    const { page } = stage;
    await page.getByText('Switchback', { exact: true }).click();
    await page.getByText('switches between the arms every 4 hours').waitFor();
    await page.getByText('Bandit experiment').click();
    await page.getByRole('button', { name: 'Create and start' }).click();
    await page.getByRole('alert').getByText('Choose the one metric that decides').waitFor();
    expect(stage.api.writes).toEqual([]);
    await page.getByLabel('Name', { exact: false }).first().fill('Artwork by taste');
    await page
      .getByLabel('Hypothesis', { exact: false })
      .fill('Artwork that fits a member’s taste is clicked more often.');
    await page.getByRole('combobox', { name: 'Surface' }).click();
    await page.getByRole('option', { name: 'Artwork of a title' }).click();
    await page.getByRole('button', { name: 'Add condition' }).click();
    await page.getByPlaceholder('Attribute').fill('device');
    await page.getByPlaceholder('Value', { exact: true }).fill('tv');
    await page.getByRole('button', { name: 'Add segment' }).click();
    await page.getByText('Matches: device is tv and in the segment heavy-viewers').waitFor();
    await page.getByRole('button', { name: 'Add condition' }).click();
    const third = page.getByRole('group', { name: 'Condition on an attribute' });
    await third.getByRole('combobox', { name: 'Operator' }).click();
    await page.getByRole('option', { name: 'is not on the list' }).click();
    await page.getByRole('combobox', { name: 'Unit list' }).click();
    await page.getByRole('option', { name: 'Staff, 142 units' }).click();
    await page.getByRole('combobox', { name: 'Decision metric' }).click();
    await page.getByRole('option', { name: 'Click-through' }).click();
    // As the past has it, and the same number goes into the plan of its size.
    await page.getByText('Matches about 3,100 members a day').waitFor();
    await page.getByText('Only 40 % of the requests carry "plan"').waitFor();
    await page.getByText('Of those about 3,100 a day take part').waitFor();
    const dialog = page.getByRole('dialog');
    const saved = { key: 'artwork-by-taste', title: 'Artwork by taste', version: 1 };
    stage.api.override(/POST \/v1\/experiments$/, { status: 201, body: saved });
    await page.getByRole('button', { name: 'Create and start' }).click();
    await dialog.getByText('A second person has to approve the start.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Start now' }).isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    const [complete] = LAUNCH_CHECKS.items;
    stage.api.override(/GET .*checklist$/, { status: 200, body: { ready: true, items: [complete] } });
    stage.api.override(/PATCH /, { status: 200, body: { ...saved, version: 2 } });
    await page.getByRole('button', { name: 'Create and start' }).click();
    await dialog.getByText('within seconds of the start').waitFor();
    await dialog.getByRole('button', { name: 'Start now' }).click();
    await page.waitForURL('**/experiments/artwork-by-taste');
    const [create, again, start] = stage.api.writes;
    expect(again).toMatchObject({ method: 'PATCH', path: '/v1/experiments/artwork-by-taste' });
    expect(create).toMatchObject({
      method: 'POST',
      path: '/v1/experiments',
      body: {
        key: 'artwork-by-taste',
        surface: 'title.artwork',
        layer: 'home',
        traffic: 1,
        unitType: 'member',
        clusterBy: null,
        targeting: {
          all: [
            { attribute: 'device', op: 'eq', value: 'tv' },
            { segment: 'heavy-viewers' },
            { attribute: '$unit', op: 'notInList', value: 'staff' },
          ],
        },
        decisionMetric: 'click-through',
        guardrailMetrics: ['cancellations'],
        otherLayers: [],
        prerequisites: [],
        switchback: null,
        arms: [
          { key: 'control', weight: 5, isControl: true, treatment: { kind: 'value', value: null } },
          {
            key: 'uniform-exploration',
            weight: 5,
            isControl: false,
            treatment: { kind: 'policy', policyId: 'artwork-ts', slice: 'exploration' },
          },
          {
            key: 'bandit-analysis',
            weight: 5,
            isControl: false,
            treatment: { kind: 'policy', policyId: 'artwork-ts', slice: 'analysis' },
          },
          {
            key: 'bandit',
            weight: 85,
            isControl: false,
            treatment: { kind: 'policy', policyId: 'artwork-ts' },
          },
        ],
      },
    });
    expect(start?.path).toBe('/v1/experiments/artwork-by-taste/start');
  });

  it('shows what each arm looks like on its surface, and saves what few experiments need', async () => {
    const { page } = stage;
    await visit('/experiments/new');
    await page.keyboard.type('Fresh rows first');
    await page.getByLabel('Hypothesis', { exact: false }).fill('Members who see fresh rows first play more.');
    const choose = async (field: string, option: string): Promise<void> => {
      await page.getByRole('combobox', { name: field, exact: true }).click();
      await page.getByRole('option', { name: option }).click();
    };
    await choose('Surface', 'Rows of the home page');
    const [first, second] = ROWS;
    const arm = page.getByRole('group', { name: /^Variation/ });
    await arm.getByRole('combobox', { name: 'Value' }).click();
    await page.getByRole('option', { name: second?.title ?? '' }).click();
    await page.keyboard.press('Escape');
    const preview = page.getByRole('region', { name: 'Preview of Variation' });
    expect(await preview.getByRole('listitem').first().innerText()).toContain(`${second?.title ?? ''}▲ 1`);
    expect(await preview.getByRole('listitem').nth(1).innerText()).toContain(`${first?.title ?? ''}▼ 1`);
    await page.getByRole('button', { name: 'Add layer' }).click();
    await page.getByLabel('Share of it').fill('30');
    await page.getByRole('button', { name: 'Add prerequisite' }).click();
    await page.getByText('shown once the surface is chosen and the conditions are whole').waitFor();
    await choose('Experiment', 'Artwork chosen by a bandit');
    await page.getByRole('combobox', { name: 'In one of its arms' }).click();
    await page.getByRole('option').first().click();
    await page.keyboard.press('Escape');
    // A layer deals by one kind of unit: others cannot join it, and the layer that is offered follows the unit.
    const layer = page.getByRole('combobox', { name: 'Layer', exact: true });
    expect(await layer.inputValue()).toBe('Home page, 40% free');
    await layer.click();
    const households = page.getByRole('option', { name: 'Households, deals by household' });
    expect(await households.getAttribute('data-combobox-disabled')).toBe('true');
    await page.keyboard.press('Escape');
    await page.getByLabel('Arms switch with time').click();
    expect(await layer.inputValue()).toBe('A layer of its own');
    await page.getByLabel('Length of a slot').fill('120');
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Berlin');
    await page.getByRole('option', { name: 'Europe/Berlin' }).click();
    await choose('Decision metric', 'Click-through');
    await page.getByText('Matches about 6,200 markets a day').waitFor();
    stage.api.override(/POST \/v1\/experiments$/, { status: 201, body: { key: 'fresh-rows-first' } });
    await page.getByRole('button', { name: 'Save draft' }).click();
    await page.waitForURL('**/experiments/fresh-rows-first');
    expect(stage.api.writes.at(-1)?.body).toMatchObject({
      unitType: 'market',
      layer: 'fresh-rows-first',
      otherLayers: [{ layer: 'artwork', share: 0.3 }],
      prerequisites: [{ arms: [expect.any(String)] }],
      switchback: { slotMinutes: 120, timeZone: 'Europe/Berlin' },
      arms: [{ treatment: { value: null } }, { treatment: { value: [second?.id] } }],
    });
  });
});
