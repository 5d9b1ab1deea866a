import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createWorld, readyExperiments, silentMessage, truthOf } from '#simulation';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { FIRST_DAY, loadReadyWorld } from '../../test/world.js';
import { FactStore } from '../persistence/fact-store.js';
import type { ContactsView } from '../policies/insights/contacts.js';
import type { LiftReport } from '../reports/lift-reports.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import { addFaultyAssignment } from './faulty-assignment.js';

const DAYS = 14;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Every timer is real: only what time it is, is not. */
const TIMERS = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;
const END = FIRST_DAY + DAYS * DAY_MS;
const world = createWorld('history-spec', { members: 2200, titles: 24 });

/** The simulated world through the product: HTTP for the set-up, then serving, storage, learning and SQL reports. */
describe('the ready experiments, reported from PostgreSQL', () => {
  let api: TestApi;
  const reports = new Map<string, LiftReport>();

  beforeAll(async () => {
    // The past and who looks back on it live on days that are always the same: what is asserted here is the same to the last
    // decision whenever it runs.
    jest.useFakeTimers({ now: END + 6 * HOUR_MS, advanceTimers: true, doNotFake: [...TIMERS] });
    api = await startTestApi();
    // More than anybody would withhold in earnest: so small a world has power only then.
    await loadReadyWorld(api, world, DAYS, { messages: true, withheld: 0.5, from: FIRST_DAY });
    for (const { experiment } of readyExperiments) {
      const answer = await api.request('GET', `/v1/experiments/${experiment.key}/report`);
      if (answer.status !== 200) throw new Error(answer.text);
      reports.set(experiment.key, answer.json<LiftReport>());
    }
  }, 300_000);
  afterAll(async () => {
    jest.useRealTimers();
    await api.close();
  });

  const report = (key: string): LiftReport => reports.get(key) as LiftReport;
  const decision = (key: string, arm: string) =>
    report(key).results.find((result) => result.role === 'decision' && result.arm === arm);

  it('finds the clear win', () => {
    expect(decision('continue-watching-first', 'continue-first')?.direction).toBe('better');
    expect(report('continue-watching-first').verdict.kind).toBe('ship');
  });

  it('finds that a search that understands is clicked more, within what is true', () => {
    const truth = truthOf(world).experiments.find(
      ({ experiment }) => experiment === 'search-that-understands',
    );
    const [lower, upper] = truth?.effects[0]?.lift ?? [0, 0];
    const found = decision('search-that-understands', 'understands');
    expect(found?.direction).toBe('better');
    const interval = found?.effect.relative.interval;
    expect(interval?.lower).toBeLessThan(upper);
    expect(interval?.upper).toBeGreaterThan(lower);
  });

  it('does not decide the true null', () => {
    expect(decision('friendlier-notifications', 'friendly')?.direction).toBe('unclear');
    expect(report('friendlier-notifications').verdict.kind).toBe('wait');
  });

  it('refuses to decide on the broken sample ratio', () => {
    const { health, verdict } = report('semantic-search');
    expect(health.find(({ key }) => key === 'sample-ratio')?.status).toBe('fail');
    expect(verdict.kind).toBe('fix-first');
  });

  it('says that the small one is underpowered', () => {
    const { health, verdict } = report('shorter-countdown');
    expect(health.find(({ key }) => key === 'power')?.status).toBe('warn');
    // 56 units in an arm: whatever the days, that is too few to say more.
    expect(health.find(({ warning }) => warning === 'EARLY')?.key).toBe('sample-size');
    expect(verdict.kind).toBe('too-early');
  });

  // Whose reward is higher is luck in a world this small (truth-found.spec.ts proves it at full size); that a policy
  // has made up its mind is not.
  it.each(['artwork-thompson', 'artwork-by-taste'])('shows that %s has learned', async (policy) => {
    const rows = await api.db.database.query<{ late: boolean; favourite: number; n: number }>(
      `select at > $2 as late, avg((select max(p) from unnest(probabilities) p)) as favourite, count(*)::int as n
         from decision where policy_id = $1 and fallback is null and (at > $2 or at < $3) group by 1`,
      [policy, new Date(END - 4 * DAY_MS), new Date(FIRST_DAY + DAY_MS)],
    );
    const favourite = new Map(rows.map((row) => [row.late, row.favourite]));
    expect(favourite.get(true)).toBeGreaterThan((favourite.get(false) ?? 1) + 0.05);
  });

  it('has asked the shadow of the bandit about everything, and can judge it', async () => {
    const answer = await api.request('GET', '/v1/policies/artwork-thompson/shadow?days=28');
    const { items } = answer.json<{
      items: { policyId: string; decisions: number; failed: number; snips: number | null }[];
    }>();
    const [served] = await api.db.database.query<{ n: number }>(
      `select count(*)::int as n from decision where policy_id = 'artwork-thompson' and fallback is null`,
    );
    expect(new Set(items.map(({ policyId }) => policyId))).toEqual(new Set(['artwork-by-taste']));
    expect(items.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(served?.n);
    // Also on a busy machine: nobody waits for the past.
    expect(items.every(({ failed }) => failed === 0)).toBe(true);
    expect(items.filter(({ snips }) => snips !== null).length).toBeGreaterThan(10);
  });

  it('has opposite winners by segment', async () => {
    const best = new Map<string, string>();
    const rows = await api.db.database.query<{ taste: string; action_id: string; rate: number }>(
      `select d.context ->> 'taste' as taste, split_part(r.action_id, '-', 3) as action_id, avg(r.reward) as rate
         from reward r join decision d on d.id = r.decision_id
        where r.policy_id in ('artwork-by-taste', 'artwork-most-clicked') group by 1, 2 having count(*) > 100 order by 3`,
    );
    for (const row of rows) best.set(row.taste, row.action_id);
    expect(new Set(best.values()).size).toBeGreaterThan(1);
  });

  it('measures what messages bring, and finds the truth within the interval', async () => {
    const lift = (await api.request('GET', '/v1/policies/messages-by-lift/incrementality')).json<{
      total: { lift: number; lower: number; upper: number };
      balance: { mismatch: boolean };
      items: { id: string; withheld: number }[];
    }>();
    const ranges = Object.entries(truthOf(world).messages.lift).filter(([id]) => id !== silentMessage);
    expect(lift.total.lower).toBeLessThan(Math.max(...ranges.map(([, [, upper]]) => upper)));
    expect(lift.total.upper).toBeGreaterThan(Math.min(...ranges.map(([, [lower]]) => lower)));
    // Nobody who stands for having been sent nothing was sent the next message within the window.
    const [second] = await api.db.database.query<{ n: number }>(
      `select count(*)::int as n from decision w join decision s on s.policy_id = w.policy_id and s.unit_id = w.unit_id
         and s.at > w.at and s.at <= w.at + interval '24 hours'
        where w.policy_id = 'messages-by-lift' and w.withheld and not s.withheld`,
    );
    expect(second?.n).toBe(0);
    expect(lift.balance.mismatch).toBe(false);
    expect(lift.items.map(({ id }) => id).sort()).toEqual(ranges.map(([id]) => id).sort());

    const contacts = (
      await api.request('GET', '/v1/policies/messages-by-lift/contacts')
    ).json<ContactsView>();
    const fates = new Map(contacts.fates.map(({ fate, decisions }) => [fate, decisions]));
    const [stored] = await api.db.database.query<{ all: number; sent: number; withheld: number }>(
      `select count(*)::int as all, count(*) filter (where withheld)::int as withheld,
         count(*) filter (where not coalesce(withheld, false) and chosen <> '"do-not-send"')::int as sent
       from decision where policy_id = 'messages-by-lift'`,
    );
    expect(contacts.decisions).toBe(stored?.all);
    expect([fates.get('sent'), fates.get('withheld')]).toEqual([stored?.sent, stored?.withheld]);
    for (const fate of ['quiet', 'capped', 'later', 'declined'] as const)
      expect(fates.get(fate)).toBeGreaterThan(20);
    expect(fates.get('failed')).toBe(0);
    expect([...fates.values()].reduce((sum, n) => sum + n, 0)).toBe(contacts.decisions);
    expect(contacts.messages.every(({ opened, sent }) => opened > 0 && opened < sent / 2)).toBe(true);
    expect(contacts.mostPerUnit).toBeLessThanOrEqual(6);
    expect((await api.request('GET', '/v1/policies/artwork-thompson/contacts')).status).toBe(400);
  });

  it('answers segments, series and retention, complete and finite', async () => {
    const base = '/v1/experiments/continue-watching-first';
    const tv = (await api.request('GET', `${base}/report?segment=device:smart-tv`)).json<LiftReport>();
    expect(tv.units.enrolled).toBeGreaterThan(100);
    expect(tv.units.enrolled).toBeLessThan(report('continue-watching-first').units.enrolled);
    const series = (await api.request('GET', `${base}/report/series`)).json<{
      points: { day: string; n: number }[];
    }>();
    // Of three roll-ups one may find nothing yet, while a transaction of another test is open: the next one takes it.
    expect(series.points.length).toBeGreaterThanOrEqual(2);
    expect(series.points.map(({ n }) => n)).toEqual(
      [...series.points.map(({ n }) => n)].sort((a, b) => a - b),
    );
    const retention = (await api.request('GET', `${base}/report/retention`)).json<{
      arms: { points: { day: number; matured: number; share: number | null }[] }[];
    }>();
    expect(retention.arms[0]?.points[0]?.share).toBeGreaterThan(0.05);
    expect(retention.arms[0]?.points[27]?.matured).toBe(0);
    const segments = (await api.request('GET', `${base}/segments`)).json<{
      items: { attribute: string }[];
    }>();
    expect(segments.items.map(({ attribute }) => attribute)).toContain('device');
  });

  it('gives a past day as it stood then, and refuses nonsense', async () => {
    const base = '/v1/experiments/continue-watching-first/report';
    const series = (await api.request('GET', `${base}/series`)).json<{
      points: { day: string; n: number }[];
    }>();
    const first = series.points[0];
    const past = (await api.request('GET', `${base}?asOf=${first?.day}`)).json<LiftReport>();
    expect(past.results.find((result) => result.role === 'decision')?.matured).toBe(first?.n);
    expect((await api.request('GET', `${base}?estimator=magic`)).status).toBe(400);
    expect((await api.request('GET', `${base}?baseline=nobody`)).status).toBe(400);
    expect((await api.request('GET', '/v1/experiments/none/report')).status).toBe(404);
  });

  it('gets a few units whose assignment went wrong, of every kind that the demo shows', async () => {
    const { database } = api.db;
    const key = 'continue-watching-first';
    const { enrolled } = report(key).units;
    await addFaultyAssignment(database, new FactStore(database), key, ['control', 'continue-first'], END);
    await rollUpAll(database, new Date(END));
    const answer = await api.request('GET', `/v1/experiments/${key}/assignment`);
    const { states, counted } = answer.json<{
      states: { state: string; affected: number; leftOut: number }[];
      counted: number;
    }>();
    expect(states.slice(0, 4).map(({ state, affected, leftOut }) => [state, affected, leftOut])).toEqual([
      ['two-arms', 8, 8],
      // Six people under two ids, and four whose exposure came from a device.
      ['identity-switch', 16, 16],
      ['late-fallback', 9, 9],
      ['exposure-without-decision', 7, 0],
    ]);
    // The six anonymous ids entered and are left out again.
    expect(counted).toBe(enrolled - 8 - 10 - 9);
  });
});
