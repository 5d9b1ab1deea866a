import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { chooseVariation, getBucketRanges, hash, inNamespace } from '#experiments';
import { startTestApi } from '../../test/api.js';
import type { TestAnswer, TestApi } from '../../test/api.js';
import { FILES, GROWTHBOOK, REPOSITORY, arm, experiment } from './config-files.fixtures.js';
import { ScheduleService } from '../experiments/schedule.service.js';
import type { Plan, PlannedItem } from './plan.js';

type Files = Record<string, unknown>;

describe('configuration files over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  }, 60_000);
  afterAll(() => api.close());

  const source = (config: Files, revision = 'main') => ({
    repository: REPOSITORY,
    revision,
    files: Object.fromEntries(
      Object.entries({ experiments: 'experiment', segments: 'segment' }).flatMap(([list, kind]) =>
        ((config[list] ?? []) as { key: string }[]).map(({ key }) => [`${kind}/${key}`, `home/${list}.yaml`]),
      ),
    ),
  });
  const plan = async (config: Files, parts: object = {}): Promise<Plan> => {
    const answer = await api.request('POST', '/v1/config/plan', { body: { config, ...parts } });
    expect([answer.status, answer.status === 200 ? null : answer.text]).toEqual([200, null]);
    return answer.json<Plan>();
  };
  const statesOf = ({ items }: Plan) =>
    Object.fromEntries(
      items
        .filter(({ pointer }) => pointer !== null)
        .map(({ kind, key, state }) => [`${kind}/${key}`, state]),
    );
  const apply = async (config: Files, parts: object = {}): Promise<TestAnswer> => {
    const states = statesOf(await plan(config, parts));
    return api.request('POST', '/v1/config/apply', { body: { config, states, ...parts } });
  };
  const exported = async (): Promise<Files> => (await api.request('GET', '/v1/config')).json();
  const audited = async (): Promise<number> => {
    const [row] = await api.db.database.query<{ n: number }>('select count(*)::int as n from audit');
    return row?.n ?? 0;
  };
  const itemOf = ({ items }: Plan, key: string): PlannedItem => {
    const item = items.find((one) => one.key === key);
    if (!item) throw new Error(`the plan has no "${key}"`);
    return item;
  };

  it('creates everything at once, in the order in which things need each other', async () => {
    const before = await audited();
    const planned = await plan(FILES);
    expect(planned.summary).toEqual({ create: 11, change: 0, none: 0, refused: 0, release: 0 });
    expect(itemOf(planned, 'first').traffic?.after.arms).toEqual([
      { key: 'control', share: 0.5 },
      { key: 'new', share: 0.5 },
    ]);
    // The plan was taken back.
    expect(await audited()).toBe(before);
    expect((await api.request('GET', '/v1/experiments/first')).status).toBe(404);
    const applied = await apply(FILES);
    expect([applied.status, applied.json<Plan>().summary.create]).toEqual([200, 11]);
    expect((await api.request('GET', '/v1/experiments/first')).json()).toMatchObject({
      status: 'draft',
      layerRange: [0, 0.5],
      otherLayers: [{ layer: 'price', range: [0, 0.25] }],
    });
    const [row] = (await api.request('GET', '/v1/audit?entity=config')).json<{
      items: { after: unknown }[];
    }>().items;
    expect(row?.after).toMatchObject({ created: expect.arrayContaining(['policy/plain', 'segment/french']) });
  });

  it('exports a project of which an apply changes nothing, before and after a start', async () => {
    expect((await plan(FILES)).summary).toMatchObject({ none: 11, change: 0 });
    expect((await api.request('POST', '/v1/experiments/first/start', { body: {} })).status).toBe(200);
    const before = await audited();
    const text = stringify(await exported());
    const again = await apply(parse(text) as Files);
    expect([again.status, again.json<Plan>().summary]).toEqual([
      200,
      { create: 0, change: 0, none: 11, refused: 0, release: 0 },
    ]);
    expect(stringify(await exported())).toBe(text);
    // The file still asks for the latest version of the segment, which the start has pinned.
    expect((await plan(FILES)).summary).toMatchObject({ none: 11 });
    expect(await audited()).toBe(before);
  });

  it('publishes a schema that takes what it exports, and refuses what the API refuses', async () => {
    const answer = await api.request('GET', '/v1/config/schema', { key: null });
    const schema = answer.json<{ $schema: string; $defs: { condition: unknown } }>();
    expect(schema.$schema).toContain('2020-12');
    const check = z.fromJSONSchema(schema as never);
    const file = await exported();
    expect(check.safeParse(file).error).toBeUndefined();
    for (const wrong of [
      { experiments: [experiment('x', { traffic: 2 })] },
      { experiments: [experiment('x', { targeting: { attribute: 'country', op: 'is' } })] },
      { surfaces: [{ key: 'x', title: 'X', kind: 'poster' }] },
      { experiments: [experiment('x', { colour: 'red' })] },
    ]) {
      expect(check.safeParse(wrong).success).toBe(false);
      expect((await api.request('POST', '/v1/config/plan', { body: { config: wrong } })).status).toBe(400);
    }
  });

  it('plans what a change does to units in a running experiment, and what cannot change', async () => {
    await api.db.database.query(
      `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase)
       select 'first', 'm' || n, 'control', now(), current_date, 1 from generate_series(1, 1000) n`,
    );
    const [second, first] = FILES.experiments as unknown as [Files, Files];
    const changed = {
      ...FILES,
      experiments: [second, { ...first, traffic: 1, arms: [arm('control'), arm('new', { weight: 3 })] }],
    };
    const item = itemOf(await plan(changed), 'first');
    expect(item).toMatchObject({ action: 'change', traffic: { units: { inIt: 1000 } } });
    expect(item.changes.map(({ pointer }) => pointer).sort()).toEqual(['/arms', '/traffic']);
    const { before, after, moves } = item.traffic as NonNullable<PlannedItem['traffic']>;
    expect([before?.share, after.share]).toEqual([0.0625, 0.125]);
    expect(after.arms).toEqual([
      { key: 'control', share: 0.25 },
      { key: 'new', share: 0.75 },
    ]);
    // Control had [0, .25) and new [.5, .75) of the buckets; now control has [0, .25) and new the rest.
    expect(moves).toMatchObject({ stay: 1, moved: 0, left: 0, joined: expect.closeTo(1) });
    expect(item.traffic?.units.touched).toBe(0);

    const blocked = await plan({
      experiments: [
        { ...first, surface: 'title.artwork', decisionMetric: 'plays' },
        experiment('third', { layer: 'nowhere' }),
      ],
    });
    expect(blocked.possible).toBe(false);
    expect(itemOf(blocked, 'first').refused.map(({ pointer }) => pointer)).toEqual([
      '/experiments/0/surface',
      '/experiments/0/decisionMetric',
    ]);
    expect(itemOf(blocked, 'third').refused).toMatchObject([
      { pointer: '/experiments/1/layer', code: 'unknown_layer' },
    ]);
  });

  it('applies all of it or nothing', async () => {
    const before = await audited();
    const answer = await apply({
      surfaces: [{ key: 'new.place', title: 'New', kind: 'value' }],
      policies: [{ id: 'plain', key: 'ucb1', title: 'Another' }],
      experiments: [experiment('third', { surface: 'new.place', decisionMetric: 'nothing' })],
    });
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({
      code: 'plan_refused',
      errors: [{ pointer: '/policies/0/key' }, { pointer: '/experiments/0/decisionMetric' }],
    });
    expect((await api.request('GET', '/v1/surfaces/new.place')).status).toBe(404);
    expect(await audited()).toBe(before);
    const twice = await api.request('POST', '/v1/config/plan', {
      body: { config: { surfaces: [FILES.surfaces[0], FILES.surfaces[0]] } },
    });
    expect(twice.json()).toMatchObject({
      errors: [{ pointer: '/config/surfaces/1', code: 'duplicate_key' }],
    });
  });

  it('refuses a plan whose things have changed since', async () => {
    const config = { segments: [{ ...FILES.segments[0], title: 'In France' }] };
    const states = statesOf(await plan(config));
    const body = { description: 'by hand' };
    await api.request('PATCH', '/v1/segments/french', { body, headers: { 'if-match': '"1"' } });
    const stale = await api.request('POST', '/v1/config/apply', { body: { config, states } });
    expect(stale.json()).toMatchObject({
      status: 409,
      code: 'plan_outdated',
      errors: [{ pointer: '/segments/0' }],
    });
    const blind = await api.request('POST', '/v1/config/apply', { body: { config, states: {} } });
    expect(blind.status).toBe(428);
    expect((await apply(config)).json<Plan>().summary.change).toBe(1);
    expect((await api.request('GET', '/v1/segments/french')).json()).toMatchObject({
      title: 'In France',
      description: '',
    });
  });

  it('locks what it manages, with a link to the file, and lets a reason through', async () => {
    const files = { ...FILES, segments: [{ ...FILES.segments[0], title: 'In France' }] };
    const locked = (await apply(files, { source: source(files) })).json<Plan>();
    expect([locked.summary.none, locked.items.filter(({ locks }) => locks).length]).toEqual([11, 11]);
    const link = `${REPOSITORY}/blob/main/home/experiments.yaml`;
    const managed = (await api.request('GET', '/v1/config/managed')).json<{ items: object[] }>().items;
    expect(managed).toContainEqual(expect.objectContaining({ kind: 'experiment', key: 'first', link }));

    const listed = async (where: string): Promise<number> =>
      (await api.request('GET', `/v1/experiments?managed=${where}`)).json<{ total: number }>().total;
    expect([await listed('files'), await listed('hand')]).toEqual([2, 0]);

    const version = { 'if-match': '*' };
    const policy = FILES.policies[1] as Files;
    const edits = [
      ['PATCH', '/v1/experiments/first', { title: 'x' }, version],
      ['PATCH', '/v1/segments/french', { title: 'x' }, version],
      ['PUT', '/v1/surfaces/home.hero', { ...FILES.surfaces[0], title: 'x' }, {}],
      ['PUT', '/v1/metrics/plays', { ...FILES.metrics[0], title: 'x', version: 1 }, {}],
      ['POST', '/v1/metrics/plays/archive', {}, {}],
      ['PATCH', `/v1/policies/${String(policy['id'])}`, { title: 'x' }, {}],
    ] as const;
    for (const [method, url, body, headers] of edits) {
      const refused = await api.request(method, url, { body, headers });
      expect([url, refused.status, refused.json()['code']]).toEqual([url, 409, 'managed_by_files']);
    }
    const { detail } = (
      await api.request('PATCH', '/v1/experiments/first', { body: { title: 'x' }, headers: version })
    ).json();
    expect(detail).toContain(link);
    // Files without a source are by hand as well, and what is done to a running experiment is not its design.
    expect((await plan({ segments: FILES.segments })).possible).toBe(false);
    expect((await api.request('POST', '/v1/experiments/first/pause', { body: {} })).status).toBe(200);

    const override = { ...version, 'marquee-override': encodeURIComponent('vor dem Start — 5 %') };
    const through = await api.request('PATCH', '/v1/experiments/first', {
      body: { title: 'By hand' },
      headers: override,
    });
    expect(through.json()).toMatchObject({ title: 'By hand' });
    const [, reason] = (await api.request('GET', '/v1/audit?entity=experiment&entityKey=first')).json<{
      items: Files[];
    }>().items;
    expect(reason).toMatchObject({
      action: 'config.override',
      after: { reason: 'vor dem Start — 5 %' },
    });
    const unsaid = await api.request('PATCH', '/v1/experiments/first', {
      body: { title: 'x' },
      headers: { ...version, 'marquee-override': 'a%00b' },
    });
    expect(unsaid.status).toBe(400);
    const drift = itemOf(await plan(files, { source: source(files) }), 'first');
    expect(drift.changes).toEqual([{ pointer: '/title', before: 'By hand', after: 'The first experiment' }]);

    const anew = (headers: Record<string, string>) =>
      api.request('POST', '/v1/experiments/first/rerandomise', { body: { reason: 'Broken' }, headers });
    expect((await anew(version)).json()).toMatchObject({ code: 'managed_by_files' });
    expect((await anew(override)).json()).toMatchObject({ salt: 'first:phase-2' });
    // Files that name no salt leave the new one as it is.
    expect(itemOf(await plan(files, { source: source(files) }), 'first')).toMatchObject({
      refused: [],
      changes: [{ pointer: '/title' }],
    });
  });

  it('leaves what others manage, and releases what leaves the files', async () => {
    const other = { repository: 'https://code.example/others', revision: null, files: {} };
    const config = { segments: FILES.segments };
    expect(itemOf(await plan(config, { source: other }), 'french').refused).toMatchObject([
      { code: 'managed_elsewhere' },
    ]);
    expect((await plan(config, { source: other, takeOver: true })).possible).toBe(true);
    await api.request('POST', '/v1/metrics/plays/archive', {
      body: {},
      headers: { 'marquee-override': 'a trial' },
    });
    const back = itemOf(await plan(FILES, { source: source(FILES) }), 'plays');
    expect(back).toMatchObject({
      action: 'change',
      changes: [{ pointer: '/archived', before: true, after: null }],
    });
    const fewer = { segments: [{ ...FILES.segments[0], title: 'In France' }] };
    const parts = { source: source(fewer), prune: true };
    expect((await plan(fewer, parts)).summary.release).toBe(10);
    expect((await apply(fewer, parts)).status).toBe(200);
    const body = { title: 'Now by hand' };
    const headers = { 'if-match': '*' };
    expect((await api.request('PATCH', '/v1/experiments/first', { body, headers })).status).toBe(200);
    const release = { kind: 'segment', key: 'french', reason: 'a trial' };
    expect((await api.request('POST', '/v1/config/release', { body: release })).status).toBe(200);
    expect((await api.request('POST', '/v1/config/release', { body: release })).status).toBe(404);
  });

  it('leaves to a ramp how much traffic there is, and to dealing anew the seed that no file names', async () => {
    const ask = (method: 'POST' | 'PATCH', path: string, body: object, headers = {}) =>
      api.request(method, `/v1/experiments/first${path}`, { body, headers });
    const files = { experiments: FILES.experiments.slice(1) };
    await apply(files);
    expect((await ask('POST', '/resume', {})).status).toBe(200);
    expect((await ask('PATCH', '/schedule', { ramp: [{ traffic: 0.8 }] })).status).toBe(200);
    const made = await api.running.app.get(ScheduleService).run(new Date());
    expect(made).toMatchObject([{ experiment: 'first', move: 'traffic' }]);
    const ramped = itemOf(await plan(files), 'first');
    expect(ramped).toMatchObject({ action: 'none', changes: [] });
    expect(ramped.effect).toEqual([expect.stringContaining('its ramp')]);

    const anew = await ask('POST', '/rerandomise', { reason: 'a broken split' }, { 'if-match': '*' });
    expect(anew.json()['salt']).toMatch(/^first:phase-/);
    const answer = await apply(files);
    expect([answer.status, itemOf(answer.json<Plan>(), 'first').action]).toEqual([200, 'none']);
    expect((await plan(await exported())).summary).toMatchObject({ change: 0, refused: 0 });
    expect((await api.request('GET', '/v1/experiments/first')).json()).toMatchObject({ traffic: 0.8 });
  });

  it('exports switchbacks, clusters, slices and plans as they are', async () => {
    const files = {
      // Offered again, so that one may use it.
      metrics: FILES.metrics,
      experiments: [
        experiment('zones', {
          layerRange: [0.6, 0.7],
          switchback: { slotMinutes: 60, washOutMinutes: 10, timeZone: 'Europe/Paris' },
          plannedUnits: 500,
          minimumDays: 14,
          owner: 'Ines',
          guardrailMetrics: ['plays'],
        }),
        experiment('homes', {
          layerRange: [0.7, 0.8],
          clusterBy: 'screen',
          surface: 'title.artwork',
          salt: 'of-its-own',
          arms: [
            arm('control', { treatment: { kind: 'value', value: 'a' } }),
            arm('slice', {
              title: 'A slice',
              treatment: { kind: 'policy', policyId: 'plain', steadyFor: 'week', slice: 'exploration' },
            }),
          ],
        }),
      ],
    };
    const answer = await apply(files);
    expect([answer.status, answer.status === 200 ? null : answer.text]).toEqual([200, null]);
    const text = stringify(await exported());
    for (const told of ['Europe/Paris', 'washOutMinutes: 10', 'clusterBy: screen', 'slice: exploration'])
      expect(text).toContain(told);
    const again = await plan(parse(text) as Files);
    expect(again.summary).toMatchObject({ create: 0, change: 0, refused: 0 });
    expect((await plan(files)).summary).toMatchObject({ none: 3 });
  });

  it('holds how an experiment is run: schedule, guardrail plan and rules, and nothing that a file leaves out', async () => {
    const run = {
      schedule: {
        endAt: '2099-03-01T10:00:00+01:00',
        atEnd: 'pause',
        ramp: [{ traffic: 0.2 }, { traffic: 1, afterMinutes: 90, needs: 'guardrails' }],
        stopWhen: { units: 4000 },
      },
      guardrails: { minimumUnits: 50, metrics: { plays: { action: 'control' } }, sampleRatio: 'pause' },
      assignmentRules: { exclude: { 'two-arms': false }, lateAfterSeconds: 600 },
    };
    const design = experiment('run-from-files', {
      layerRange: [0.8, 0.9],
      traffic: 0.1,
      guardrailMetrics: ['plays'],
    });
    const files = { metrics: FILES.metrics, experiments: [{ ...design, ...run }] };
    const path = '/v1/experiments/run-from-files';
    const wrong = await plan({
      ...files,
      experiments: [
        {
          ...design,
          ...run,
          schedule: { ...run.schedule, ramp: [{ traffic: 0.5 }, { traffic: 0.4 }] },
        },
        { ...design, key: 'other', guardrails: { metrics: { nothing: { action: 'pause' } } } },
        {
          ...design,
          key: 'late',
          schedule: { startAt: '2020-01-01T00:00:00Z', endAt: '2020-02-01T00:00:00Z' },
        },
        // Its part of the layer is taken: that is no fault of the date.
        { ...design, key: 'full', layerRange: [0, 1], schedule: { startAt: '2099-01-01T00:00:00Z' } },
      ],
    });
    expect(wrong.items.flatMap(({ refused }) => refused.map(({ pointer }) => pointer))).toEqual([
      '/experiments/0/schedule/ramp/1/traffic',
      '/experiments/1/guardrails/metrics/nothing',
      '/experiments/2/schedule/endAt',
      '/experiments/3/layerShare',
    ]);
    const made = await apply(files);
    expect([made.status, itemOf(made.json<Plan>(), 'run-from-files').action]).toEqual([200, 'create']);
    expect((await api.request('GET', `${path}/schedule`)).json()).toMatchObject({
      endAt: '2099-03-01T09:00:00.000Z',
      atEnd: 'pause',
      ramp: [
        { traffic: 0.2, needs: 'time' },
        { traffic: 1, afterMinutes: 90, needs: 'guardrails' },
      ],
      stopWhen: { units: 4000, halfWidth: null },
    });
    expect((await api.request('GET', `${path}/guardrails`)).json()).toMatchObject({
      plan: { minimumUnits: 50, alpha: 0.01, sampleRatio: 'pause', errors: 'alert' },
      metrics: [{ metric: 'plays', action: 'control' }],
    });
    const [told] = ((await exported())['experiments'] as Files[]).filter((one) => one['key'] === design.key);
    expect(told).toMatchObject({
      ...run,
      schedule: { ...run.schedule, endAt: '2099-03-01T09:00:00.000Z' },
    });
    // What has its default is not told, at any depth.
    expect(Object.keys(told?.['schedule'] as object)).not.toContain('startAt');

    // Without a source nothing is locked; with one, only what the file says.
    const patch = (what: string, body: object) =>
      api.request('PATCH', `${path}/${what}`, { body, headers: { 'if-match': '*' } });
    expect((await patch('guardrails', { errors: 'pause' })).status).toBe(200);
    const { guardrails: _left, ...some } = run;
    const fewer = { ...files, experiments: [{ ...design, ...some }] };
    expect((await apply(fewer, { source: source(fewer) })).status).toBe(200);
    expect((await patch('guardrails', { errors: 'control' })).status).toBe(200);
    for (const [what, body] of [
      ['schedule', { endAt: null }],
      ['assignment-rules', { lateAfterSeconds: 5 }],
    ] as const) {
      const refused = await patch(what, body);
      expect([what, refused.status, refused.json()['code']]).toEqual([what, 409, 'managed_by_files']);
    }
    // The file that says it again takes it back, each thing by itself.
    const back = itemOf(await plan(files, { source: source(files) }), 'run-from-files');
    expect([back.changes, back.locks]).toEqual([
      [{ pointer: '/guardrails/errors', before: 'control', after: 'alert' }],
      true,
    ]);
    // A guardrail that goes takes its rule along: what is exported then can be applied elsewhere.
    const bare = { ...files, experiments: [{ ...design, ...some, guardrailMetrics: [] }] };
    expect((await apply(bare, { source: source(bare) })).status).toBe(200);
    const [left] = ((await exported())['experiments'] as Files[]).filter((one) => one['key'] === design.key);
    expect((await plan({ experiments: [{ ...left, key: 'copied' }] })).possible).toBe(true);
    const empty = {
      ...files,
      experiments: [{ ...design, schedule: {}, guardrails: {}, assignmentRules: {} }],
    };
    expect((await apply(empty, { source: source(empty) })).status).toBe(200);
    expect((await api.request('GET', `${path}/guardrails`)).json()).toMatchObject({
      plan: { minimumUnits: 100, metrics: {}, sampleRatio: 'alert' },
    });
    // An export names what files have emptied, so that it stays locked; and applied again it changes nothing.
    const emptied = ((await exported())['experiments'] as Files[]).find((one) => one['key'] === design.key);
    expect(emptied).toMatchObject({ schedule: {}, guardrails: {}, assignmentRules: {} });

    const dated = {
      ...files,
      experiments: [{ ...design, ...run, schedule: { startAt: '2020-01-01T00:00:00Z' } }],
    };
    expect((await apply(dated, { source: source(dated) })).status).toBe(200);
    expect((await api.request('GET', path)).json()).toMatchObject({ status: 'scheduled' });
    const started = await api.running.app.get(ScheduleService).run(new Date());
    expect(started).toContainEqual(expect.objectContaining({ experiment: 'run-from-files', move: 'start' }));
    // The date has done its work: it is in no export, and the file that has it changes nothing.
    expect((await plan(dated, { source: source(dated) })).summary).toMatchObject({ change: 0, refused: 0 });
    expect(stringify(await exported())).not.toContain('2020-01-01');
    expect((await plan(await exported())).summary).toMatchObject({ change: 0, create: 0 });
    const stop = await api.request('POST', `${path}/stop`, { body: { reason: 'seen enough' } });
    expect(stop.status).toBe(200);
    const later = itemOf(await plan(files, { source: source(files) }), 'run-from-files');
    expect([later.action, later.effect]).toEqual([
      'none',
      [expect.stringContaining('because it is stopped')],
    ]);
  });

  it('takes many of a kind, and no more than a thousand', async () => {
    // Each is a savepoint: many, but not all that there may be.
    const layers = Array.from({ length: 1001 }, (_, i) => ({ key: `layer-${i}`, title: 'Layer' }));
    expect((await plan({ layers: layers.slice(-60) })).summary).toMatchObject({ create: 60, refused: 0 });
    const more = await api.request('POST', '/v1/config/plan', { body: { config: { layers } } });
    expect(more.json()).toMatchObject({ status: 400, errors: [{ pointer: '/config/layers' }] });
  });

  it('holds unit lists and holdouts: short lists in full, long ones by name', async () => {
    const lists = [
      { key: 'testers', title: 'Testers', hashed: false, ids: ['zoe', 'ann'] },
      { key: 'partners', title: 'Partners', ids: ['p-1', 'p-2'] },
    ];
    const holdouts = [
      {
        key: 'no-home',
        title: 'No experiments at home',
        share: 0.05,
        tags: ['home'],
        surfaces: ['home.hero'],
        except: { attribute: '$unit', op: 'inList', value: 'testers' },
      },
    ];
    const files = { unitLists: lists, holdouts };
    const refused = await api.request('POST', '/v1/config/plan', {
      body: { config: { unitLists: [{ ...lists[0], ids: ['zoe', 'zoe@example.org'] }] } },
    });
    expect(refused.json()).toMatchObject({ status: 400, errors: [{ pointer: '/config/unitLists/0/ids/1' }] });
    expect((await apply(files, { source: source(files) })).json<Plan>().summary).toMatchObject({ create: 3 });
    const file = await exported();
    expect(file['unitLists']).toMatchObject([
      { key: 'partners', ids: [expect.stringMatching(/^sha256:/), expect.stringMatching(/^sha256:/)] },
      { key: 'testers', hashed: false, ids: ['ann', 'zoe'] },
    ]);
    expect(file['holdouts']).toEqual(holdouts);
    // Hashes and ids mean the same entries.
    expect((await plan({ ...files, unitLists: file['unitLists'] })).summary).toMatchObject({ none: 3 });
    expect((await plan(files)).summary).toMatchObject({ none: 3 });

    const edits = [
      ['POST', '/v1/unit-lists/testers/add', { ids: ['bob'] }],
      ['DELETE', '/v1/unit-lists/testers', undefined],
      ['PATCH', '/v1/holdouts/no-home', { share: 0.1 }],
    ] as const;
    for (const [method, url, body] of edits) {
      const answer = await api.request(method, url, body === undefined ? {} : { body });
      expect([url, answer.status, answer.json()['code']]).toEqual([url, 409, 'managed_by_files']);
    }
    const changed = {
      unitLists: [{ ...lists[0], title: 'Our testers', ids: ['ann', 'bob', 'cid'] }, lists[1]],
      holdouts: [{ ...holdouts[0], share: 0.1, surfaces: ['nowhere'] }],
    };
    const planned = await plan(changed, { source: source(changed) });
    expect(itemOf(planned, 'testers').effect).toEqual(['ids: 2 join the list and 1 leave it, at once.']);
    expect(itemOf(planned, 'no-home').refused).toMatchObject([{ pointer: '/holdouts/0/surfaces/0' }]);
    const fixed = { ...changed, holdouts: [{ ...holdouts[0], share: 0.1 }] };
    expect((await apply(fixed, { source: source(fixed) })).status).toBe(200);
    expect((await api.request('GET', '/v1/unit-lists/testers')).json()).toMatchObject({
      title: 'Our testers',
      size: 3,
    });
    expect(
      itemOf(
        await plan({ holdouts: [{ ...holdouts[0], unitType: 'device' }] }, { source: source(files) }),
        'no-home',
      ).refused,
    ).toMatchObject([{ pointer: '/holdouts/0/unitType', code: 'immutable_field' }]);
    // Named only: who is on it is uploaded, more than a file holds. Such a list is told with its size.
    const named = { unitLists: [{ ...lists[0], title: 'Our testers', ids: undefined }] };
    expect((await apply(named, { source: source(named) })).status).toBe(200);
    const upload = await api.request('POST', '/v1/unit-lists/testers/add', {
      body: { ids: Array.from({ length: 5001 }, (_, i) => `u-${i}`) },
    });
    expect(upload.status).toBe(200);
    const long = ((await exported())['unitLists'] as Files[])[1];
    expect(long).toEqual({ key: 'testers', title: 'Our testers', hashed: false, size: 5004 });
    expect((await plan({ unitLists: [long] }, { source: source(named) })).summary).toMatchObject({ none: 1 });

    // The published schema takes all of that, and refuses what the API refuses.
    const schema = (await api.request('GET', '/v1/config/schema', { key: null })).json<object>();
    const check = z.fromJSONSchema(schema as never);
    expect(check.safeParse(await exported()).error).toBeUndefined();
    for (const wrong of [
      { experiments: [experiment('x', { schedule: { ramp: [{ traffic: 2 }] } })] },
      { experiments: [experiment('x', { guardrails: { metrics: { plays: { action: 'shout' } } } })] },
      { experiments: [experiment('x', { assignmentRules: { exclude: { everybody: true } } })] },
      { holdouts: [{ ...holdouts[0], share: 2 }] },
      { unitLists: [{ key: 'x', title: 'X', ids: [7] }] },
    ]) {
      expect(check.safeParse(wrong).success).toBe(false);
      expect((await api.request('POST', '/v1/config/plan', { body: { config: wrong } })).status).toBe(400);
    }
  });

  it('takes a running experiment over from GrowthBook with every unit in its arm', async () => {
    const asked = { exported: GROWTHBOOK, metrics: { met_1: 'watch-minutes' } };
    const { config, report } = (
      await api.request('POST', '/v1/config/import/growthbook', { body: asked })
    ).json<{ config: Files; report: { id: string; outcome: string; notes: string[] }[] }>();
    expect(report.find(({ id }) => id === 'exp_3')).toMatchObject({ outcome: 'skipped' });
    expect(report.find(({ id }) => id === 'exp_2')).toMatchObject({
      outcome: 'mapped',
      to: 'experiment/old',
    });
    expect(report.find(({ id }) => id === 'exp_1')).toMatchObject({
      outcome: 'mapped',
      to: 'experiment/shorter-checkout',
    });
    expect((await apply(config)).status).toBe(200);
    expect((await plan(config)).summary).toMatchObject({ create: 0, change: 0 });
    const started = await api.request('POST', '/v1/experiments/shorter-checkout/start', { body: {} });
    expect(started.status).toBe(200);
    const ranges = getBucketRanges(2, 0.8, [0.3, 0.7]);
    const served: (string | null)[] = [];
    const expected: (string | null)[] = [];
    const context = { country: 'FR' };
    for (let i = 0; i < 30; i++) {
      const unitId = `unit-${i}`;
      const answer = await api.request('POST', '/v1/experiments/shorter-checkout/explain', {
        body: { unitId, context },
      });
      served.push(answer.json<{ arm: string | null }>().arm);
      const variation = chooseVariation(hash('a-seed', unitId, 2) ?? -1, ranges);
      expected.push(variation < 0 ? null : String(variation));
    }
    expect(served).toEqual(expected);
    expect(new Set(expected)).toEqual(new Set(['0', '1', null]));
    // As old as GrowthBook's first hash, in a namespace of the old kind.
    expect((await api.request('POST', '/v1/experiments/old/start', { body: {} })).status).toBe(200);
    for (let i = 0; i < 12; i++) {
      const unitId = `unit-${i}`;
      const answer = await api.request('POST', '/v1/experiments/old/explain', { body: { unitId } });
      const inside = inNamespace(unitId, ['ns-old', 0.1, 0.9]);
      const variation = chooseVariation(hash('old', unitId, 1) ?? -1, getBucketRanges(2, 1, [0.5, 0.5]));
      expect([unitId, answer.json<{ arm: string | null }>().arm]).toEqual([
        unitId,
        inside ? String(variation) : null,
      ]);
    }
    const newer = {
      experiments: (config['experiments'] as Files[]).map((one) => ({ ...one, hashVersion: 2 })),
    };
    expect(itemOf(await plan(newer), 'old').refused).toMatchObject([
      { pointer: '/experiments/1/hashVersion', code: 'immutable_field' },
    ]);
    // Its seed stands in the file: another one would be refused by every apply to come.
    await apply(config, { source: source(config) });
    const anew = (headers: Record<string, string>) =>
      api.request('POST', '/v1/experiments/shorter-checkout/rerandomise', {
        body: { reason: 'a broken split' },
        headers: { 'if-match': '*', ...headers },
      });
    expect((await anew({})).json()['code']).toBe('managed_by_files');
    expect((await anew({ 'marquee-override': 'the file follows' })).status).toBe(200);
    const bad = await api.request('POST', '/v1/config/import/growthbook', {
      body: { exported: { flags: [] } },
    });
    expect([bad.status, bad.json()['code']]).toEqual([400, 'invalid_export']);
  });
});
