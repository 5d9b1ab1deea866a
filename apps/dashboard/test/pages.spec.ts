import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { violations } from './axe.js';
import type { Opened } from './browser.js';
import { Stage, withBrowser } from './stage.js';

/** Every page with recorded answers, and a text that only the loaded page has. */
const PAGES: readonly (readonly [path: string, text: string])[] = [
  ['/experiments', 'Rows by taste instead of popularity'],
  ['/experiments/new', 'Create and start'],
  ['/experiments/home-rows-als', 'Matrix factorisation raises play rate by 4.1%'],
  ['/experiments/notification-hour', 'Do not decide: fix first'],
  ['/experiments/artwork-bandit', 'Keep running'],
  ['/experiments/dense-search', 'Before it starts'],
  ['/experiments/home-rows-als/results', 'without CUPED'],
  [
    '/experiments/home-rows-als/results?open=play-rate/als~retention-day-28/als&maturity=14',
    'Standard error = √',
  ],
  ['/experiments/home-rows-als/segments', 'The mix of device differs between arms'],
  ['/experiments/home-rows-als/segments?attribute=country&role=decision', 'country: does it differ?'],
  ['/experiments/home-rows-als/health', 'The ramp-up was planned'],
  ['/experiments/notification-hour/health', 'device smart-tv'],
  ['/experiments/home-rows-als/time', 'Play rate over time'],
  ['/experiments/home-rows-als/time?metric=watch-minutes', 'NOVELTY: '],
  ['/experiments/home-rows-als/time?metric=retention-day-7', 'This metric looks at one day only'],
  ['/experiments/home-rows-als/retention', 'Matured units'],
  ['/experiments/home-rows-als/retention?view=window', 'Weekly retention'],
  ['/experiments/artwork-bandit/retention?view=survival&horizon=14', 'Hazard ratio (secondary)'],
  ['/experiments/home-rows-als/setup', 'at least 1.90 times'],
  ['/experiments/home-rows-als/activity', 'We wait for a whole week more'],
  ['/calendar', 'want the same members of home.rows'],
  ['/portfolio', 'less selection bias'],
  ['/policies', 'Rows by matrix factorisation'],
  ['/policies/artwork-ts', 'Allocation over time'],
  ['/policies/artwork-ts/snapshots', 'Rejected'],
  ['/policies/artwork-ts/beliefs', 'The close-up'],
  ['/policies/artwork-ts/replay?candidate=artwork-uniform&day=2026-08-21', 'row-continue ▼ 1 → 2'],
  ['/policies/artwork-ts/exploration', 'Lift of showing, all actions'],
  ['/policies/messages-by-lift/messages', 'Not an hour of the member'],
  ['/policies/rows-als/diversity', 'Alarm: certainly below'],
  ['/policies/artwork-ts/health', 'Decisions affected'],
  ['/policies/artwork-ts/lab', 'Earlier evaluations'],
  ['/policies/artwork-ts/lab?run=7', 'Doubly robust (DR)'],
  ['/policies/rows-als/lab?run=8', 'Position by position'],
  ['/policies/rows-als/model', 'Fewer than 100 members'],
  ['/policies/rows-als/model?open=run-2', 'minus that of snapshot 4'],
  ['/policies/finder/search', 'Queries that few members typed'],
  ['/policies/finder/search?q=space+pirate&beside=words', 'in its description'],
  ['/policies/rows-als/trade-offs?point=2', 'NDCG of what members used later'],
  ['/policies/rows-als/card', 'Know before relying on it'],
  ['/policies/rows-als/setup', 'Parameters'],
  ['/audiences', 'Row order on home'],
  ['/audiences/lists', 'segment heavy-viewers'],
  ['/audiences/testers', 'Make token'],
  ['/metrics', 'Day-28 retention'],
  ['/metrics/new', 'In plain English'],
  ['/metrics/hd-minutes', 'Minutes in high definition'],
  ['/metrics/hd-minutes/edit', 'Save as version 3'],
  ['/metrics/play-rate', 'Not used yet'],
  ['/catalogue', 'Gini of exposure'],
  ['/catalogue/t-0', 'Artwork: face'],
  ['/members', 'Nobody is looked at yet'],
  ['/members/m-1', 'Broken Winter (62%)'],
  ['/members/m-quiet', 'No policy may know this member'],
  ['/preview', 'Nothing is asked yet'],
  [
    '/preview?surface=home.rows&unit=m-1&device=smart-tv&weekday=5&hour=21&left=rows-als&right=rows-popular',
    'Both show 4 of them',
  ],
  [
    '/preview/page?page=home&unit=m-1&weekday=5&hour=21&beside=yes&left-titles=rows-als&right-titles=rows-popular',
    'there in Acclaimed dramas',
  ],
  ['/pages/home', 'kind 1: match genre'],
  ['/live', 'Exposures and outcomes'],
  ['/decisions', 'Latest decisions'],
  ['/decisions/01KAR8DECISION0000', 'it had a 71% chance'],
  ['/decisions/01KAR8DECISION0001?page=shown', 'All 2 decisions together had a probability of'],
  ['/decisions/01KAR8DECISION0000?whatif={"context":{"device":"phone"}}', '40.0% of the probability moves'],
  ['/operations', 'Has failed jobs'],
  ['/connect', 'How far you are'],
  ['/settings', 'Analyst notebook'],
  ['/settings/surfaces', 'Preview Home page'],
  ['/settings/features', 'Never: sensitive'],
  ['/settings/traffic', 'experiments tagged search'],
  ['/settings/webhooks', 'Old dashboard'],
  ['/settings/audit', 'Policy rollback'],
  ['/nowhere', 'There is nothing at this address'],
];

