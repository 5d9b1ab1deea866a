import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { EXPERIMENTS } from './fixtures/experiments.js';
import { retentionFor, survivalFor } from './fixtures/retention.js';
import { setStage, withBrowser } from './stage.js';

const TWO_ARMS = '/experiments/home-rows-als/retention';
const THREE_ARMS = '/experiments/artwork-bandit/retention';
const experiment = EXPERIMENTS.find(({ key }) => key === 'home-rows-als');

withBrowser('the retention tab in Chromium (skipped where no chromium is installed)', () => {
  const stage = setStage();
  const { visit } = stage;

  async function csv(title: string): Promise<string[]> {
    const figure = stage.page.getByRole('region', { name: title, exact: true });
    const [download] = await Promise.all([
      stage.page.waitForEvent('download'),
      figure.getByRole('button', { name: 'CSV' }).first().click(),
    ]);
    return readFileSync(await download.path(), 'utf8').split('\n');
  }

  it('keeps the view and the outcome in the address', async () => {
    await visit(TWO_ARMS);
    await stage.page.getByRole('heading', { name: 'Retention curve' }).waitFor();
    await stage.page.getByText('By week').click();
    await stage.page.getByRole('heading', { name: 'Weekly retention' }).waitFor();
    expect(stage.page.url()).toContain('view=window');
    await stage.page.getByText('Time to event').click();
    await stage.page.getByRole('heading', { name: 'Time to cancel' }).waitFor();
    await stage.page.getByRole('combobox', { name: 'Time to' }).click();
    await stage.page.getByRole('option', { name: 'watch', exact: true }).click();
    await stage.page.getByRole('heading', { name: 'Time to watch' }).waitFor();
    expect(stage.page.url()).toContain('view=survival');
    expect(stage.page.url()).toContain('event=watch');
    await stage.page.reload();
    await stage.page.getByRole('heading', { name: 'Time to watch' }).waitFor();
  });

  it('prints matured of enrolled at each point, hatches what is not mature and says the window', async () => {
    await visit(TWO_ARMS);
    await stage.page.getByText('not yet mature', { exact: true }).first().waitFor();
    await stage.page.getByText(/First exposures .* activity through .* \(UTC\)\./).waitFor();
    const table = stage.page.getByRole('region', { name: 'Matured units per day, table' });
    const row = await table.getByRole('row').nth(1).innerText();
    const day7 = experiment && retentionFor(experiment, 'day').arms[0]?.points[6];
    const shown = (n: number | undefined): string => (n ?? NaN).toLocaleString('en-US');
    expect(row).toContain(`${shown(day7?.retained)} of ${shown(day7?.matured)}`);
    expect(row).toContain(`${shown(day7?.matured)}/${shown(day7?.enrolled)} mature`);
    // Day 21 and 28 have a dash with the reason.
    expect(
      await table.getByRole('note', { name: 'Not available: Not yet mature', exact: false }).count(),
    ).toBe(4);
  });

  it('gives the curve and the lift a table twin and a CSV with every point', async () => {
    await visit(TWO_ARMS);
    const lines = await csv('Retention curve');
    expect(lines[0]).toBe('Day,Arm,Retained,Lower,Upper,Retained units,Matured units,Enrolled units');
    expect(lines).toHaveLength(1 + 2 * 28);
    const lift = stage.page.getByRole('region', { name: 'Lift against Most popular', exact: true });
    await lift.getByRole('button', { name: 'Table' }).click();
    await lift.getByRole('row').filter({ hasText: 'Day 7' }).filter({ hasText: '%' }).waitFor();
    expect(await csv('Lift against Most popular')).toHaveLength(1 + 28);
  });

  it('shows time to an event: restricted means first, tests beside them, who is at risk', async () => {
    await visit(`${THREE_ARMS}?view=survival`);
    const summary = stage.page.getByRole('region', { name: 'Days without the event by arm, table' });
    await summary.getByText('Days without it, of 20').waitFor();
    await stage.page
      .getByText('the last day on which every arm has at least 10 units at risk', { exact: false })
      .waitFor();
    await stage.page.getByText('Log-rank test of all arms: p 0.004', { exact: false }).waitFor();
    const bandit = await summary.getByRole('row').nth(3).innerText();
    expect(bandit).toContain('+0.141 (+0.052 to +0.230)');
    expect(bandit).toContain('0.82 (0.72 to 0.93)');
    expect(bandit).toContain('0.98 to day 8, 0.68 after');
    expect(bandit).toContain('p 0.004, not proportional');
    const risk = stage.page.getByRole('region', { name: 'Units at risk per day, table' });
    expect(await risk.getByRole('row').nth(1).innerText()).toContain('19,000');
    expect(await csv('Time to cancel')).toHaveLength(1 + 3 * 22);
  });

  it('says what an outcome that never came means, and why a test is missing', async () => {
    if (!experiment) throw new Error('no fixture');
    const survival = survivalFor(experiment, 'cancel');
    const missing = { status: 'undefined' as const, reason: 'no_events' };
    stage.api.override(/GET .*\/survival$/, {
      status: 200,
      body: {
        ...survival,
        comparisons: survival.comparisons.map((one) => ({ ...one, cox: missing, proportionality: missing })),
      },
    });
    await visit(`${TWO_ARMS}?view=survival`);
    await stage.page
      .getByRole('note', { name: 'Nothing happened in one of the arms', exact: false })
      .waitFor();
    stage.api.override(/GET .*\/survival$/, {
      status: 200,
      body: { ...survival, events: 0, arms: survival.arms.map((arm) => ({ ...arm, events: 0 })) },
    });
    await visit(`${TWO_ARMS}?view=survival&event=rating`);
    await stage.page.getByText('No unit has sent cancel since its first exposure').waitFor();
  });

  it('labels a forecast as one, with its record, and says when there is too little history', async () => {
    await visit(THREE_ARMS);
    const panel = stage.page.getByRole('region', { name: /^Forecast: effect on day-28 retention/ });
    await panel.getByText('Not enough history for a forecast').waitFor();
    await panel.getByText('only one other experiment has that', { exact: false }).waitFor();
    await panel.getByText('Day 14').click();
    expect(stage.page.url()).toContain('horizon=14');
    const shown = stage.page.getByRole('region', { name: /^Forecast: effect on day-14 retention/ });
    await shown.getByText('+1.21 pp (+0.39 pp to +2.03 pp)').waitFor();
    const text = await shown.innerText();
    expect(text).toMatch(/forecast, not a result/i);
    expect(text).toContain('It plays no part in the verdict');
    expect(text).toContain('5 of 6 of their arms came out within the interval (83%)');
    expect(text).toContain('2 of 3 clear effects were foreseen (recall 67%)');
    await shown.getByRole('note', { name: 'An arm has too few units', exact: false }).waitFor();
  });

  it('explains a refusal and recovers; says that nobody has matured yet', async () => {
    stage.api.override(/GET .*\/retention$/, {
      status: 503,
      body: {
        type: 'about:blank',
        title: 'x',
        status: 503,
        code: 'unavailable',
        detail: 'Try again.',
        errors: [],
      },
    });
    await visit(TWO_ARMS);
    await stage.page.getByRole('alert').getByText('Try again', { exact: false }).first().waitFor();
    if (!experiment) throw new Error('no fixture');
    const data = retentionFor(experiment, 'day');
    const nobody = { matured: 0, retained: 0, share: null, lower: null, upper: null };
    stage.api.override(/GET .*\/retention$/, {
      status: 200,
      body: {
        ...data,
        arms: data.arms.map((arm) => ({ ...arm, points: arm.points.map((p) => ({ ...p, ...nobody })) })),
      },
    });
    await stage.page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await stage.page.getByText('Nobody has matured yet').waitFor();
  });
});
