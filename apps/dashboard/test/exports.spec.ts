import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import type { Download } from 'playwright-core';
import { setStage, withBrowser } from './stage.js';

withBrowser('exports and portfolio in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage();
  const { visit } = stage;

  async function saved(button: string): Promise<{ name: string; bytes: Buffer }> {
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByRole('button', { name: button, exact: true }).first().click(),
    ]);
    return read(file);
  }

  async function read(file: Download): Promise<{ name: string; bytes: Buffer }> {
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
  }

  /** Shares of pixels that are not the commonest colour, in bands from top to bottom. */
  async function inkOf(bytes: Buffer, bands: number): Promise<number[]> {
    const source = `async () => {
      const image = new Image();
      image.src = 'data:image/png;base64,${bytes.toString('base64')}';
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width;
      canvas.height = image.height;
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const paper = context.getImageData(2, 2, 1, 1).data.join();
      const rows = Math.floor(image.height / ${bands});
      return Array.from({ length: ${bands} }, (_, band) => {
        const { data } = context.getImageData(0, band * rows, image.width, rows);
        let ink = 0;
        for (let i = 0; i < data.length; i += 4) if (data.slice(i, i + 4).join() !== paper) ink++;
        return ink / (data.length / 4);
      });
    }`;
    return stage.page.evaluate(`(${source})()`);
  }

  it('shows and saves what each action of a policy is worth, and what is not in it', async () => {
    await visit('/policies/artwork-ts');
    const panel = stage.page.locator('section', { hasText: 'What each action is worth' });
    const row = (title: string) => panel.locator('tbody tr', { hasText: title });
    expect(await row('Hero close-up').innerText()).toContain('reference');
    expect(await row('The villain').innerText()).toContain('−0.036');
    await row('Logo on black')
      .getByRole('note', { name: /Served fewer than 30 times/ })
      .waitFor();
    await panel.getByText('87 decisions without stored probabilities are left out').waitFor();
    await panel.getByText('A sample: the newest of 31,120 rewarded decisions').waitFor();
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      panel.getByRole('button', { name: 'CSV', exact: true }).click(),
    ]);
    const { bytes } = await read(file);
    const [heading, first] = bytes.toString('utf8').split('\n');
    expect(heading).toContain('Action,Value,Value lower,Value upper,Difference');
    expect(first).toMatch(/^art-hero,0\.0705,/);
  });

  it.each([
    ['/experiments/home-rows-als', 'lift-by-metric.png'],
    ['/experiments/home-rows-als/time', 'lift-over-time-play-rate.png'],
    ['/policies/artwork-ts', 'allocation-over-time.png'],
    ['/portfolio', 'measured-and-shrunken-lifts.png'],
  ])('saves the chart of %s as PNG with its caption', async (path, wanted) => {
    await visit(path);
    // Loaded on its own, and then the first chart of its page.
    if (path.startsWith('/policies')) await stage.page.locator('.recharts-surface').first().waitFor();
    const shown = await stage.page.locator('figure').first().boundingBox();
    const { name, bytes } = await saved('PNG');
    expect(name).toBe(wanted);
    expect(bytes.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    // Twice the size of the page, and a margin.
    expect(width).toBeGreaterThanOrEqual(2 * Math.floor(shown?.width ?? 0));
    expect(height).toBeGreaterThan(300);
    const ink = await inkOf(bytes, 8);
    // Title above, chart between, caption below: no band is blank.
    expect(ink[0]).toBeGreaterThan(0.002);
    expect(Math.max(...ink.slice(1, 7))).toBeGreaterThan(0.01);
    expect(ink[7]).toBeGreaterThan(0.002);
  });

  it('saves the report in view under the name that the API gives it', async () => {
    const asked: string[] = [];
    stage.api.override(/GET .*\/report\/export$/, ({ search }) => {
      asked.push(`?${search}`);
      const headers = { 'content-disposition': 'attachment; filename="home-rows-als-report.ipynb"' };
      return { status: 200, headers, body: '{"nbformat":4}' };
    });
    await visit('/experiments/home-rows-als/results?estimator=welch&segment=device%3Atv');
    await stage.page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByRole('menuitem', { name: /Notebook/ }).click(),
    ]);
    expect(await read(file)).toEqual({
      name: 'home-rows-als-report.ipynb',
      bytes: Buffer.from('{"nbformat":4}'),
    });
    expect(asked).toEqual(['?format=ipynb&estimator=welch&segment=device%3Atv']);
  });

  it.each([{ maturity: '7', segment: 'device:tv' }, { asOf: '2026-10-20' }] as Record<string, string>[])(
    'exports with every setting of the report in view, %j',
    async (units) => {
      const settings = {
        ...units,
        estimator: 'group-sequential',
        alpha: '0.1',
        multiplicity: 'hommel',
        family: 'all',
        guardrailTest: 'equivalence',
        looks: '5',
        spending: 'pocock',
        priorLiftSd: '0.05',
      };
      const asked: Record<string, string>[] = [];
      stage.api.override(/GET .*\/report\/export$/, ({ search }) => {
        asked.push(Object.fromEntries(search));
        const headers = { 'content-disposition': 'attachment; filename="report.csv"' };
        return { status: 200, headers, body: 'metric\n' };
      });
      await visit(`/experiments/home-rows-als/results?${new URLSearchParams(settings)}`);
      await stage.page.getByRole('button', { name: 'Export' }).click();
      await Promise.all([
        stage.page.waitForEvent('download'),
        stage.page.getByRole('menuitem', { name: /CSV/ }).click(),
      ]);
      expect(asked).toEqual([{ format: 'csv', ...settings }]);
    },
  );

  it('says why an export failed', async () => {
    stage.api.override(/GET .*\/report\/export$/, {
      status: 400,
      body: {
        title: 'Bad request',
        status: 400,
        code: 'invalid_request',
        detail: 'No such segment.',
        errors: [],
      },
    });
    await visit('/experiments/home-rows-als/results');
    await stage.page.getByRole('button', { name: 'Export' }).click();
    await stage.page.getByRole('menuitem', { name: /CSV/ }).click();
    await stage.page.getByText('Export failed: No such segment.').waitFor();
  });

  it('shows the portfolio: both lifts, what was shipped, sums, holdout, and a CSV of it', async () => {
    await visit('/portfolio');
    const { page } = stage;
    const table = page.getByRole('region', { name: 'Experiments of the portfolio, table' });
    const badge = table.getByRole('row', { name: /Top-10 badge/ });
    expect(await badge.innerText()).toMatch(/Shipped[\s\S]*\+1\.48%[\s\S]*counts as a win[\s\S]*\+0\.83%/);
    expect(await table.getByRole('row').count()).toBe(5);
    await page
      .getByText('is expected to look 1.62 times as large as it is', { exact: false })
      .first()
      .waitFor();
    await page
      .getByRole('region', { name: 'Lift measured by holdouts, table' })
      .getByText('Global holdout')
      .waitFor();
    const { name, bytes } = await saved('CSV');
    expect(name).toBe('measured-and-shrunken-lifts.csv');
    const [, first] = bytes.toString().split('\n');
    expect(first).toMatch(/^top10-badge,als,play-rate,shipped,yes,.*,51209,0\.0148,/);
    await page.getByRole('switch', { name: 'Include running experiments' }).click();
    await table.getByText('Rows by taste instead of popularity').waitFor();
    expect(page.url()).toContain('running=1');
  });

  it('says what to do where the portfolio is empty, and shows errors', async () => {
    await visit('/portfolio?metric=completion');
    const { page } = stage;
    await page.getByText('No experiment matches').waitFor();
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await page.getByRole('region', { name: 'Sums of lifts, table' }).waitFor();
    stage.api.override(/GET \/v1\/portfolio$/, {
      status: 400,
      body: { detail: 'The store is locked.', code: 'bad', status: 400 },
    });
    await visit('/portfolio');
    await page.getByRole('alert').getByText('The store is locked.').waitFor();
    stage.api.override(/GET \/v1\/portfolio$/, {
      status: 200,
      body: {
        asOf: '2026-11-01T00:00:00Z',
        estimator: 'asymptotic-cs',
        level: 0.95,
        experiments: 0,
        prior: null,
        reason: 'too_few_experiments',
        expectedExaggeration: null,
        rows: [],
        totals: [],
      },
    });
    await visit('/portfolio');
    await page.getByText('No finished experiment yet').waitFor();
    await page.getByRole('button', { name: 'Show running ones' }).click();
    await page.waitForURL('**/portfolio?running=1');
  });
});
