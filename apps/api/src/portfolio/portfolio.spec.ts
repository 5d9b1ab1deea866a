import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { fromCounts } from '#metrics';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import type { HoldoutLift, PortfolioAnswer } from './portfolio.contract.js';

const UNITS = 20_000;
/** Key, treatment's rate against 0.2 of control, and what became of it. */
const EXPERIMENTS = [
  ['big-win', 0.23, 'shipped'],
  ['luck', 0.212, 'stopped'],
  ['nothing-one', 0.2, 'stopped'],
  ['nothing-two', 0.199, 'stopped'],
  ['harm', 0.19, 'stopped'],
  ['going-on', 0.205, 'running'],
] as const;

interface Ends {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

describe('portfolio', () => {
  let api: TestApi;
  const get = async (query = ''): Promise<PortfolioAnswer> =>
    (await api.request('GET', `/v1/portfolio${query}`)).json<PortfolioAnswer>();

  async function experiment(key: string, metric: string, rates: readonly number[]): Promise<void> {
    const arms = ['control', 'new'].map((arm) => ({
      key: arm,
      weight: 1,
      isControl: arm === 'control',
      treatment: { kind: 'value', value: { rows: arm } },
    }));
    const body = {
      key,
      title: `About ${key}`,
      hypothesis: 'Better rows are played more often',
      surface: 'home.hero',
      layer: key,
      arms,
      decisionMetric: metric,
    };
    for (const [url, content] of [
      ['/v1/layers', { key, title: key }],
      ['/v1/experiments', body],
      [`/v1/experiments/${key}/start`, {}],
    ] as const) {
      const answer = await api.request('POST', url, { body: content });
      if (answer.status >= 300) throw new Error(answer.text);
    }
    const rows = rates.map((rate, i) => ({
      arm: arms[i]?.key,
      ...fromCounts(UNITS, Math.round(UNITS * rate)),
    }));
    await api.db.database.query(
      `insert into moments_cohort (experiment, metric, arm, entered_on, n, mean_y, mean_d, mean_x, yy, dd, xx, yd, yx, dx, non_zero)
       select $1, $2, r.arm, '2026-03-02', r.n, r.mean[1], 1, 0, r.comoment[1], 0, 0, 0, 0, 0, r."nonZero"
         from jsonb_to_recordset($3::jsonb) as r (arm text, n bigint, mean double precision[], comoment double precision[], "nonZero" bigint)`,
      [key, metric, JSON.stringify(rows)],
    );
  }

  beforeAll(async () => {
    api = await startTestApi();
    await api.request('POST', '/v1/surfaces', {
      body: { key: 'home.hero', title: 'Hero', kind: 'value', defaultValue: { rows: 'default' } },
    });
    for (const [key, rate, status] of EXPERIMENTS) {
      await experiment(key, 'play-rate', [0.2, rate]);
      if (status === 'stopped')
        await api.request('POST', `/v1/experiments/${key}/stop`, { body: { reason: 'done' } });
      if (status === 'shipped')
        await api.request('POST', `/v1/experiments/${key}/ship`, { body: { arm: 'new', reason: 'it wins' } });
    }
    await api.db.database.query(
      `update experiment set stopped_at = '2026-02-01T00:00Z' where key = 'nothing-two'`,
    );
  }, 120_000);
  afterAll(() => api.close());

  it('lists finished experiments with both lifts, the winner shrunken, and says which was shipped', async () => {
    const { rows, experiments, prior, reason, expectedExaggeration } = await get();
    expect(experiments).toBe(5);
    expect(reason).toBeNull();
    expect(expectedExaggeration).toBeGreaterThan(1);
    const row = (key: string) => rows.find((one) => one.experiment === key);
    expect(row('big-win')).toMatchObject({ shipped: true, win: true, status: 'shipped', arm: 'new' });
    expect(row('big-win')?.lift.estimate).toBeCloseTo(0.15, 10);
    expect(row('harm')).toMatchObject({ shipped: false, win: false });
    // Every shrunken lift lies between its own and the mean of all.
    for (const { lift, shrunken } of rows as readonly unknown[] as { lift: Ends; shrunken: Ends }[]) {
      const ends = [lift.estimate, (prior as { mean: number }).mean];
      expect(shrunken.estimate).toBeGreaterThanOrEqual(Math.min(...ends));
      expect(shrunken.estimate).toBeLessThanOrEqual(Math.max(...ends));
      expect(shrunken.lower).toBeLessThan(shrunken.estimate);
      expect(shrunken.upper).toBeGreaterThan(shrunken.estimate);
    }
  });

  it('sums wins and what was shipped, naive, shrunken and corrected', async () => {
    const { rows, totals } = await get();
    const [total] = totals as readonly unknown[] as {
      wins: Record<'count' | 'naive' | 'shrunken' | 'corrected', number>;
      shipped: object;
    }[];
    expect(total).toMatchObject({ metric: 'play-rate', comparisons: 5 });
    expect(total?.shipped).toMatchObject({ count: 1, naive: expect.closeTo(0.15, 10) as unknown });
    const wins = total?.wins as { naive: number };
    expect(wins).toMatchObject({ count: rows.filter(({ win }) => win).length });
    expect(total?.wins.shrunken).toBeLessThan(wins.naive);
    expect(total?.wins.corrected).toBeLessThan(wins.naive);
  });

  it('filters by metric and by the time of the end, and adds running ones when asked', async () => {
    expect((await get('?metric=completion')).rows).toEqual([]);
    expect((await get('?to=2026-02-02')).rows.map(({ experiment: key }) => key)).toEqual(['nothing-two']);
    expect((await get('?from=2026-02-02')).experiments).toBe(4);
    const all = await get('?running=true');
    expect(all.experiments).toBe(6);
    expect(all.rows.find((one) => one.experiment === 'going-on')).toMatchObject({ stoppedAt: null });
  });

  it('shrinks nothing where there are fewer than three, and says so', async () => {
    const { rows, reason, totals } = await get('?to=2026-02-02');
    expect(reason).toBe('too_few_experiments');
    expect(rows[0]).toMatchObject({ shrunken: null });
    expect(rows[0]?.lift.estimate).toBeCloseTo(-0.005, 10);
    expect(totals[0]?.wins).toMatchObject({ count: 0, naive: 0 });
  });

  it('refuses what it does not know, and the wrong key', async () => {
    expect((await api.request('GET', '/v1/portfolio?from=soon')).status).toBe(400);
    expect((await api.request('GET', '/v1/portfolio?surprise=1')).status).toBe(400);
    expect((await api.request('GET', '/v1/portfolio', { key: api.keys.publishable })).status).toBe(403);
    const answer = await api.request('GET', '/v1/portfolio/holdouts?metric=luck');
    expect(answer.status).toBe(400);
    expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe('/metric');
  });

  describe('measured by a holdout', () => {
    const held = { n: 0, plays: 0 };
    const others = { n: 0, plays: 0 };
    /** Minutes on a television: every second unit has one, and every fifth watches fast. */
    const sides = { held, others };
    const HOLDOUT_OF = { held: 'everyone-else', others: null };
    const PLAY_RATES = { held: 0.3, others: 0.6 };
    const BASE_SECONDS = { held: 600, others: 720 };
    const minutes = { held: 0, others: 0 };
    const fast = { held: 0, others: 0 };
    beforeAll(async () => {
      await api.request('POST', '/v1/holdouts', {
        body: {
          key: 'everyone-else',
          title: 'Held out',
          share: 0.3,
          surfaces: ['home.hero'],
          unitType: 'member',
          except: { attribute: 'staff', op: 'eq', value: true },
        },
      });
      const rng = createRng('holdout');
      const decisions: unknown[] = [];
      const events: unknown[] = [];
      const now = Date.now();
      for (let i = 0; i < 900; i++) {
        const isHeld = i % 3 === 0;
        const crossed = i >= 890;
        const at = new Date(now - (2 + rng.uniform() * 10) * 86_400_000).toISOString();
        const device = i % 2 === 0 ? 'tv' : 'phone';
        const add = (holdout: string | null) =>
          decisions.push({
            id: `d${decisions.length}`,
            at,
            unit: `u${i}`,
            holdout,
            surface: 'home.hero',
            context: { device },
          });
        const own = isHeld ? 'held' : 'others';
        add(HOLDOUT_OF[own]);
        if (crossed) add(HOLDOUT_OF[isHeld ? 'others' : 'held']);
        const plays = rng.uniform() < PLAY_RATES[own];
        if (plays)
          events.push({ id: `p${i}`, at: new Date(Date.parse(at) + 60_000).toISOString(), unit: `u${i}` });
        const watched = BASE_SECONDS[own] + 60 * (i % 7);
        const speed = 2 - Math.sign(i % 5);
        events.push({
          id: `w${i}`,
          at: new Date(Date.parse(at) + 90_000).toISOString(),
          unit: `u${i}`,
          name: 'watch',
          value: watched,
          properties: { speed },
        });
        // Before the first decision, and of somebody who never met the surface.
        events.push({ id: `b${i}`, at: new Date(Date.parse(at) - 60_000).toISOString(), unit: `u${i}` });
        if (crossed) continue;
        sides[own].n++;
        sides[own].plays += plays ? 1 : 0;
        minutes[own] += device === 'tv' ? watched / 60 : 0;
        fast[own] += speed - 1;
      }
      // Staff, whom the holdout spares: they all cancel, and count on neither side.
      for (let i = 0; i < 40; i++) {
        const at = new Date(now - 3 * 86_400_000).toISOString();
        const context = { device: 'phone', staff: true };
        decisions.push({ id: `s${i}`, at, unit: `staff${i}`, holdout: null, surface: 'home.hero', context });
        events.push({ id: `sp${i}`, at: new Date(now - 2 * 86_400_000).toISOString(), unit: `staff${i}` });
      }
      decisions.push({
        id: 'other',
        at: new Date(now - 86_400_000).toISOString(),
        unit: 'z',
        holdout: null,
        surface: 'search',
        context: {},
      });
      await api.db.database.query(`select ensure_partitions(current_date - 20, current_date)`);
      await api.db.database.query(
        `insert into decision (id, at, unit_id, unit_type, surface, kind, propensity, arm_propensity, seed, reason, holdout, context)
         select d.id, d.at, d.unit, 'member', d.surface, 'value', 1, 1, '', 'HOLDOUT', d.holdout, d.context
           from jsonb_to_recordset($1::jsonb) as d (id text, at timestamptz, unit text, holdout text, surface text, context jsonb)`,
        [JSON.stringify(decisions)],
      );
      await api.db.database.query(
        `insert into event (id, at, received_at, unit_id, kind, name, value, properties)
         select e.id, e.at, e.at, e.unit, 'outcome', coalesce(e.name, 'cancel'), e.value, e.properties
           from jsonb_to_recordset($1::jsonb) as e (id text, at timestamptz, unit text, name text, value float8, properties jsonb)`,
        [JSON.stringify(events)],
      );
    });

    it('compares all other units with those held out, counted by brute force', async () => {
      const answer = await api.request('GET', '/v1/portfolio/holdouts?metric=cancellations&days=20');
      const [item] = answer.json<{ items: HoldoutLift[] }>().items;
      expect(item?.units).toEqual({ heldOut: held.n, others: others.n, spared: 40 });
      const lift = others.plays / others.n / (held.plays / held.n) - 1;
      expect(item?.lift.estimate).toBeCloseTo(lift, 12);
      expect(item?.lift.lower).toBeLessThan(lift);
      expect(item?.lift.lower).toBeGreaterThan(0);
    });

    it('puts beside it what the shipped experiments that it withholds promised', async () => {
      const promised = async () =>
        (await api.request('GET', '/v1/portfolio/holdouts?metric=play-rate&days=20')).json<{
          items: HoldoutLift[];
        }>().items[0]?.promised;
      const [shrunken] = (await get('?metric=play-rate')).rows.filter(({ shipped }) => shipped);
      const all = await promised();
      expect(all).toMatchObject({ count: 1, shrunken: shrunken?.shrunken?.estimate });
      expect(all?.naive).toBeCloseTo(0.15, 10);
      const tag = (table: string) =>
        `update ${table} set tags = '{rows}' where key = any('{everyone-else,big-win}')`;
      await api.db.database.query(tag('holdout'));
      expect(await promised()).toEqual({ count: 0, naive: 0, shrunken: 0 });
      await api.db.database.query(tag('experiment'));
      expect(await promised()).toEqual(all);
      await api.db.database.query('update holdout set tags = null');
    });

    it('compares by filtered metrics, those of analysts too', async () => {
      await api.db.database.query(
        `insert into metric (key, version, definition, created_by) values ('fast-watches', 1, $1, 'test')`,
        [
          JSON.stringify({
            key: 'fast-watches',
            title: 'Fast watches',
            description: 'Watched faster than it was made.',
            measuredIn: 'count',
            betterWhen: 'higher',
            family: 'engagement',
            kind: 'count',
            numerator: {
              fold: 'count',
              events: ['watch'],
              scope: 'unit',
              where: [{ field: 'property:speed', op: 'gt', value: 1 }],
            },
            maturityDays: 0,
          }),
        ],
      );
      for (const [metric, sums] of [
        ['tv-watch-minutes', minutes],
        ['fast-watches', fast],
      ] as const) {
        const answer = await api.request('GET', `/v1/portfolio/holdouts?metric=${metric}&days=20`);
        const [item] = answer.json<{ items: HoldoutLift[] }>().items;
        expect(item?.units).toEqual({ heldOut: held.n, others: others.n, spared: 40 });
        expect(item?.lift.estimate).toBeCloseTo(sums.others / others.n / (sums.held / held.n) - 1, 10);
      }
    });

    it.each(['watch-minutes-p90', 'days-without-cancellation'])(
      'does not compare %s as if it were a mean',
      async (metric) => {
        const answer = await api.request('GET', `/v1/portfolio/holdouts?metric=${metric}`);
        expect(answer.json<{ items: HoldoutLift[] }>().items[0]).toMatchObject({
          reason: 'needs_all_units_at_once',
          lift: { estimate: null, lower: null, upper: null },
        });
      },
    );

    it('says why a metric of decisions cannot be compared', async () => {
      const answer = await api.request('GET', '/v1/portfolio/holdouts?metric=click-through');
      expect(answer.json<{ items: HoldoutLift[] }>().items[0]).toMatchObject({
        reason: 'counts_only_decisions_of_experiments',
        lift: { estimate: null },
      });
    });
  });
});
