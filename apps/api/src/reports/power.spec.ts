import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { ReachSamples } from '../experiments/reach-sample.js';
import type { Reach } from '../experiments/reach.js';
import { ItemIndex, compileCatalog } from '../serving/catalog-data.js';
import { CatalogStore } from '../serving/catalog-store.js';
import type { PowerAnswer } from './power.js';

const arms = [
  { key: 'control', isControl: true, weight: 1 },
  { key: 'new', weight: 1 },
];
const fixed = { metric: 'play-rate', arms, estimator: 'welch' };

describe('POST /v1/power', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    const { database } = api.db;
    // 14 days of a surface: 900 members on the first day, 100 new ones on each day after it, all come every day.
    await database.query(`select ensure_partitions((now() - interval '15 days')::date, now()::date)`);
    await database.query(
      `insert into decision (id, at, unit_id, unit_type, surface, kind, propensity, arm_propensity, seed, reason)
       select 'd' || day || '-' || unit, now() - make_interval(days => 14 - day) + interval '1 hour', 'u' || unit, 'member', 'home', 'value',
              1, 1, 's', 'test'
         from generate_series(0, 13) day, lateral generate_series(1, 900 + 100 * day) unit`,
    );
    const created = await api.request('POST', '/v1/surfaces', {
      body: { key: 'home', title: 'Home', kind: 'value' },
    });
    if (created.status >= 300) throw new Error(created.text);
    const layer = await api.request('POST', '/v1/layers', { body: { key: 'l', title: 'L' } });
    if (layer.status >= 300) throw new Error(layer.text);
    const experiment = await api.request('POST', '/v1/experiments', {
      body: {
        key: 'earlier',
        title: 'Earlier one',
        surface: 'home',
        unitType: 'member',
        layer: 'l',
        arms: arms.map((arm) => ({
          isControl: false,
          ...arm,
          title: arm.key,
          treatment: { kind: 'value', value: arm.key },
        })),
        decisionMetric: 'play-rate',
      },
    });
    if (experiment.status >= 300) throw new Error(experiment.text);
    await database.query(
      `insert into moments_cohort (experiment, metric, arm, entered_on, n, mean_y, mean_d, mean_x, yy, dd, xx, yd, yx, dx, non_zero)
       values ('earlier', 'play-rate', 'control', '2026-01-05', 1000, 0.3, 1, 0, 210, 0, 0, 0, 0, 0, 300)`,
    );
  });
  afterAll(() => api.close());
  const ask = (body: unknown) => api.request('POST', '/v1/power', { body, key: api.keys.secret });
  const plan = async (body: unknown): Promise<PowerAnswer> => {
    const answer = await ask(body);
    expect([answer.status, answer.text.slice(0, answer.status === 200 ? 0 : 500)]).toEqual([200, '']);
    return answer.json<PowerAnswer>();
  };

  it('gives published sizes for a guess, and says that it is one', async () => {
    const answer = await plan({ ...fixed, guess: { mean: 0.1 }, minimumLift: 0.05 });
    expect(answer).toMatchObject({
      status: 'ok',
      baseline: { source: 'guess', mean: 0.1 },
      size: { unitsPerArm: [57_760, 57_760], totalUnits: 115_520 },
      fixed: { price: 1 },
      days: null,
      missing: ['guess.unitsPerDay'],
    });
    const timed = await plan({ ...fixed, guess: { mean: 0.1, unitsPerDay: 10_000 } });
    expect(timed).toMatchObject({ days: 12, traffic: { source: 'guess' }, missing: [] });
  });

  it('asks for a guess where there is no history, and never answers with nothing', async () => {
    expect(await plan({ ...fixed, surface: 'nowhere' })).toMatchObject({
      status: 'needs-guess',
      missing: ['guess.mean'],
      size: null,
      days: null,
    });
    expect(await plan({ ...fixed, metric: 'watch-minutes', guess: { mean: 40 } })).toMatchObject({
      status: 'needs-guess',
      missing: ['guess.standardDeviation'],
    });
  });

  it('takes baseline and traffic from what the surface has seen: distinct units, not users times days', async () => {
    const answer = await plan({ ...fixed, surface: 'home', minimumLift: 0.5, days: 14 });
    expect(answer.baseline).toMatchObject({
      source: 'history',
      experiment: { key: 'earlier', title: 'Earlier one' },
      units: 1000,
      mean: 0.3,
    });
    expect(answer.traffic?.cumulativeUnits).toEqual(Array.from({ length: 14 }, (_, i) => 900 + 100 * i));
    // 0.30 to 0.45: (1.96 + 0.84)^2 (0.21 + 0.2475) / 0.15^2 = 159.6 an arm: one day.
    expect(answer.size?.unitsPerArm).toEqual([160, 160]);
    expect(answer.days).toBe(1);
    expect(answer.reverse).toMatchObject({ days: 14, units: 2200 });
    const back = await plan({ ...fixed, surface: 'home', minimumLift: answer.reverse?.lift ?? NaN });
    expect(back.days).toBe(14);
    const lifts = answer.curve.map(({ lift }) => lift ?? Infinity);
    expect([...lifts].sort((a, b) => b - a)).toEqual(lifts);
    const ramp = await plan({ ...fixed, surface: 'home', minimumLift: 0.5, ramp: { share: 0.1, days: 3 } });
    expect(ramp.days).toBe(4);
  });

  it('computes the price of peeking, and shares the error among comparisons', async () => {
    const sequential = await plan({ metric: 'play-rate', arms, guess: { mean: 0.1 } });
    expect(sequential.estimator).toBe('asymptotic-cs');
    expect(sequential.fixed?.price).toBeGreaterThan(1.3);
    expect(sequential.fixed?.totalUnits).toBe(115_520);
    const three = await plan({
      ...fixed,
      arms: [...arms, { key: 'third', weight: 1 }],
      guess: { mean: 0.1 },
    });
    expect(three).toMatchObject({ comparisons: 2, alphaPerComparison: 0.025 });
    expect(three.size?.unitsPerArm[0]).toBeGreaterThan(57_760);
    const looks = await plan({ ...fixed, estimator: 'group-sequential', looks: 5, guess: { mean: 0.1 } });
    expect(looks.fixed?.price).toBeGreaterThan(1.01);
    expect(looks.fixed?.price).toBeLessThan(1.1);
  });

  it('says which field is wrong', async () => {
    const problem = async (body: unknown) => {
      const answer = await ask(body);
      return [answer.status, JSON.stringify(answer.json())];
    };
    expect(await problem({ ...fixed, metric: 'nothing' })).toEqual([400, expect.stringContaining('/metric')]);
    expect(await problem({ ...fixed, guess: { mean: 2 } })).toEqual([
      400,
      expect.stringContaining('/guess/mean'),
    ]);
    expect(await problem({ ...fixed, estimator: 'group-sequential', guess: { mean: 0.1 } })).toEqual([
      400,
      expect.stringContaining('/looks'),
    ]);
    const two = arms.map((arm) => ({ ...arm, isControl: true }));
    expect(await problem({ ...fixed, arms: two })).toEqual([400, expect.stringContaining('/arms')]);
  });

  describe('POST /v1/reach', () => {
    const DAYS = 4;
    const reach = async (body: object): Promise<Reach> => {
      const answer = await api.request('POST', '/v1/reach', { body, key: api.keys.secret });
      expect([answer.status, answer.text.slice(0, answer.status === 200 ? 0 : 500)]).toEqual([200, '']);
      return answer.json<Reach>();
    };
    const french = { attribute: 'country', op: 'eq', value: 'FR' };
    const here = { surface: 'hero', layer: 'l', targeting: french };
    beforeAll(async () => {
      await api.request('POST', '/v1/surfaces', { body: { key: 'hero', title: 'Hero', kind: 'value' } });
      await api.request('POST', '/v1/surfaces', { body: { key: 'quiet', title: 'Quiet', kind: 'value' } });
      // 400 members, 200 of them French, twice on each of four days; and a tester who is no traffic.
      await api.db.database.query(
        `insert into decision (id, at, unit_id, unit_type, surface, kind, propensity, arm_propensity, seed, reason, context)
         select format('h%s-%s-%s', day, unit, visit), now() - make_interval(days => day, hours => 1 + visit), 'u' || unit, 'member', 'hero',
                'value', 1, 1, 's', case when unit = 401 then 'FORCED' else 'NO_EXPERIMENT' end,
                jsonb_build_object('country', case when unit % 2 = 0 then 'FR' else 'BE' end) || case when unit <= 40
                  then jsonb_build_object('deviceId', 'd' || unit % 10) else '{}' end
           from generate_series(0, $1 - 1) day, generate_series(1, 401) unit, generate_series(0, 1) visit`,
        [DAYS],
      );
    });

    it('counts the units of the past whom the engine would really put into the experiment', async () => {
      const all = await reach({ ...here, layerShare: 0.5, traffic: 1 });
      expect(all).toMatchObject({
        status: 'ok',
        window: { days: DAYS },
        sample: { requests: 400 * 2 * DAYS, share: 1 },
        attributes: [{ name: 'country', share: 1 }],
        known: ['country', 'deviceId'],
        unknown: [],
      });
      expect(all.days).toHaveLength(DAYS);
      expect(all.days[0]).toMatchObject({ asked: 400, reached: all.perDay?.mean });
      expect(all.steps.slice(0, 3)).toEqual([
        { step: 'asked', units: 400 },
        { step: 'targeting', units: 200 },
        { step: 'free', units: 200 },
      ]);
      const started = await api.request('POST', '/v1/experiments', {
        body: {
          ...{ ...here, layerShare: 0.5, key: 'hero-test', title: 'Hero', decisionMetric: 'play-rate' },
          hypothesis: 'French members play more',
          arms: arms.map((arm) => ({ ...arm, treatment: { kind: 'value', value: arm.key } })),
        },
      });
      expect(started.status).toBe(201);
      await api.request('POST', '/v1/experiments/hero-test/start', { body: {} });
      const { engine } = compileCatalog(
        await new CatalogStore(api.db.database).readConfig(),
        new ItemIndex([]),
      );
      const members = Array.from({ length: 400 }, (_, i) => i + 1).filter((i) => {
        const context = { country: i % 2 === 0 ? 'FR' : 'BE' };
        return engine.assign({ unitId: `u${i}`, unitType: 'member' }, 'hero', context).arm !== null;
      });
      expect(members.length).toBeGreaterThan(60);
      expect(all.perDay).toEqual({ mean: members.length, low: members.length, high: members.length });
      // The next one in the layer gets the other half of it; the one that runs keeps its own, also when it is asked about.
      const other = await reach({ ...here });
      expect(other.perDay?.mean).toBe(200 - members.length);
      expect((await reach({ ...here, experiment: 'hero-test' })).perDay?.mean).toBe(members.length);
      // Outside the layer the older one comes first.
      const steps = Object.fromEntries(
        (await reach({ ...here, layer: null, traffic: 0.5 })).steps.map(({ step, units }) => [step, units]),
      );
      expect(steps).toMatchObject({ free: 200 - members.length, layer: 200 - members.length });
      expect(steps['traffic']).toBeLessThan(0.7 * (200 - members.length));
      const needs = (named: string): object => ({ experiment: 'hero-test', arms: [named] });
      await api.request('POST', '/v1/surfaces', { body: { key: 'below', title: 'Below', kind: 'value' } });
      await api.db.database.query(
        `insert into decision (id, at, unit_id, unit_type, surface, kind, propensity, arm_propensity, seed, reason, context)
         select 'b' || id, at, unit_id, unit_type, 'below', kind, 1, 1, 's', reason, context from decision where surface = 'hero'`,
      );
      const after = await Promise.all(
        ['control', 'new'].map((named) =>
          reach({ surface: 'below', layer: null, prerequisites: [needs(named)] }),
        ),
      );
      expect(after.reduce((sum, { perDay }) => sum + (perDay?.mean ?? 0), 0)).toBe(members.length);
    });

    it('says what the past cannot tell', async () => {
      const blind = await reach({
        ...here,
        layer: null,
        targeting: { attribute: 'plan', op: 'eq', value: 'basic' },
      });
      expect(blind.perDay).toMatchObject({ mean: 0 });
      expect(blind.unknown[0]).toContain('No recorded request carries "plan"');
      const devices = await reach({ surface: 'hero', layer: null, unitType: 'device' });
      expect(devices.withoutUnit).toBeCloseTo(0.9, 10);
      expect(devices.unknown).toEqual(['90 % of the requests name no device.']);
      expect(devices.steps[0]).toEqual({ step: 'asked', units: 10 });
      const quiet = await reach({ surface: 'quiet', layer: 'l' });
      expect(quiet).toMatchObject({ status: 'no-history', perDay: null, share: null, days: [] });
      expect(quiet.unknown[0]).toContain('Nobody asked for "quiet"');
      // More requests than are tried: a quarter of the units, and their number within a few standard errors.
      const busy = await reach({ surface: 'home', layer: null });
      expect(busy.sample.share).toBeLessThan(1);
      expect(busy.sample.requests).toBeLessThanOrEqual(10_000);
      expect(Math.abs((busy.steps[0]?.units ?? 0) - 2200)).toBeLessThan(330);
      expect(busy.unknown.join()).toContain('because there are many');
    });

    it('gives up on a history that cannot be counted in time, and serves others meanwhile', async () => {
      const samples = api.running.app.get(ReachSamples);
      const { statementMs } = samples;
      samples.statementMs = 20;
      const asked = { ...here, layer: null, days: 6 };
      // Whoever holds the table, every look at it has to wait until its time is over.
      const late = await api.db.database.transaction(async (tx) => {
        await tx.query('lock table decision in access exclusive mode');
        return reach(asked);
      });
      expect(late).toMatchObject({ status: 'too-much', perDay: null, share: null, days: [] });
      expect(late.unknown.join()).not.toBe('');
      // Asked again it is not tried again at once: the answer stays for a minute.
      expect((await reach(asked)).status).toBe('too-much');
      samples.statementMs = statementMs;
      expect((await reach({ ...asked, days: 5 })).status).toBe('ok');
    });

    it('says which field is wrong', async () => {
      const pointer = async (body: object): Promise<string> => {
        const answer = await api.request('POST', '/v1/reach', { body, key: api.keys.secret });
        expect(answer.status).toBe(400);
        return answer.text;
      };
      expect(await pointer({ ...here, layer: 'nowhere' })).toContain('/layer');
      expect(await pointer({ ...here, targeting: { segment: 'nobody' } })).toContain('unknown_segment');
      expect(await pointer({ ...here, targeting: { attribute: 'a', op: 'nope' } })).toContain('/targeting');
      expect(await pointer({ surface: 'nothing' })).toContain('/surface');
      expect(await pointer({ ...here, experiment: 'nobody' })).toContain('/experiment');
    });
  });
});
