import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '#experiments';
import { startTestApi } from '../../test/api.js';
import type { TestAnswer, TestApi } from '../../test/api.js';
import { decisionRecord } from '../../test/facts.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import type { LiftReport } from '../reports/lift-reports.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import { ItemIndex, compileCatalog } from '../serving/catalog-data.js';
import { CatalogStore } from '../serving/catalog-store.js';
import { ExperimentStore } from './experiment-store.js';
import { arm, draft } from './experiments.fixtures.js';
import type { Row } from './experiments.fixtures.js';
import { ExperimentsService } from './experiments.service.js';
import { ScheduleService } from './schedule.service.js';
import { keepLateUnits, sampleTraffic } from './traffic-samples.js';

describe('traffic of experiments over HTTP', () => {
  let api: TestApi;
  const create = (key: string, parts: Record<string, unknown> = {}): Promise<TestAnswer> =>
    api.request('POST', '/v1/experiments', { body: draft(key, parts) });
  const act = (key: string, action: string, body: unknown = {}): Promise<TestAnswer> =>
    api.request('POST', `/v1/experiments/${key}/${action}`, { body });
  const patch = (key: string, version: number, body: unknown): Promise<TestAnswer> =>
    api.request('PATCH', `/v1/experiments/${key}`, { body, headers: { 'if-match': `"${version}"` } });
  beforeAll(async () => {
    api = await startTestApi();
    await api.request('POST', '/v1/layers', { body: { key: 'home', title: 'Home' } });
    await api.request('POST', '/v1/surfaces', {
      body: { key: 'home.hero', title: 'Hero', kind: 'value', defaultValue: { rows: 'default' } },
    });
    await api.request('POST', '/v1/surfaces', {
      body: { key: 'title.artwork', title: 'Artwork', kind: 'action' },
    });
  }, 60_000);
  afterAll(() => api.close());

  describe('changing what runs', () => {
    const live = async (key: string, parts: Record<string, unknown> = {}): Promise<Row> => {
      await api.request('POST', '/v1/layers', { body: { key: `layer-${key}`, title: key } });
      await create(key, { layer: `layer-${key}`, ...parts });
      return (await act(key, 'start')).json<Row>();
    };
    const preview = async (key: string, body: unknown) =>
      (await api.request('POST', `/v1/experiments/${key}/preview`, { body, key: api.keys.secret })).json<{
        possible: boolean;
        newPhase: boolean;
        version: number;
        fields: { pointer: string; kind: string; prose: string }[];
        units: { inIt: number; touched: number | null; canKeep: boolean };
        reach: unknown;
      }>();
    const N = 400;
    const member = (i: number): string => `unit-${i}`;
    const engine = async () =>
      compileCatalog(await new CatalogStore(api.db.database).readConfig(), new ItemIndex([])).engine;
    const armsNow = async (): Promise<(string | null)[]> => {
      const now = await engine();
      const ask = (i: number) => now.assign({ unitId: member(i), unitType: 'member' }, 'kept.rows', {});
      return Array.from({ length: N }, (_, i) => ask(i).arm?.key ?? null);
    };
    /** As the rollup writes it once exposures came in. */
    const expose = (key: string, arms: readonly (string | null)[], phase: number): Promise<unknown> => {
      const seen = arms.flatMap((arm, i) => (arm === null ? [] : [{ id: member(i), arm }]));
      return api.db.database.query(
        `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase)
         select $1, u, a, now(), current_date, $4 from unnest($2::text[], $3::text[]) t (u, a) on conflict do nothing`,
        [key, seen.map(({ id }) => id), seen.map(({ arm }) => arm), phase],
      );
    };

    it('drops nothing that a PATCH does not name, in arms either', async () => {
      const policy = { kind: 'policy', policyId: 'rows-random', steadyFor: 'week', slice: 'analysis' };
      await api.db.database.query(
        `insert into policy (id, key, title, exploration) values ('rows-random', 'random', 'Random', '{"key":"greedy"}')`,
      );
      await create('whole', {
        surface: 'title.artwork',
        targeting: { attribute: 'country', op: 'eq', value: 'FR' },
        arms: [
          arm('control', { title: 'As it was', treatment: { kind: 'value', value: 'a' } }),
          arm('bandit', { title: 'Bandit', treatment: policy }),
        ],
        plannedUnits: 500,
        tags: ['artwork'],
      });
      const before = (await api.request('GET', '/v1/experiments/whole')).json<Record<string, unknown>>();
      const weighed = await patch('whole', 1, { arms: [{ key: 'control' }, { key: 'bandit', weight: 3 }] });
      const after = weighed.json<Record<string, unknown>>();
      const arms = before['arms'] as Record<string, unknown>[];
      expect(after).toEqual({
        ...before,
        version: 2,
        updatedAt: after['updatedAt'],
        arms: [arms[0], { ...arms[1], weight: 3 }],
      });
      const treated = await patch('whole', 2, {
        arms: [{ key: 'control' }, { key: 'bandit', treatment: { kind: 'policy', policyId: 'rows-random' } }],
      });
      expect(treated.json<{ version: number }>().version).toBe(2);
      const unfinished = await patch('whole', 2, { arms: [{ key: 'control' }, { key: 'third', weight: 1 }] });
      expect(unfinished.status).toBe(400);
      expect(unfinished.json()).toMatchObject({ errors: [{ pointer: '/arms/1/treatment' }] });
    });

    it('says what a change does to units that are in it, and writes nothing', async () => {
      await api.request('POST', '/v1/surfaces', { body: { key: 'kept.rows', title: 'Kept', kind: 'value' } });
      const { version } = await live('said', { surface: 'kept.rows', traffic: 0.5 });
      await expose('said', await armsNow(), 1);
      const up = await preview('said', { traffic: 1, title: 'New title' });
      expect(up).toMatchObject({
        version,
        possible: true,
        newPhase: true,
        units: { inIt: expect.any(Number), touched: 0 },
      });
      expect(up.fields.map(({ pointer, kind }) => [pointer, kind])).toEqual([
        ['/title', 'nothing'],
        ['/traffic', 'new-units'],
      ]);
      const skew = await preview('said', { arms: [{ key: 'control', weight: 3 }, { key: 'new' }] });
      expect(skew.fields).toMatchObject([{ pointer: '/arms', kind: 'new-phase' }]);
      expect(skew.units.touched).toBeGreaterThan(0);
      const no = await preview('said', { surface: 'home.hero', decisionMetric: 'play-rate', traffic: 0.2 });
      expect(no.possible).toBe(false);
      expect(no.fields.map(({ pointer, kind }) => [pointer, kind])).toEqual([
        ['/surface', 'blocked'],
        ['/traffic', 'new-phase'],
        ['/decisionMetric', 'blocked'],
      ]);
      const whom = await preview('said', { targeting: { attribute: 'country', op: 'eq', value: 'FR' } });
      expect(whom).toMatchObject({ units: { touched: null, canKeep: true }, reach: null });
      expect((await api.request('GET', '/v1/experiments/said')).json<Row>().version).toBe(version);
      await act('said', 'stop');
    });

    it('keeps the arms of units that are in it, where asked, and stores only those that would move', async () => {
      const { version } = await live('keeps', { surface: 'kept.rows' });
      const first = await armsNow();
      await expose('keeps', first.slice(0, N / 2), 1);
      const arms = [{ key: 'control', weight: 3 }, { key: 'new' }];
      const changed = await patch('keeps', version, { arms, existing: 'keep' });
      expect(changed.json<Row>()).toMatchObject({ phase: 2 });
      const second = await armsNow();
      expect(second.slice(0, N / 2)).toEqual(first.slice(0, N / 2));
      const moved = second.slice(N / 2).filter((own, i) => own !== first[N / 2 + i]).length;
      expect(moved / (N / 2)).toBeGreaterThan(0.12);
      const [{ n } = { n: 0 }] = await api.db.database.query<{ n: number }>(
        `select count(*)::int as n from kept_unit where experiment = 'keeps'`,
      );
      expect(n).toBeGreaterThan(N * 0.05);
      expect(n).toBeLessThan(N * 0.25);
      // An exposure that was on its way when the change was made.
      await expose('keeps', first, 1);
      await keepLateUnits(api.db.database, new ExperimentStore(api.db.database), new Date());
      expect(await armsNow()).toEqual(first);
      const phases = (await api.request('GET', '/v1/experiments/keeps/phases')).json<{ items: unknown[] }>();
      expect(phases.items).toMatchObject([{ keepsUnits: false }, { keepsUnits: true }]);
      const targeting = { attribute: 'country', op: 'eq', value: 'FR' };
      await patch('keeps', version + 1, { targeting, existing: 'keep' });
      expect(await armsNow()).toEqual(first);
      const unit = (await api.request('GET', `/v1/units/${member(1)}`)).json<Record<string, unknown>>();
      expect(JSON.stringify(unit)).toContain('"keptArms"');
      await act('keeps', 'stop');
      expect(await api.db.database.query(`select 1 from kept_unit where experiment = 'keeps'`)).toEqual([]);
    });

    it('keeps the arms of whole clusters, of units that no report counts, and of nobody from before a new deal', async () => {
      const { database } = api.db;
      const home = (i: number): string => `home-${Math.floor(i / 2)}`;
      const armsOfHomes = async (one: (i: number) => string = member) => {
        const now = await engine();
        return Array.from({ length: N }, (_, i) => {
          const unit = { unitId: one(i), unitType: 'member' };
          return now.assign(unit, 'kept.rows', { householdId: home(i) }).arm?.key ?? null;
        });
      };
      const { version } = await live('homes', { surface: 'kept.rows', clusterBy: 'household' });
      const first = await armsOfHomes();
      await expose('homes', first, 1);
      const ids = Array.from({ length: N }, (_, i) => i);
      await database.query(
        `update experiment_unit u set attributes = jsonb_build_object('householdId', h), left_out = 'late-fallback'
           from unnest($1::text[], $2::text[]) t (id, h) where experiment = 'homes' and unit_id = id`,
        [ids.map(member), ids.map(home)],
      );
      const weights = (control: number) => ({
        arms: [{ key: 'control', weight: control }, { key: 'new' }],
        existing: 'keep',
      });
      expect((await patch('homes', version, weights(3))).status).toBe(200);
      expect(await armsOfHomes()).toEqual(first);
      // Somebody of the household who is seen for the first time.
      expect(await armsOfHomes((i) => `other-${i}`)).toEqual(first);
      const why = await api.request('POST', '/v1/experiments/homes/explain', {
        body: { unitId: 'other-0', context: { householdId: home(first.indexOf('new')) } },
        key: api.keys.secret,
      });
      expect(why.json()).toMatchObject({ arm: 'new' });

      const anew = await api.request('POST', '/v1/experiments/homes/rerandomise', {
        body: { reason: 'Broken split' },
        headers: { 'if-match': `"${version + 1}"` },
      });
      expect(anew.status).toBe(200);
      // Before any roll-up: the units that are known entered with the arms of before.
      expect((await patch('homes', version + 2, weights(2))).status).toBe(200);
      expect(await database.query(`select 1 from kept_unit where experiment = 'homes'`)).toEqual([]);
      await act('homes', 'stop');

      // Of a switchback what is over cannot be met again.
      const slots = await live('slots', {
        surface: 'kept.rows',
        unitType: 'market',
        switchback: { slotMinutes: 60 },
      });
      await database.query(
        `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase)
         select 'slots', 'fr@' || n, 'new', now() - make_interval(days => n), (now() - make_interval(days => n))::date, 1
           from generate_series(0, 9) n`,
      );
      const targeting = { attribute: 'country', op: 'eq', value: 'FR' };
      expect((await patch('slots', slots.version, { targeting, existing: 'keep' })).status).toBe(200);
      const keptSlots = await database.query<{ id: string }>(
        `select unit_id as id from kept_unit where experiment = 'slots' and unit_id not in ('fr@1')`,
      );
      expect(keptSlots).toEqual([{ id: 'fr@0' }]);
      expect((await api.request('GET', '/v1/experiments/slots/rerandomise')).json()).toMatchObject({
        units: 1,
      });
      await act('slots', 'stop');
    });

    it('deals units anew: says how many move, and counts nobody in two arms afterwards', async () => {
      const { database } = api.db;
      const { version } = await live('anew', { surface: 'kept.rows', decisionMetric: 'play-rate' });
      const anew = (body: unknown, match?: string) =>
        api.request('POST', '/v1/experiments/anew/rerandomise', {
          body,
          ...(match === undefined ? {} : { headers: { 'if-match': match } }),
        });
      const facts = new FactStore(database);
      const served = (arms: readonly (string | null)[], phase: number, more = {}): Promise<unknown> => {
        const part = { experiment: 'anew', surface: 'kept.rows', phase, exposed: true, ...more };
        const at = Date.now() - (phase === 2 ? 60_000 : 2 * 3_600_000);
        const records = arms.map((own, i) => decisionRecord(member(i), at, own ?? '', part));
        return facts.insertDecisions(records.map(encodeDecision));
      };
      const entered = () =>
        database.query<{ phase: number; arm: string; n: number; crossovers: number }>(
          `select phase, arm, count(*)::int as n, (count(*) filter (where crossover))::int as crossovers
             from experiment_unit where experiment = 'anew' group by phase, arm order by phase, arm`,
        );
      const first = await armsNow();
      await served(first, 1);
      await rollUpAll(database, new Date());
      const said = (await api.request('GET', '/v1/experiments/anew/rerandomise')).json<{ moving: number }>();
      expect(said).toEqual({ version, units: N, moving: N / 2, leaving: 0, phase: 2 });
      expect((await anew({ reason: 'Broken split' })).status).toBe(428);
      expect((await anew({}, `"${version}"`)).status).toBe(400);
      await database.query(
        `insert into assignment_fault values ('anew', $1, 'late-fallback', 'default-shown', 'of-before', now() - interval '1 minute')`,
        [member(0)],
      );
      await database.query(
        `update experiment set started_at = now() - interval '30 days' where key = 'anew'`,
      );
      await api.request('PATCH', '/v1/experiments/anew/schedule', { body: { stopWhen: { units: 10 } } });
      const dealt = await anew({ reason: 'Broken split' }, `"${version}"`);
      expect([dealt.status, dealt.json<Row>().phase]).toEqual([200, 2]);
      const second = await armsNow();
      const moved = second.filter((own, i) => own !== first[i]).length;
      // A standard deviation is ten units.
      expect(Math.abs(moved - said.moving)).toBeLessThan(40);
      // A process that has not heard of it goes on in the old phase for a moment: that counts for nothing.
      await served(first.slice(0, 10), 1);
      await served(second.slice(0, N / 2), 2);
      await rollUpAll(database, new Date());
      const half = second.slice(0, N / 2);
      expect(await entered()).toEqual(
        ['control', 'new'].map((own) => ({
          ...{ phase: 2, arm: own, n: half.filter((one) => one === own).length, crossovers: 0 },
        })),
      );
      const report = (await api.request('GET', '/v1/experiments/anew/report')).json<LiftReport>();
      expect(report.units).toMatchObject({ enrolled: N / 2, crossover: 0, leftOut: {} });
      expect(await database.query(`select 1 from assignment_fault where experiment = 'anew'`)).toEqual([]);
      // Nor were the decisions of before never seen.
      const timesOf = async (): Promise<number[]> =>
        (await api.request('GET', '/v1/experiments/anew/assignment'))
          .json<{ states: { times: number }[] }>()
          .states.map(({ times }) => times);
      expect(await timesOf()).toEqual([0, 0, 0, 0, 0]);
      expect(report.health.find(({ key }) => key === 'carry-over')).toMatchObject({
        status: 'warn',
        value: 1,
      });
      const { items } = (
        await api.request('GET', '/v1/audit?entity=experiment&entityKey=anew&limit=1')
      ).json<{
        items: unknown[];
      }>();
      expect(items).toMatchObject([
        { action: 'experiment.rerandomise', after: { phase: 2, reason: 'Broken split' } },
      ]);
      // Its goal is reached, and the shortest run begins with the new deal.
      await database.query(`update experiment set summary = '{"units": 200}' where key = 'anew'`);
      const store = new ExperimentStore(database);
      const schedules = new ScheduleService(database, store, new ExperimentsService(database, store));
      expect(await schedules.run(new Date())).toEqual([]);
      expect(await schedules.run(new Date(Date.now() + 30 * 86_400_000))).toMatchObject([
        { experiment: 'anew', move: 'stop' },
      ]);
      // What is served once an arm was shipped belongs to nobody who was to be exposed.
      await database.query(
        `update experiment set stopped_at = now() - interval '3 hours' where key = 'anew'`,
      );
      await act('anew', 'ship', { arm: 'new' });
      await served(
        first.map(() => 'new'),
        3,
        { reason: 'SHIPPED', exposed: false },
      );
      expect(await timesOf()).toEqual([0, 0, 0, 0, 0]);
      expect((await anew({ reason: 'x' }, `"${version + 3}"`)).json()).toMatchObject({ code: 'not_live' });
      await act('anew', 'archive');
    });

    it('gives an experiment parts of several layers', async () => {
      await api.request('POST', '/v1/layers', { body: { key: 'other', title: 'Other' } });
      const { otherLayers } = (
        await create('multi', {
          layer: 'home',
          layerShare: 0.1,
          otherLayers: [{ layer: 'other', share: 0.3 }],
        })
      ).json<{ otherLayers: unknown[] }>();
      expect(otherLayers).toEqual([{ layer: 'other', range: [0, 0.3] }]);
      expect((await act('multi', 'start')).status).toBe(200);
      await create('beside', { layer: 'other', layerShare: 0.8 });
      expect((await act('beside', 'start')).json()).toMatchObject({ code: 'layer_full' });
      const layers = (await api.request('GET', '/v1/layers')).json<{ items: { key: string }[] }>().items;
      expect(layers.find(({ key }) => key === 'other')).toMatchObject({
        ranges: [{ experiment: 'multi', from: 0, to: 0.3 }],
      });
      const twice = await create('twice', { layer: 'home', otherLayers: [{ layer: 'home' }] });
      expect(twice.json()).toMatchObject({ errors: [{ pointer: '/otherLayers/0/layer' }] });
      // A layer deals by one type of unit: the one it names, else that of who holds parts of it.
      const body = { key: 'devices', title: 'Devices', unitType: 'device' };
      expect(
        (await api.request('POST', '/v1/layers', { body: { ...body, unitType: 'ufo' } })).json(),
      ).toMatchObject({
        errors: [{ pointer: '/unitType', code: 'unknown_unit_type' }],
      });
      expect((await api.request('POST', '/v1/layers', { body })).status).toBe(201);
      const refused = { status: 409, code: 'layer_unit_type' };
      const joins = { layer: 'home', otherLayers: [{ layer: 'devices' }] };
      expect((await create('members', joins)).json()).toMatchObject({
        ...refused,
        errors: [{ pointer: '/otherLayers/0/layer' }],
      });
      expect((await create('phones', { layer: 'devices', unitType: 'device' })).status).toBe(201);
      expect((await patch('phones', 1, { unitType: 'member' })).json()).toMatchObject(refused);
      expect((await act('phones', 'start')).status).toBe(200);
      // A draft may wait for its layer to be free of others; its start may not.
      expect((await create('sessions', { layer: 'other', unitType: 'session' })).status).toBe(201);
      expect((await act('sessions', 'start')).json()).toMatchObject({
        ...refused,
        detail: expect.stringContaining('"multi"'),
      });
      // What was in one layer before layers had a unit goes on, and changes as before.
      await api.db.database.query(`update experiment set unit_type = 'session' where key = 'phones'`);
      await api.db.database.query(
        `update experiment set layer = 'other', layer_from = .9 where key = 'phones'`,
      );
      const { version } = (await api.request('GET', '/v1/experiments/phones')).json<{ version: number }>();
      expect((await patch('phones', version, { layerRange: [0.8, 1] })).status).toBe(200);
      expect((await act('phones', 'pause')).status).toBe(200);
      expect((await act('phones', 'resume')).status).toBe(200);
      await act('phones', 'stop');
      await act('multi', 'stop');
    });

    it('attaches holdouts by tag, spares internal users, and locks them', async () => {
      const ufo = { key: 'ufo', title: 'Nobody', share: 0.1, unitType: 'ufo' };
      expect((await api.request('POST', '/v1/holdouts', { body: ufo })).json()).toMatchObject({
        ...{ status: 400, errors: [{ pointer: '/unitType', code: 'unknown_unit_type' }] },
      });
      const body = {
        key: 'area',
        title: 'Area',
        share: 1,
        tags: ['area'],
        except: { attribute: 'internal', op: 'eq', value: true },
      };
      const made = await api.request('POST', '/v1/holdouts', { body });
      expect(made.status).toBe(201);
      await live('tagged', { surface: 'kept.rows', tags: ['area'] });
      const now = await engine();
      const ask = (context: Context) =>
        now.assign({ unitId: member(1), unitType: 'member' }, 'kept.rows', context);
      expect(ask({})).toMatchObject({ reason: 'HOLDOUT', holdout: 'area' });
      expect(ask({ internal: true })).toMatchObject({ reason: 'SPLIT', holdout: null });
      const change = (ifMatch: string, share: number): Promise<TestAnswer> =>
        api.request('PATCH', '/v1/holdouts/area', { body: { share }, headers: { 'if-match': ifMatch } });
      expect((await change('"1"', 0.5)).json()).toMatchObject({ ...body, share: 0.5, revision: 2 });
      expect((await change('"1"', 0.2)).status).toBe(412);
      // A list that only the exception names is known to whoever explains an assignment.
      await api.request('POST', '/v1/unit-lists', { body: { key: 'press', title: 'Press' } });
      const listed = { except: { attribute: '$unit', op: 'inList', value: 'press' } };
      await api.request('PATCH', '/v1/holdouts/area', { body: listed, headers: { 'if-match': '"2"' } });
      const explained = await api.request('POST', '/v1/experiments/tagged/explain', {
        body: { unitId: member(1), context: {} },
      });
      expect(explained.status).toBe(200);
      await api.request('PATCH', '/v1/holdouts/area', { body: { enabled: false } });
      await act('tagged', 'stop');
    });
  });

  describe('schedules', () => {
    const HOUR = 3_600_000;
    const at = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString();
    const schedule = (key: string, body: unknown, ifMatch?: string): Promise<TestAnswer> =>
      api.request('PATCH', `/v1/experiments/${key}/schedule`, {
        body,
        ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
      });
    const status = async (key: string): Promise<Row & { traffic: number; stopReason: string | null }> =>
      (await api.request('GET', `/v1/experiments/${key}`)).json();
    const tick = async (hours: number): Promise<string[]> => {
      const { database } = api.db;
      const store = new ExperimentStore(database);
      const service = new ScheduleService(database, store, new ExperimentsService(database, store));
      return (await service.run(new Date(Date.now() + hours * HOUR))).map(
        ({ experiment, move }) => `${experiment} ${move}`,
      );
    };

    it('starts, ramps, holds and ends an experiment by the clock', async () => {
      await api.request('POST', '/v1/layers', { body: { key: 'timed', title: 'Timed' } });
      await create('timed', { layer: 'timed', traffic: 0.05, minimumDays: 0 });
      const planned = await schedule('timed', {
        startAt: at(2),
        endAt: at(48),
        ramp: [
          { traffic: 0.2, afterMinutes: 60 },
          { traffic: 1, afterMinutes: 60, needs: 'guardrails' },
        ],
      });
      expect(planned.status).toBe(200);
      expect(planned.headers['etag']).toBe('"1"');
      expect((await status('timed')).status).toBe('scheduled');
      expect((await schedule('timed', { atEnd: 'pause' })).status).toBe(428);
      const kept = (await schedule('timed', { atEnd: 'pause' }, '"1"')).json<{
        ramp: unknown[];
        startAt: string;
      }>();
      expect(kept.ramp).toHaveLength(2);
      expect(kept.startAt).not.toBeNull();
      expect((await schedule('timed', { atEnd: 'stop' }, '"1"')).status).toBe(412);

      expect(await tick(1)).toEqual([]);
      expect(await tick(2.1)).toEqual(['timed start']);
      // The start carries the clock of the database; the steps count from when the schedule made it.
      expect(await tick(3.05)).toEqual([]);
      expect(await tick(3.2)).toEqual(['timed traffic']);
      expect(await status('timed')).toMatchObject({ status: 'running', traffic: 0.2, phase: 2 });
      expect(await tick(5)).toEqual([]);
      const report = async (guardrails: string, hours: number): Promise<void> => {
        await api.db.database.query(`update experiment set summary = $1::jsonb where key = 'timed'`, [
          JSON.stringify({ units: 10, asOf: at(hours), guardrails, decisionLift: null }),
        ]);
      };
      await report('harmed', 5);
      expect(await tick(5)).toEqual([]);
      const held = (await api.request('GET', '/v1/experiments/timed/schedule')).json();
      expect(held).toMatchObject({ step: 1, note: expect.stringContaining('held'), failed: false });
      await report('fine', 6);
      expect(await tick(6)).toEqual(['timed traffic']);
      expect(await status('timed')).toMatchObject({ traffic: 1, phase: 3 });
      expect(await tick(47)).toEqual([]);
      expect(await tick(49)).toEqual(['timed pause']);
      expect((await status('timed')).status).toBe('paused');
      const entries = (await api.request('GET', '/v1/audit?entity=schedule&entityKey=timed')).json<{
        items: { action: string; actor: string }[];
      }>().items;
      expect(entries.map(({ action }) => action).reverse()).toEqual(
        ['change', 'change', 'start', 'traffic', 'traffic', 'pause'].map((verb) => `schedule.${verb}`),
      );
      expect(entries[0]?.actor).toBe('system: schedule');
    });

    it('stops at sample size with the reason, and tells of what it cannot do', async () => {
      await create('sized', { layer: 'timed', layerShare: 0.1, minimumDays: 0 });
      expect((await schedule('sized', { stopWhen: { units: 100 } })).status).toBe(200);
      await act('timed', 'stop');
      expect((await act('sized', 'start')).status).toBe(200);
      expect(await tick(1)).toEqual([]);
      await api.db.database.query(`update experiment set summary = $1::jsonb where key = 'sized'`, [
        JSON.stringify({ units: 100, asOf: at(0), guardrails: 'fine', decisionLift: null }),
      ]);
      expect(await tick(1)).toEqual(['sized stop']);
      expect(await status('sized')).toMatchObject({
        status: 'stopped',
        stopReason: 'Schedule: 100 units, of 100 planned',
      });
      expect((await schedule('sized', { endAt: at(5) }, '"1"')).status).toBe(409);
      await create('planned', { layer: 'timed', layerShare: 0.1 });
      const refused: [unknown, string][] = [
        [{ endAt: at(-1) }, '/endAt'],
        [{ ramp: [{ traffic: 0.5 }, { traffic: 0.4 }] }, '/ramp/1/traffic'],
        [{ startAt: 'tomorrow' }, '/startAt'],
        [{ stopWhen: { units: 0 } }, '/stopWhen/units'],
      ];
      for (const [body, pointer] of refused) {
        const answer = await schedule('planned', body);
        expect([answer.status, answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer]).toEqual([
          400,
          pointer,
        ]);
      }
      await create('broken', { layer: 'timed', layerShare: 0.1 });
      await schedule('broken', { startAt: at(1) });
      await api.db.database.query(`update experiment set arms = '[]' where key = 'broken'`);
      await api.db.database.query(
        `insert into webhook_endpoint (id, url, description, events, secrets)
         values ('whk_night', 'https://example.org/hook', '', '{experiment.*}', '[]')`,
      );
      // It is tried at every tick, and told once.
      for (let i = 0; i < 2; i++) expect(await tick(2)).toEqual(['broken failed']);
      const messages = await api.db.database.query(
        `select data -> 'key' as key, data -> 'after' as after from webhook_message where type = 'experiment.schedule_failed'`,
      );
      expect(messages).toMatchObject([
        { key: 'broken', after: { failed: true, note: expect.stringContaining('at least two arms') } },
      ]);
      const told = (await api.request('GET', '/v1/experiments/broken/schedule')).json();
      expect(told).toMatchObject({ failed: true, note: expect.stringContaining('at least two arms') });
      await api.db.database.query(`update experiment set status = 'archived' where key = 'broken'`);
    });

    it('samples traffic once per span', async () => {
      await create('sampled', { layer: 'timed', layerShare: 0.2 });
      await act('sampled', 'start');
      const now = new Date();
      expect(await sampleTraffic(api.db.database, now)).toBeGreaterThan(0);
      expect(await sampleTraffic(api.db.database, now)).toBe(0);
      expect(await sampleTraffic(api.db.database, new Date(now.getTime() + HOUR))).toBeGreaterThan(0);
    });
  });
});