withBrowser('dashboard pages in Chromium (skipped where no chromium is installed)', () => {
  const stage = new Stage();
  let theme: 'light' | 'dark' = 'light';

  beforeAll(async () => {
    await stage.start();
    await stage.renew();
  }, 120_000);
  afterAll(async () => {
    await stage.page.emulateMedia({ colorScheme: 'light' });
    await stage.leave();
    stage.stop();
  });

  /** Window widths that the page is too wide for. */
  async function overflow({ page }: Opened): Promise<string[]> {
    const wide: string[] = [];
    for (const width of [375, 768, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      // Charts follow the window a few frames later.
      const fits = (): boolean => document.documentElement.scrollWidth <= window.innerWidth;
      await page.waitForFunction(fits, undefined, { timeout: 10_000 }).catch(() => wide.push(`${width} px`));
    }
    return wide;
  }

  /** To the other theme, in which the next page begins; at once, since every frame between two colours costs time. */
  async function changeTheme({ page }: Opened): Promise<void> {
    await page.evaluate(() => {
      const still = new CSSStyleSheet();
      still.replaceSync('*, *::before, *::after { transition: none !important }');
      document.adoptedStyleSheets.push(still);
    });
    theme = theme === 'light' ? 'dark' : 'light';
    await page.emulateMedia({ colorScheme: theme });
    await page.waitForFunction(
      (wanted) => document.documentElement.dataset['mantineColorScheme'] === wanted,
      theme,
    );
  }

  it.each(PAGES)(
    '%s shows its content in every width, obeys the security policy and passes axe in both themes',
    async (path, text) => {
      const { page, opened } = stage;
      const { complaints } = opened;
      complaints.length = 0;
      await stage.visit(path);
      await page.getByText(text, { exact: false }).first().waitFor();
      const shown = await page.locator('body').innerText();
      expect(shown).not.toMatch(/\bNaN\b|\bInfinity\b|\bundefined\b|\[object /);
      expect(await overflow(opened)).toEqual([]);
      expect(await violations(page)).toEqual([]);
      await changeTheme(opened);
      // Only colours differ in the other theme.
      expect(await violations(page, ['color-contrast'])).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
});
