import { expect, it } from '@jest/globals';
import { violations } from './axe.js';
import { EXPERIMENTS } from './fixtures/experiments.js';
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
});
