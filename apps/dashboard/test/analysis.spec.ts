import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { lift as liftText } from '../src/format/index.js';
import { violations } from './axe.js';
import { EXPERIMENTS } from './fixtures/experiments.js';
import { reportFor } from './fixtures/report.js';
import { segmentsFor } from './fixtures/units.js';
import { setStage, withBrowser } from './stage.js';

const ALS = EXPERIMENTS.find(({ key }) => key === 'home-rows-als') as (typeof EXPERIMENTS)[number];

withBrowser('segments, distribution, novelty and workings in Chromium (skipped where there is none)', () => {
  const stage = setStage();

  const visit = (path: string): Promise<void> => stage.visit(`/experiments/home-rows-als${path}`);

  it('colours no cell without corrected evidence, hatches small ones, and filters by address', async () => {
    await visit('/segments');
    const { page } = stage;
    const scan = segmentsFor(ALS);
    const arm = scan.cells[0]?.arm ?? '';
    const of = (direction: string): number =>
      scan.cells.filter((cell) => cell.arm === arm && cell.direction === direction).length;
    expect(await page.locator('[data-heat="better"]').count()).toBe(of('better'));
    expect(await page.locator('[data-heat="worse"]').count()).toBe(of('worse'));
    expect(await page.locator('[data-few="true"]').count()).toBe(
      scan.cells.filter((cell) => cell.arm === arm && cell.tooFew).length,
    );
    // The shrunken lift comes first, the raw one under it.
    const shown = scan.cells.find((cell) => cell.arm === arm && cell.shrunken !== null);
    const cell = page.locator('[data-heat]').first();
    expect(await cell.innerText()).toContain(liftText(shown?.shrunken?.relative?.estimate ?? NaN));
    expect(await cell.innerText()).toContain(`raw ${liftText(shown?.effect.relative.estimate ?? NaN)}`);
    await page.getByText('opposite of the whole in every segment').first().waitFor();
    await page.getByRole('combobox', { name: 'Attribute' }).click();
    await page.getByRole('option', { name: 'country' }).click();
    await page.waitForURL('**attribute=country**');
    await page
      .getByRole('rowheader', { name: /^device/ })
      .first()
      .waitFor({ state: 'detached' });
    expect(await page.getByRole('rowheader', { name: /^country/ }).count()).toBe(5);
    // The note about another attribute's mix goes with it.
    expect(await page.getByText('The mix of device differs').count()).toBe(0);
  });

  it('saves the shown segments as CSV', async () => {
    await visit('/segments?attribute=device&role=decision');
    const [download] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8').split('\n');
    expect(lines[0]).toBe(
      'Attribute,Value,Metric,Arm,Shrunken lift,Shrunken lower,Shrunken upper,Raw lift,Raw lower,Raw upper,Units,p,q,Finding',
    );
    const [lift, , , raw] = (lines[1] ?? '').split(',').slice(4).map(Number);
    expect(lift).toBeCloseTo((raw ?? NaN) / 2, 9);
    expect(lines.length).toBe(1 + 5);
    expect(lines[5]).toMatch(/^device,console,.*,too few units$/);
  });

  it('shows how to send attributes where there are none', async () => {
    stage.api.override(/segments\/scan$/, {
      status: 200,
      body: { ...segmentsFor(ALS), attributes: [], cells: [] },
    });
    await visit('/segments');
    await stage.page.getByText('No attributes to split by').waitFor();
  });

  it('says which metrics are not in the table of segments, and that a past day has no segments', async () => {
    stage.api.override(/segments\/scan$/, {
      status: 200,
      body: {
        ...segmentsFor(ALS),
        leftOut: [
          { key: 'p90', title: 'Minutes, 90th percentile', note: 'Quantiles are not in this table.' },
        ],
      },
    });
    await visit('/segments');
    await stage.page
      .getByText('Left out: Minutes, 90th percentile. Quantiles are not in this table.', { exact: false })
      .waitFor();
    await visit('/results?segment=device%3Atv');
    expect(await stage.page.getByLabel('As of').isDisabled()).toBe(true);
    await visit('/results?asOf=2026-10-20');
    expect(await stage.page.getByRole('textbox', { name: 'Segment' }).isDisabled()).toBe(true);
  });

  it('opens a result to moments, formula and distribution, and keeps that in the address', async () => {
    await visit('/results');
    const { page } = stage;
    const button = page.getByRole('button', { name: /^Details of Play rate, als/ });
    await button.click();
    await page.getByRole('heading', { name: 'How the effect is computed' }).waitFor();
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    expect(new URL(page.url()).searchParams.get('open')).toBe('play-rate/als');
    const mean = reportFor(ALS, 'ship').results[0]?.effect.control.mean ?? 0;
    await page
      .getByRole('region', { name: 'Moments of Play rate, als, table' })
      .getByText(String(mean), { exact: true })
      .waitFor();
    await page.getByText('Difference = treatment − control').first().waitFor();
    await page
      .getByRole('region', { name: /^Quantiles of Play rate/ })
      .getByText('p99')
      .waitFor();
    const adjusted = page.getByRole('region', { name: 'Adjusted in other ways: Play rate, als' });
    await adjusted
      .getByText(/Lin’s regression takes away most of the variance: 51.0%/)
      .first()
      .waitFor();
    await adjusted.getByText('No value from before the experiment is known.').waitFor();
    const asked = page.waitForRequest((request) => request.url().includes('stratifyBy=country'));
    await adjusted.getByRole('combobox', { name: 'Strata by' }).click();
    await page.getByRole('option', { name: 'country' }).click();
    await asked;
    await adjusted
      .getByText(/Strata by country/)
      .first()
      .waitFor();
    await adjusted.getByRole('button', { name: 'Table' }).click();
    await adjusted.getByRole('cell', { name: '+4.10%' }).first().waitFor();
    // A ratio is neither a share of units nor a count.
    expect(await page.getByRole('heading', { name: 'Bayesian', exact: true }).count()).toBe(0);
    await button.click();
    await page.getByRole('heading', { name: 'How the effect is computed' }).waitFor({ state: 'detached' });
    expect(page.url()).not.toContain('open=');
  });

  it('shows a capped result beside the uncapped one, and the posterior of a share', async () => {
    await visit('/results?open=watch-minutes%2Fals');
    const { page } = stage;
    const capping = page.getByRole('region', { name: /^With and without the cap: .*, als$/ });
    await capping
      .getByText(/capped at the 99% quantile .* now 412 min/)
      .first()
      .waitFor();
    await capping.getByText('+5.00%').first().waitFor();
    await visit('/results?open=retention-day-7%2Fals');
    const bayesian = page.getByRole('region', { name: /^Bayesian: .*, als$/ });
    await bayesian.getByText('best with 98.2%').waitFor();
    await bayesian.getByRole('cell', { name: '98.7%' }).first().waitFor();
  });

  it('shows clusters, their size and what they cost, and no analysis that does not know of them', async () => {
    const clusters = { by: 'household', total: 15_300, meanSize: 2.5, unitsWithoutCluster: 4 };
    const [compared] = reportFor(ALS, 'ship').results;
    stage.api.override(/GET \/v1\/experiments\/home-rows-als$/, {
      status: 200,
      body: { ...ALS, clusterBy: 'household' },
    });
    stage.api.override(/GET \/v1\/experiments\/home-rows-als\/report$/, {
      status: 200,
      body: { ...reportFor(ALS, 'ship'), clusters },
    });
    stage.api.override(/GET \/v1\/experiments\/home-rows-als\/report\/clusters$/, {
      status: 200,
      body: {
        clusterBy: 'household',
        units: 38_412,
        clusters: 15_300,
        meanSize: 2.51,
        largestSize: 7,
        unitsWithoutCluster: 4,
        withoutForm: [{ metric: 'watch-minutes-p90', title: 'Watch minutes, 90th percentile' }],
        comparisons: [
          {
            metric: compared?.metric ?? '',
            title: 'Click-through',
            arm: 'als',
            control: 'control',
            reason: null,
            designEffect: 1.83,
            controlArm: { clusters: 7651 },
            treatmentArm: { clusters: 7649 },
          },
        ],
      },
    });
    await visit('');
    const { page } = stage;
    await page.getByRole('heading', { name: 'Assigned by household' }).waitFor();
    const text = await page
      .getByRole('table', { name: /Design effect/ })
      .or(page.getByLabel('Design effect by metric, table'))
      .first()
      .innerText();
    expect(text).toContain('1.83');
    expect(text).toContain('7,649 against 7,651');
    await page.getByText('No lift is shown of Watch minutes, 90th percentile').waitFor();
    expect(await violations(page)).toEqual([]);
    await visit('/results');
    await page.getByText('15,300 clusters by household').waitFor();
    await visit('/retention');
    await page.getByText('Not shown: units are assigned by household').waitFor();
    // Segments count clusters; those of a member's own attribute share them.
    const scan = segmentsFor(ALS);
    const within = (attribute: string) => attribute === 'device';
    stage.api.override(/GET \/v1\/experiments\/home-rows-als\/segments\/scan$/, {
      status: 200,
      body: {
        ...{ ...scan, clusterBy: 'household' },
        attributes: scan.attributes.map((one) => ({ ...one, sharesClusters: within(one.attribute) })),
        interactions: scan.interactions.map((one) =>
          within(one.attribute) ? { ...one, reason: 'shared_clusters', q: null, df: null } : one,
        ),
      },
    });
    await visit('/segments');
    await page.getByText('Segments of device share clusters: they are not tested').waitFor();
    const heat = page.getByRole('region', { name: 'Segments by metric, heat table' });
    expect(await heat.innerText()).toMatch(/device: tv\s+\S+ clusters/);
    expect(await violations(page)).toEqual([]);
  });

  it('shows a switchback by slots and what is carried over, and deals units anew once it said how many move', async () => {
    stage.api.override(/GET \/v1\/experiments\/home-rows-als$/, {
      status: 200,
      body: { ...ALS, status: 'running', switchback: { slotMinutes: 60, washOutMinutes: 10 } },
    });
    const result = {
      control: { slots: 60, mean: 20 },
      treatment: { slots: 58, mean: 26 },
      ...{ estimate: 6, standardError: 1, lags: 3, lower: 4, upper: 8, randomisationP: 0.0005 },
      carryOver: { estimate: 2.5, standardError: 0.8, pValue: 0.002, slots: 110 },
    };
    stage.api.override(/GET \/v1\/experiments\/home-rows-als\/report\/switchback$/, {
      status: 200,
      body: {
        ...{ slotMinutes: 60, washOutMinutes: 10, metric: 'watch-minutes', title: 'Watch minutes' },
        ...{ measuredIn: 'minutes', baseline: 'control', asOf: '', level: 0.95, draws: 2000 },
        ...{ markets: 2, slots: 118 },
        comparisons: [{ arm: 'als', result, reason: null, warning: 'CARRY-OVER' }],
      },
    });
    stage.api.override(/GET \/v1\/experiments\/home-rows-als\/rerandomise$/, {
      status: 200,
      body: { version: 7, units: 1000, moving: 500, leaving: 0, phase: 3 },
    });
    await visit('');
    const { page } = stage;
    await page.getByText('118 slots of 60 minutes').waitFor();
    await page.getByText('The slot before still shows').waitFor();
    expect(await violations(page)).toEqual([]);
    await visit('/setup');
    await page.getByRole('button', { name: 'Randomise anew' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('about 500 get another arm').waitFor();
    await dialog.getByLabel('Reason', { exact: false }).fill('The split was broken');
    await dialog.getByRole('button', { name: 'Randomise anew' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(stage.api.writes).toMatchObject([
      {
        path: '/v1/experiments/home-rows-als/rerandomise',
        body: { reason: 'The split was broken' },
      },
    ]);
  });

  it('asks for a maturity or a past day, never for both, and hatches what is immature', async () => {
    await visit('/results');
    const { page } = stage;
    expect(await page.getByText('immature', { exact: true }).count()).toBeGreaterThan(0);
    const asked = page.waitForRequest(
      (request) => request.url().includes('/report?') && request.url().includes('maturity=14'),
    );
    await page.getByRole('combobox', { name: 'Maturity' }).click();
    await page.getByRole('option', { name: 'in for 14 days or more' }).click();
    await asked;
    expect(await page.getByLabel('As of').isDisabled()).toBe(true);
  });

  it('warns of novelty with its trend, and has the days as a table', async () => {
    await visit('/time?metric=watch-minutes');
    const { page } = stage;
    await page
      .getByText(/The lift changes by −0.90% a day \(−1.30% to −0.50%\), q < 0.001/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Table' }).nth(1).click();
    await page.getByRole('region', { name: /^Lift by days since exposure/ }).waitFor();
    await visit('/time?metric=play-rate');
    await page.getByText('No trend is shown').first().waitFor();
    expect(await page.getByText(/^NOVELTY/).count()).toBe(0);
  });

  it('watches errors and says where an arm has more of them than control', async () => {
    await visit('/time');
    const { page } = stage;
    await page.getByText('More playback_error than in control').waitFor();
    await page
      .getByText(/times control’s rate \(.*\), p < 0.001/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Table' }).last().click();
    await page.getByRole('region', { name: /^Rate of playback_error against control/ }).waitFor();
    expect(await page.getByText('no limit', { exact: true }).count()).toBeGreaterThan(0);
    await page.getByRole('combobox', { name: 'Event' }).click();
    await page.getByRole('option', { name: /^play / }).click();
    await page.waitForURL(/event=play/);
    await page
      .getByText(/^play since exposure, each unit counted once/)
      .first()
      .waitFor();
    expect(await page.getByText(/than in control$/).count()).toBe(0);
  });
});
