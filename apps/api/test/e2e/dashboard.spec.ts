import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, readyExperiments, readyPolicies } from '#simulation';
import type { Page } from 'playwright-core';
import { findChromium } from '../../../dashboard/test/browser.js';
import type { LiftReport } from '../../src/reports/lift-reports.js';
import type { Stage, Visitor } from './dashboard-stage.js';
import { countClicks, openVisitor, percentages, setEmptyProject, setStage } from './dashboard-stage.js';

const DAYS = 10;
const world = createWorld('history-spec', { members: 1500, titles: 24 });
const CLEAR_WIN = 'continue-watching-first';
const BROKEN = 'semantic-search';
const LEARNER = 'artwork-thompson';
const VERDICTS: Readonly<Record<string, string>> = {
  ship: 'Ship',
  wait: 'Keep running',
  'too-early': 'Too early to decide',
  stop: 'Stop',
  'fix-first': 'Fix first',
  'no-data': 'No data yet',
};

interface Treatment {
  readonly decisionId: string;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly policy: { readonly key: string; readonly version: number } | null;
  readonly reason: string;
  readonly slate?: readonly { readonly id: string }[];
}

const found = findChromium();
const withBrowser = found ? describe : describe.skip;

withBrowser(
  `the dashboard over the real API, with a past of the simulated world${found ? '' : ' (skipped: no chromium is installed)'}`,
  () => {
    let stage: Stage;
    let visitor: Visitor;
    let page: Page;

    beforeAll(async () => {
      stage = await setStage(world, DAYS);
      visitor = await openVisitor(stage.browser, stage.local);
      page = visitor.page;
    }, 240_000);
    afterAll(() => stage.close());
    afterEach(() => {
      expect(visitor.complaints.splice(0)).toEqual([]);
    });

    async function read<T>(path: string): Promise<T> {
      const answer = await stage.api.request('GET', path);
      if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
      return answer.json<T>();
    }

    async function treat(unitId: string, surface: string, subject?: string): Promise<Treatment> {
      const answer = await stage.api.request('POST', '/v1/treatments', {
        key: stage.api.keys.publishable,
        body: {
          unitId,
          context: { taste: 'drama' },
          requests: [{ surface, ...(subject === undefined ? {} : { subject }) }],
          expose: true,
        },
      });
      expect(answer.status).toBe(200);
      return answer.json<{ treatments: [Treatment] }>().treatments[0];
    }

    /** Asks until the answer is as wanted: processes follow a change within a second or so. */
    async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
      const until = Date.now() + 10_000;
      for (;;) {
        const answer = await ask();
        if (wanted(answer)) return answer;
        if (Date.now() > until) throw new Error(`still ${JSON.stringify(answer)} after 10 s`);
        await page.waitForTimeout(50);
      }
    }

    const row = (text: string) => page.getByRole('row').filter({ hasText: text });

    it('lists the experiments with the verdict that the API gives', async () => {
      await visitor.visit('/experiments');
      const { items } = await read<{
        items: { key: string; title: string; status: string; summary: { verdict: string; units: number } }[];
      }>('/v1/experiments');
      expect(items.map(({ key }) => key).sort()).toEqual(
        readyExperiments.map(({ experiment }) => experiment.key).sort(),
      );
      expect(await page.getByRole('table').getByRole('row').count()).toBe(items.length + 1);
      for (const { key, title, summary } of items) {
        const text = await row(key).innerText();
        for (const part of [
          title,
          'Running',
          VERDICTS[summary.verdict],
          summary.units.toLocaleString('en-US'),
        ])
          expect(text).toContain(part);
      }
      expect(await row(BROKEN).innerText()).toContain('Fix first');
    });

    // That the report says to ship it is asserted by load-history.spec.ts, on days that are always the same. This past ends
    // yesterday, and so small a world proves the guardrail on most days only.
    it('gives the verdict on the clear win, on the interval that the report gives', async () => {
      const report = await read<LiftReport>(`/v1/experiments/${CLEAR_WIN}/report`);
      const decision = report.results.find(({ role }) => role === 'decision');
      if (!decision) throw new Error('the report has no decision metric');
      const { estimate, interval } = decision.effect.relative;
      const text = await visitor.visit(`/experiments/${CLEAR_WIN}`);
      await page
        .getByRole('heading', { name: VERDICTS[report.verdict.kind] as string, exact: true })
        .waitFor();
      expect(text).toContain(report.verdict.sentence);
      const forest = page.locator('[data-direction]').filter({ hasText: 'Decision metric' });
      expect(await forest.getAttribute('data-direction')).toBe('better');
      const shown = await forest.innerText();
      expect(shown).toContain(decision.title);
      expect(shown).toContain(`n ${decision.matured.toLocaleString('en-US')}`);
      const [lift, lower, upper, level] = percentages(shown);
      const given = [estimate, interval?.lower, interval?.upper].map((share) => 100 * (share ?? NaN));
      // Lifts from ten per cent on have one digit.
      [lift, lower, upper].forEach((value, i) =>
        expect(Math.abs((value ?? NaN) - (given[i] ?? NaN))).toBeLessThanOrEqual(0.0501),
      );
      expect(level).toBe(100 * (interval?.level ?? NaN));
    });

    it('forbids to decide on the broken sample ratio, and greys its lifts until asked', async () => {
      const text = await visitor.visit(`/experiments/${BROKEN}`);
      await page.getByRole('heading', { name: 'Do not decide: fix first' }).waitFor();
      expect(text).toContain('Sample ratio');
      expect(text).toContain('Failing');
      const rows = page.locator('[data-direction]');
      expect(await rows.count()).toBeGreaterThan(2);
      expect(await page.locator('[data-direction="better"], [data-direction="worse"]').count()).toBe(0);
      await page.getByRole('button', { name: 'Show anyway' }).click();
      await page.getByRole('button', { name: 'Grey out again' }).waitFor();
    });

    it('shows retention with the matured units behind each share', async () => {
      const { arms } = await read<{
        arms: { arm: string; points: { day: number; matured: number; retained: number }[] }[];
      }>(`/v1/experiments/${CLEAR_WIN}/report/retention`);
      await visitor.visit(`/experiments/${CLEAR_WIN}/retention`);
      const table = page.getByRole('region', { name: 'Matured units per day, table' });
      expect(arms).toHaveLength(2);
      for (const [index, { points }] of arms.entries()) {
        const text = await table
          .getByRole('row')
          .nth(index + 1)
          .innerText();
        for (const day of [1, 3, 7]) {
          const { retained, matured } = points[day - 1] ?? { retained: 0, matured: 0 };
          expect(matured).toBeGreaterThan(50);
          expect(text).toContain(`${retained.toLocaleString('en-US')} of ${matured.toLocaleString('en-US')}`);
        }
        // Nobody has been in for four weeks.
        expect(points[27]?.matured).toBe(0);
        expect(percentages(text)).toHaveLength(
          points.filter(({ day, matured }) => [1, 3, 7, 14, 21, 28].includes(day) && matured > 0).length,
        );
      }
    });

    it('shows a decision live, with its path, probabilities that sum to one, and an identical replay', async () => {
      await visitor.visit('/live');
      const before = await page.getByRole('link', { name: /^Decision at / }).count();
      expect(before).toBe(50);
      const subject = world.titles[0]?.id ?? '';
      let unit = '';
      let treatment: Treatment | null = null;
      for (let n = 0; treatment === null; n++) {
        unit = `visitor-${n}`;
        const answer = await treat(unit, 'title.artwork', subject);
        if (answer.arm === 'bandit') treatment = answer;
      }
      expect(treatment.policy?.version).toBeGreaterThan(1);
      const line = page.getByRole('listitem').filter({ hasText: unit });
      await line.getByRole('link', { name: /^Decision at / }).click();
      await page.waitForURL(`**/decisions/${treatment.decisionId}`);
      const text = await visitor.visit(`/decisions/${treatment.decisionId}`);
      const decision = await read<{
        probabilities: number[];
        propensity: number;
        sentence: string;
        replay: { identical: boolean };
        path: { step: string; experiment: string | null }[];
      }>(`/v1/decisions/${treatment.decisionId}`);
      expect(text).toContain(decision.sentence);
      expect(text).toContain(unit);
      expect(decision.path.map(({ experiment }) => experiment)).toContain('artwork-bandit');
      const steps = page.getByRole('list').filter({ hasText: 'artwork-bandit' }).getByRole('listitem');
      expect(await steps.count()).toBe(decision.path.length);
      expect(decision.replay.identical).toBe(true);
      await page.getByText('Identical', { exact: true }).waitFor();
      expect(decision.probabilities.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      const table = page.getByRole('region', { name: 'Candidates, table' });
      const column = (await table.getByRole('columnheader').allInnerTexts()).indexOf('Probability');
      const cells = await table.locator(`tbody tr td:nth-child(${column + 1})`).allInnerTexts();
      const shown = cells.flatMap((cell) => percentages(cell));
      expect(shown).toHaveLength(decision.probabilities.length);
      // Each is rounded to a tenth of a per cent.
      expect(Math.abs(shown.reduce((sum, share) => sum + share, 0) - 100)).toBeLessThan(
        0.05 * shown.length + 0.01,
      );
    });

    it('shows the snapshots of a policy and rolls back to one', async () => {
      const path = `/v1/policies/${LEARNER}`;
      const { items } = await read<{ items: { version: number; serving: boolean }[] }>(`${path}/snapshots`);
      expect(items.length).toBeGreaterThan(2);
      expect(items[0]?.serving).toBe(true);
      const target = items[2]?.version;
      await visitor.visit(`/policies/${LEARNER}`);
      await page.getByText(`Snapshot ${items[0]?.version}`, { exact: true }).waitFor();
      await visitor.visit(`/policies/${LEARNER}/snapshots`);
      for (const { version } of items.slice(0, 3))
        await page.getByRole('cell').getByText(String(version), { exact: true }).first().waitFor();
      await page.getByRole('button', { name: `Roll back to snapshot ${target}`, exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Roll back', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await read(path)).toMatchObject({ servingVersion: target, learning: false });
      await page
        .getByRole('row')
        .filter({ hasText: 'Serving' })
        .getByText(String(target), { exact: true })
        .waitFor();
      // What is served follows.
      const served = await eventually(
        async () => {
          for (let n = 0; ; n++) {
            const answer = await treat(`after-${n}`, 'title.artwork', world.titles[0]?.id);
            if (answer.arm === 'bandit') return answer.policy?.version;
          }
        },
        (version) => version === target,
      );
      expect(served).toBe(target);
    });

    it('turns everything to defaults with the kill switch, and back', async () => {
      const ask = () => treat('somebody', 'home.rows');
      const normal = await ask();
      expect(normal.experiment).toBe(CLEAR_WIN);
      const text = await visitor.visit('/operations');
      for (const part of ['Ingest', 'Learn', 'Rollup', 'Keeps up', LEARNER, 'Alive'])
        expect(text).toContain(part);
      const confirm = async (label: string): Promise<void> => {
        await page.getByRole('button', { name: label }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Reason', { exact: false }).fill('A drill');
        await dialog.getByRole('button', { name: label }).click();
        await dialog.waitFor({ state: 'detached' });
      };
      await confirm('Serve defaults everywhere');
      await page.getByText('Every surface serves its default.', { exact: false }).waitFor();
      const off = await eventually(ask, ({ experiment }) => experiment === null);
      expect(off).toMatchObject({ experiment: null, arm: null, policy: null, reason: 'PAUSED' });
      expect(off.slate?.map(({ id }) => id)).toEqual(world.rows.map(({ id }) => id));
      await confirm('Serve experiments again');
      await page.getByRole('button', { name: 'Serve defaults everywhere' }).waitFor();
      const again = await eventually(ask, ({ experiment }) => experiment !== null);
      expect(again).toMatchObject({ experiment: CLEAR_WIN, arm: normal.arm });
    });

    it('creates a draft on a layer of its own and starts it', async () => {
      const surface = { key: 'player.skip', title: 'Skip intro', kind: 'value', defaultValue: false };
      expect((await stage.api.request('POST', '/v1/surfaces', { body: surface })).status).toBeLessThan(300);
      await visitor.visit('/experiments/new');
      await page.getByLabel('Name', { exact: false }).first().fill('Skip the intro');
      await page
        .getByLabel('Hypothesis', { exact: false })
        .fill('Who may skip the intro watches more minutes.');
      const choose = async (field: string, option: string): Promise<void> => {
        await page.getByRole('combobox', { name: field }).click();
        await page.getByRole('option', { name: option }).click();
      };
      await choose('Surface', 'Skip intro (player.skip)');
      await choose('Layer', 'A layer of its own');
      await choose('Decision metric', 'Watch minutes per unit');
      const values = page.getByRole('textbox', { name: 'Value' });
      await values.nth(0).fill('false');
      await values.nth(1).fill('true');
      await page.getByRole('button', { name: 'Save draft' }).click();
      await page.waitForURL('**/experiments/skip-the-intro');
      const path = '/v1/experiments/skip-the-intro';
      expect(await read(path)).toMatchObject({
        status: 'draft',
        layer: 'skip-the-intro',
        surface: 'player.skip',
        decisionMetric: 'watch-minutes',
      });
      expect(await treat('somebody', 'player.skip')).toMatchObject({ experiment: null });
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Start', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await read(path)).toMatchObject({ status: 'running', layerRange: [0, 1] });
      await eventually(
        () => treat('somebody', 'player.skip'),
        ({ experiment }) => experiment === 'skip-the-intro',
      );
      await visitor.visit('/experiments');
      expect(await row('skip-the-intro').innerText()).toContain('Running');
    });

    it('leads from an empty project to a running experiment in ten clicks, and stops all traffic in three', async () => {
      const project = await setEmptyProject();
      const first = await openVisitor(stage.browser, project.local);
      const { page: screen } = first;
      try {
        const { clicks, reset } = await countClicks(screen);
        const ask = async () => {
          const answer = await project.api.request('POST', '/v1/treatments', {
            key: project.api.keys.publishable,
            body: { unitId: 'somebody', requests: [{ surface: 'home-hero' }] },
          });
          return answer.json<{ treatments?: [Treatment] }>().treatments?.[0] ?? null;
        };
        await first.visit('/experiments');
        await reset();
        await screen.getByRole('link', { name: 'Create experiment' }).click();
        await screen.locator('input:focus').waitFor();
        await screen.keyboard.type('Bigger hero');
        const write = async (field: string, text: string, nth = 0): Promise<void> => {
          await screen.getByRole('textbox', { name: field }).nth(nth).click();
          await screen.keyboard.insertText(text);
        };
        await write('Hypothesis', 'A bigger picture makes more members press play.');
        await write('New surface', 'Home hero');
        await write('Value', '{"size": "big"}', 1);
        await screen
          .getByRole('region', { name: 'Preview of Variation' })
          .getByText('big', { exact: true })
          .waitFor();
        await screen.getByRole('combobox', { name: 'Decision metric' }).click();
        await screen.getByRole('option', { name: 'Play rate' }).click();
        await screen.getByRole('button', { name: 'Create and start' }).click();
        const dialog = screen.getByRole('dialog');
        await dialog.getByText('Hypothesis, arms, traffic and decision metric are there.').waitFor();
        await dialog.getByRole('button', { name: 'Start now' }).click();
        await screen.waitForURL('**/experiments/bigger-hero');
        // The aim is 10 at most.
        expect(await clicks()).toBe(8);
        const answer = await project.api.request('GET', '/v1/experiments/bigger-hero');
        expect(answer.json()).toMatchObject({ status: 'running', surface: 'home-hero', layerRange: [0, 1] });
        await eventually(ask, (given) => given?.experiment === 'bigger-hero');

        for (const [path, width] of [
          ['/experiments/bigger-hero', 1280],
          ['/experiments/new', 1280],
          ['/settings/traffic', 375],
        ] as const) {
          await screen.setViewportSize({ width, height: 900 });
          await first.visit(path);
          await reset();
          if (width < 500) await screen.getByRole('button', { name: 'Menu' }).click();
          await screen.getByRole('button', { name: 'Stop all traffic' }).click();
          await screen.locator('textarea:focus').waitFor();
          await screen.keyboard.type('A drill');
          await dialog.getByRole('button', { name: 'Stop all traffic' }).click();
          await dialog.waitFor({ state: 'detached' });
          // The aim is 3 at most; narrow windows have a menu to open first.
          expect(await clicks()).toBe(width < 500 ? 3 : 2);
          await eventually(ask, (given) => given?.reason === 'PAUSED' && given.experiment === null);
          const back = { body: { enabled: false, reason: 'The drill is over' } };
          await project.api.request('POST', '/v1/operations/kill-switch', back);
          await eventually(ask, (given) => given?.experiment === 'bigger-hero');
        }
        expect(first.complaints).toEqual([]);
      } finally {
        await first.context.close();
        await project.close();
      }
    }, 60_000);

    it('shows every other page without an error or an unreadable word', async () => {
      const tabs = ['results', 'time', 'setup', 'activity'].map((tab) => `/${tab}`);
      const experiments = [
        ...tabs.map((tab) => `/experiments/${CLEAR_WIN}${tab}`),
        ...['artwork-bandit', 'artwork-by-taste', 'shorter-countdown', 'friendlier-notifications'].map(
          (key) => `/experiments/${key}`,
        ),
        '/experiments/artwork-bandit/results',
        '/experiments/shorter-countdown/retention',
        '/experiments/skip-the-intro',
        '/experiments/skip-the-intro/results',
      ];
      const policies = readyPolicies.map(({ id }) => `/policies/${id}`);
      const others = ['/policies', `/policies/${LEARNER}/setup`, '/decisions', '/connect', '/settings'];
      const settings = ['surfaces', 'metrics', 'audit'].map((tab) => `/settings/${tab}`);
      for (const path of [...experiments, ...policies, ...others, ...settings]) {
        const text = await visitor.visit(path);
        expect(`${path}: ${text}`).not.toMatch(
          /stopped working|There is nothing at this address|Could not (load|show)/,
        );
      }
    }, 60_000);

    it('asks for a key where there is no local session, refuses a wrong one and takes a right one', async () => {
      const guest = await openVisitor(stage.browser, stage.guarded);
      try {
        await guest.page.goto(`${stage.guarded.url}/experiments`);
        await guest.page.getByRole('heading', { name: 'Sign in to Marquee' }).waitFor();
        expect(await guest.page.locator('body').innerText()).not.toContain(CLEAR_WIN);
        const field = guest.page.getByRole('textbox', { name: 'API key' });
        const submit = guest.page.getByRole('button', { name: 'Sign in' });
        await field.fill('mqs_wrong');
        await submit.click();
        await guest.page.getByText('The API does not know this key').waitFor();
        await field.fill(stage.api.keys.publishable);
        await submit.click();
        await guest.page.getByText('This is a publishable key').waitFor();
        // All that was refused so far, and nothing else, may be complained of.
        expect(guest.complaints.splice(0).filter((line) => !/^40[13] GET /.test(line))).toEqual([]);
        await field.fill(stage.api.keys.secret);
        await submit.click();
        await guest.page.getByRole('row').filter({ hasText: CLEAR_WIN }).waitFor();
        expect(guest.complaints).toEqual([]);
      } finally {
        await guest.context.close();
      }
    });
  },
);
