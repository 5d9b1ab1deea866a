import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestAnswer, TestApi } from '../../test/api.js';
import { checkExperiments } from './boot-check.js';
import { arm, draft } from './experiments.fixtures.js';
import type { Row } from './experiments.fixtures.js';

describe('experiments over HTTP', () => {
  let api: TestApi;
  const create = (key: string, parts: Record<string, unknown> = {}): Promise<TestAnswer> =>
    api.request('POST', '/v1/experiments', { body: draft(key, parts) });
  const act = (key: string, action: string, body: unknown = {}): Promise<TestAnswer> =>
    api.request('POST', `/v1/experiments/${key}/${action}`, { body });
  const patch = (key: string, version: number, body: unknown): Promise<TestAnswer> =>
    api.request('PATCH', `/v1/experiments/${key}`, { body, headers: { 'if-match': `"${version}"` } });
  const audit = async (key: string) =>
    (await api.request('GET', `/v1/audit?entity=experiment&entityKey=${key}`)).json<{
      items: Record<string, unknown>[];
    }>().items;

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

  it('lives from draft to archive, with phases, versions and one audit row per write', async () => {
    const created = await create('life', { layerShare: 0.2 });
    expect(created.status).toBe(201);
    expect(created.headers['etag']).toBe('"1"');
    expect(created.json()).toMatchObject({
      key: 'life',
      status: 'draft',
      phase: 0,
      version: 1,
      layerRange: [0, 0.2],
      traffic: 1,
      targeting: null,
      salt: 'life',
      unitType: 'member',
      secondaryMetrics: [],
      minimumDays: 7,
      plannedUnits: null,
      shippedArm: null,
      startedAt: null,
      arms: [
        { key: 'control', title: 'control', isControl: true },
        { key: 'new', isControl: false },
      ],
    });
    const started = await act('life', 'start');
    expect(started.status).toBe(200);
    expect(started.json<Row>()).toMatchObject({
      status: 'running',
      phase: 1,
      version: 2,
      startedAt: expect.any(String),
    });
    const targeting = { attribute: 'country', op: 'eq', value: 'FR' };
    const revised = await patch('life', 2, { traffic: 0.5, targeting });
    expect(revised.json<Row>()).toMatchObject({ phase: 2, version: 3 });
    expect((await patch('life', 3, { title: 'Renamed' })).json<Row>()).toMatchObject({
      phase: 2,
      version: 4,
    });
    expect((await act('life', 'pause')).json<Row>().status).toBe('paused');
    expect((await act('life', 'resume')).json<Row>()).toMatchObject({ status: 'running', phase: 2 });
    expect((await act('life', 'stop', { reason: 'enough' })).json()).toMatchObject({
      status: 'stopped',
      stopReason: 'enough',
    });
    expect((await act('life', 'ship', { arm: 'new' })).json()).toMatchObject({
      status: 'shipped',
      shippedArm: 'new',
    });
    expect((await act('life', 'archive')).json<Row>().status).toBe('archived');

    const phases = (await api.request('GET', '/v1/experiments/life/phases')).json<{
      items: Record<string, unknown>[];
    }>().items;
    expect(phases).toMatchObject([
      { phase: 1, traffic: 1, targeting: null, endedAt: expect.any(String) },
      { phase: 2, traffic: 0.5, targeting, endedAt: expect.any(String) },
    ]);
    expect(phases[0]?.['endedAt']).toBe(phases[1]?.['startedAt']);
    expect((await audit('life')).map((row) => row['action'])).toEqual(
      ['archive', 'ship', 'stop', 'resume', 'pause', 'change', 'change', 'start', 'create'].map(
        (verb) => `experiment.${verb}`,
      ),
    );
    const [, , , , , , change] = await audit('life');
    expect(change).toMatchObject({
      actor: expect.stringContaining('local admin'),
      before: { traffic: 1 },
      after: { traffic: 0.5 },
    });
    expect(change?.['requestId']).toMatch(/^req_/);
  });

  it('asks for If-Match and refuses a stale one', async () => {
    await create('match');
    expect((await api.request('PATCH', '/v1/experiments/match', { body: { title: 'x' } })).status).toBe(428);
    expect((await patch('match', 1, { title: 'first' })).status).toBe(200);
    const stale = await patch('match', 1, { title: 'second' });
    expect(stale.status).toBe(412);
    expect(stale.headers['etag']).toBe('"2"');
    expect(stale.json()).toMatchObject({ code: 'version_conflict' });
    const staleAction = await api.request('POST', '/v1/experiments/match/archive', {
      body: {},
      headers: { 'if-match': '"1"' },
    });
    expect(staleAction.status).toBe(412);
    expect((await patch('match', 2, { title: 'first' })).json<Row>().version).toBe(2);
    expect((await audit('match')).length).toBe(2);
  });

  it('lets only one of two changes at once through', async () => {
    await create('race');
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((title) => patch('race', 1, { title })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412]);
  });

  it('says everything that is missing before a start', async () => {
    await api.request('POST', '/v1/experiments', {
      body: { key: 'bare', title: 'Bare', surface: 'home.hero' },
    });
    const refused = await act('bare', 'start');
    expect(refused.status).toBe(422);
    expect(refused.json<{ errors: { pointer: string }[] }>().errors.map((error) => error.pointer)).toEqual(
      expect.arrayContaining(['/arms', '/hypothesis', '/decisionMetric']),
    );
    expect((await api.request('GET', '/v1/experiments/bare')).json<Row>().status).toBe('draft');
  });

  it('gives running experiments of a layer parts of their own', async () => {
    await api.request('POST', '/v1/layers', { body: { key: 'shared', title: 'Shared' } });
    await create('one', { layer: 'shared', layerShare: 0.6 });
    await create('two', { layer: 'shared', layerShare: 0.4 });
    await create('three', { layer: 'shared', layerShare: 0.3 });
    const starts = await Promise.all(['one', 'two', 'three'].map((key) => act(key, 'start')));
    const running = starts.filter((answer) => answer.status === 200).map((answer) => answer.json<Row>());
    const refused = starts.filter((answer) => answer.status !== 200);
    expect(running).toHaveLength(2);
    expect(refused[0]?.status).toBe(409);
    expect(refused[0]?.json()).toMatchObject({ code: 'layer_full' });
    const [a, b] = running.map((row) => row.layerRange).sort((x, y) => x[0] - y[0]);
    expect(a?.[1]).toBeLessThanOrEqual(b?.[0] ?? 0);
    const layers = (await api.request('GET', '/v1/layers')).json<{
      items: { key: string; ranges: unknown[] }[];
    }>().items;
    expect(layers.find((layer) => layer.key === 'shared')?.ranges).toHaveLength(2);
    const first = running[0] as Row;
    const grown = await patch(first.key, first.version, { layerRange: [0, 1] });
    expect(grown.status).toBe(409);
    expect(grown.json()).toMatchObject({ code: 'layer_overlap' });
    await act(running[1]?.key ?? '', 'stop');
    expect((await patch(first.key, first.version, { layerRange: [0, 1] })).json<Row>()).toMatchObject({
      phase: 2,
      layerRange: [0, 1],
    });
  });

  it('keeps a running experiment what it was', async () => {
    await create('fixed', { layerShare: 0.1 });
    await act('fixed', 'start');
    const other = [arm('control'), arm('new', { treatment: { kind: 'value', value: 'other' } })];
    for (const [pointer, body] of [
      ['/arms', { arms: other }],
      ['/decisionMetric', { decisionMetric: 'play-rate' }],
    ] as const) {
      const refused = await patch('fixed', 2, body);
      expect(refused.status).toBe(409);
      expect(refused.json()).toMatchObject({ code: 'immutable_field', errors: [{ pointer }] });
    }
    const again = await act('fixed', 'start');
    expect(again.status).toBe(409);
    expect(again.json()).toMatchObject({ code: 'invalid_transition' });
    expect((await act('fixed', 'ship', { arm: 'nothing' })).json()).toMatchObject({ code: 'unknown_arm' });
    expect((await create('fixed')).json()).toMatchObject({ status: 409, code: 'already_exists' });
  });

  it('checks what a design names', async () => {
    const policy = { kind: 'policy', policyId: 'nobody' };
    const answer = await create('names', {
      surface: 'title.artwork',
      arms: [
        arm('control', { treatment: { kind: 'value', value: 3 } }),
        arm('bandit', { treatment: policy }),
      ],
      decisionMetric: 'happiness',
      secondaryMetrics: ['play-rate', 'joy'],
    });
    expect(answer.status).toBe(400);
    expect(
      answer
        .json<{ errors: { code: string; pointer: string }[] }>()
        .errors.map(({ code, pointer }) => [code, pointer]),
    ).toEqual([
      ['unknown_metric', '/decisionMetric'],
      ['unknown_metric', '/secondaryMetrics/1'],
      ['unsuitable_treatment', '/arms/0/treatment'],
      ['unknown_policy', '/arms/1/treatment/policyId'],
    ]);
    const nowhere = await create('names', { surface: 'nowhere', layer: 'nowhere' });
    expect(nowhere.json()).toMatchObject({ errors: [{ pointer: '/layer' }, { pointer: '/surface' }] });
    // Null is the surface's default.
    const plain = { treatment: { kind: 'value', value: null } };
    const defaults = { surface: 'title.artwork', arms: [arm('control', plain), arm('new', plain)] };
    expect((await create('defaults', defaults)).status).toBe(201);
    const onValue = await create('names', { arms: [arm('control'), arm('bandit', { treatment: policy })] });
    expect(onValue.status).toBe(400);
  });

  it('answers bad input with 400 and the pointer, and stores nothing', async () => {
    const cases: [unknown, string, string][] = [
      [{ ...draft('bad'), surprise: 1 }, 'unknown_field', '/surprise'],
      [draft('bad', { key: 'a/b' }), 'invalid_request', '/key'],
      [draft('bad', { traffic: 2 }), 'invalid_request', '/traffic'],
      [
        draft('bad', { targeting: { all: [{ attribute: 'a', op: 'like', value: 1 }] } }),
        'invalid_request',
        '/targeting/all/0/op',
      ],
      [draft('bad', { arms: [arm('a'), arm('a')] }), 'invalid_request', '/arms'],
      [draft('bad', { arms: [arm('a', { weight: -1 })] }), 'invalid_request', '/arms/0/weight'],
      [draft('bad', { title: 'a\u0000b' }), 'invalid_request', '/title'],
      [
        draft('bad', { arms: [arm('a', { treatment: { kind: 'value', value: { deep: '\ud800' } } })] }),
        'invalid_request',
        '/arms/0/treatment/value',
      ],
      [null, 'invalid_request', '/'],
      [[], 'invalid_request', '/'],
      ['x', 'invalid_request', '/'],
    ];
    for (const [body, code, pointer] of cases) {
      const answer = await api.request('POST', '/v1/experiments', { body });
      expect([answer.status, answer.json<{ code: string }>().code]).toEqual([400, code]);
      if (pointer !== '/')
        expect(answer.json<{ errors: { pointer: string }[] }>().errors.map((e) => e.pointer)).toContain(
          pointer,
        );
    }
    expect((await api.request('GET', '/v1/experiments/bad')).status).toBe(404);
    for (const path of [
      '/v1/experiments/%00',
      '/v1/experiments/%ff',
      "/v1/experiments/';drop table experiment;--",
    ]) {
      const { status } = await api.request('GET', path);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
  });

  it('stores names as they are, whatever language or markup', async () => {
    const title = `Robert'); drop table experiment;-- <script>alert(1)</script> 😀 ‮שלום`;
    await create('names-kept', { title });
    expect((await api.request('GET', '/v1/experiments/names-kept')).json()).toMatchObject({ title });
  });

  it('lists the newest first, in pages, with a summary', async () => {
    interface Page {
      items: (Row & { summary: unknown })[];
      nextCursor: string | null;
    }
    const all = (await api.request('GET', '/v1/experiments')).json<Page>().items.map((row) => row.key);
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const suffix: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: Page = (await api.request('GET', `/v1/experiments?limit=3${suffix}`)).json<Page>();
      paged.push(...page.items.map((row) => row.key));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(all);
    expect(all.at(-1)).toBe('life');
    const archived = (await api.request('GET', '/v1/experiments?status=archived')).json<Page>().items;
    expect(archived).toMatchObject([
      { key: 'life', summary: { units: 0, verdict: 'no-data', decisionLift: null, health: 'unknown' } },
    ]);
  });

  it('narrows the list by every field, and keeps its order over pages', async () => {
    interface Page {
      items: Row[];
      nextCursor: string | null;
      total: number;
    }
    const list = async (query: string): Promise<Page> =>
      (await api.request('GET', `/v1/experiments?${query}`)).json<Page>();
    const keysOf = async (query: string): Promise<unknown[]> =>
      (await list(query)).items.map(({ key }) => key);
    const reward = { outcomes: [{ name: 'play', value: 'one' }], combine: 'any' };
    const made = await api.request('POST', '/v1/policies', {
      body: { id: 'art-ts', key: 'thompson-beta', title: 'Artwork', reward },
    });
    expect(made.status).toBe(201);
    const policy = { kind: 'policy', policyId: 'art-ts', steadyFor: 'day' };
    const listed = await create('art-of-listing', {
      title: 'Zebra 100%_artwork',
      surface: 'title.artwork',
      owner: 'Ana',
      tags: ['spring'],
      decisionMetric: 'play-rate',
      arms: [
        { ...arm('control'), treatment: policy },
        { ...arm('new'), treatment: { ...policy, steadyFor: 'hour' } },
      ],
    });
    expect([listed.status, listed.json()]).toMatchObject([201, { key: 'art-of-listing' }]);
    for (const query of [
      'text=zebra%20ARTWORK',
      'text=100%25_',
      'surface=title.artwork&text=zebra',
      'owner=Ana',
      'tag=spring',
      'metric=play-rate',
      'policyKind=thompson-beta',
      'status=draft,archived&layer=home&unitType=member&metric=play-rate&owner=Ana',
    ])
      expect([query, await keysOf(query)]).toEqual([query, ['art-of-listing']]);
    expect(await keysOf('text=zebra%20nowhere')).toEqual([]);
    expect(await keysOf('policyKind=fixed')).not.toContain('art-of-listing');
    const everything = (await list('')).total;
    for (const sort of ['created', 'updated', 'started', 'title', 'state', 'units']) {
      const usual = await keysOf(`sort=${sort}`);
      expect(usual).toHaveLength(everything);
      expect(await keysOf(`sort=${sort}&order=reversed`)).toEqual([...usual].reverse());
      const first = await list(`sort=${sort}&limit=4`);
      const second = await keysOf(`sort=${sort}&limit=4&cursor=${first.nextCursor ?? ''}`);
      expect([...first.items.map(({ key }) => key), ...second]).toEqual(usual.slice(0, 8));
      expect(first.total).toBe(everything);
    }
    expect((await keysOf('sort=title')).at(-1)).toBe('art-of-listing');
    const wrong = await api.request('GET', '/v1/experiments?status=running,gone&sort=colour');
    expect([wrong.status, wrong.json<{ errors: unknown[] }>().errors]).toMatchObject([
      400,
      [{ message: expect.stringContaining('running') }, {}],
    ]);
    const facets = (await api.request('GET', '/v1/experiment-facets')).json<
      Record<string, { value: string; count: number }[]>
    >();
    expect(facets).toMatchObject({ tag: expect.arrayContaining([{ value: 'spring', count: 1 }]) });
    expect(facets['policyKind']).toEqual(expect.arrayContaining([{ value: 'thompson-beta', count: 1 }]));
    expect(facets['status']?.reduce((sum, { count }) => sum + count, 0)).toBe(everything);
  });

  it('keeps views of the list: shared ones by admins, own ones by their key, one of each first', async () => {
    const url = '/v1/experiment-views';
    const { secret } = api.keys;
    const save = (body: unknown, key?: string) =>
      api.request('POST', url, { body, ...(key === undefined ? {} : { key }) });
    const names = async (key?: string) =>
      (await api.request('GET', url, key === undefined ? {} : { key }))
        .json<{ items: { name: string; isDefault: boolean }[] }>()
        .items.map(({ name, isDefault }) => [name, isDefault]);
    const query = { status: 'running,paused', sort: 'units' };
    const running = await save({ name: 'Running', query, shared: true, isDefault: true });
    expect([running.status, running.json()]).toMatchObject([
      201,
      { name: 'Running', shared: true, isDefault: true, query },
    ]);
    await save({ name: 'Drafts', query: { status: 'draft' }, shared: true });
    expect((await save({ name: 'Mine', query: { owner: 'Ana' }, isDefault: true }, secret)).status).toBe(201);
    expect(await names()).toEqual([
      ['Drafts', false],
      ['Running', true],
    ]);
    expect(await names(secret)).toEqual([
      ['Drafts', false],
      ['Running', true],
      ['Mine', true],
    ]);

    const drafts = (await api.request('GET', url)).json<{ items: { id: string }[] }>().items[0]?.id ?? '';
    const change = (body: unknown, key?: string) =>
      api.request('PATCH', `${url}/${drafts}`, { body, ...(key === undefined ? {} : { key }) });
    expect((await change({ name: 'running' })).json()).toMatchObject({ code: 'already_exists' });
    expect((await change({ name: 'All drafts', isDefault: true })).json()).toMatchObject({
      name: 'All drafts',
      query: { status: 'draft' },
    });
    expect(await names()).toEqual([
      ['All drafts', true],
      ['Running', false],
    ]);
    // Neither by others nor with a lower role.
    expect((await change({ name: 'Taken' }, secret)).status).toBe(403);
    expect((await save({ name: 'x', query: {}, shared: true }, secret)).status).toBe(403);
    const mine = (await api.request('GET', url, { key: secret })).json<{ items: { id: string }[] }>()
      .items[2];
    expect((await api.request('DELETE', `${url}/${mine?.id ?? ''}`)).status).toBe(404);
    expect((await api.request('DELETE', `${url}/nonsense`)).status).toBe(404);
    expect((await api.request('DELETE', `${url}/${mine?.id ?? ''}`, { key: secret })).status).toBe(204);
    expect((await save({ name: ' ', query: { colour: 'red' } })).status).toBe(400);
    expect((await api.request('GET', url, { key: api.keys.publishable })).status).toBe(403);
    const audit = (await api.request('GET', '/v1/audit?entity=experiment-view')).json<{
      items: Record<string, unknown>[];
    }>().items;
    expect(audit.map((row) => row['action'])).toEqual(
      ['delete', 'change', 'create', 'create', 'create'].map((what) => `experiment-view.${what}`),
    );
    const atOnce = await Promise.all([1, 2, 3, 4].map(() => save({ name: 'Once', query: {} })));
    expect(atOnce.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('explains a draft as if it ran', async () => {
    const targeting = { attribute: 'country', op: 'in', value: ['FR'] };
    await api.request('POST', '/v1/surfaces', { body: { key: 'quiet', title: 'Quiet', kind: 'value' } });
    await create('why', { targeting, surface: 'quiet', layer: 'default' });
    const ask = async (country: string) =>
      (
        await api.request('POST', '/v1/experiments/why/explain', {
          body: { unitId: 'member-1', context: { country } },
          key: api.keys.secret,
        })
      ).json<{
        arm: string | null;
        reason: string;
        path: { step: string; experiment: string | null; passed: boolean }[];
        targeting: unknown[];
      }>();
    const inside = await ask('FR');
    const steps = inside.path.filter((step) => step.experiment === 'why').map((step) => step.step);
    expect(steps).toEqual(['status', 'unit-type', 'layer', 'targeting', 'traffic', 'split']);
    expect(inside).toMatchObject({ reason: 'SPLIT', arm: expect.stringMatching(/control|new/) });
    const outside = await ask('DE');
    expect(outside.targeting).toEqual([
      {
        pointer: '',
        clause: 'country is one of ["FR"]',
        attribute: 'country',
        expected: ['FR'],
        actual: 'DE',
        passed: false,
      },
    ]);
  });

  it('needs an admin key to write and a secret key to read', async () => {
    const { publishable, secret } = api.keys;
    expect((await api.request('GET', '/v1/experiments', { key: null })).status).toBe(401);
    expect((await api.request('GET', '/v1/experiments', { key: publishable })).status).toBe(403);
    expect((await api.request('GET', '/v1/experiments', { key: secret })).status).toBe(200);
    expect((await api.request('POST', '/v1/experiments', { key: secret, body: draft('nope') })).status).toBe(
      403,
    );
    expect((await api.request('POST', '/v1/experiments/life/start', { key: secret, body: {} })).status).toBe(
      403,
    );
  });

  it('tells other processes about a change once it is committed', async () => {
    let heard = 0;
    const stop = api.db.database.listen(['marquee_catalog'], () => void heard++);
    try {
      while (heard === 0) await new Promise((done) => setTimeout(done, 10));
      await create('news');
      await create('news');
      for (let i = 0; i < 100 && heard < 2; i++) await new Promise((done) => setTimeout(done, 10));
      expect(heard).toBe(2);
    } finally {
      await stop();
    }
  });

  it('refuses to boot on a catalogue that contradicts itself', async () => {
    const { database } = api.db;
    await expect(checkExperiments(database)).resolves.toBeUndefined();
    await create('boot', { surface: 'quiet', layer: 'default', layerShare: 0.5 });
    await act('boot', 'start');
    const upset = async (set: string): Promise<void> => {
      await database.query(`update experiment set ${set} where key = 'boot'`);
    };
    await upset(`secondary_metrics = '{joy}'`);
    await expect(checkExperiments(database)).rejects.toThrow('needs the metric "joy"');
    await upset(`secondary_metrics = '{}', arms = '[]'`);
    await expect(checkExperiments(database)).rejects.toThrow('"boot" is not complete');
    await upset(`layer = 'shared'`);
    await expect(checkExperiments(database)).rejects.toThrow(
      /"boot".*claim the same part of the layer "shared"/,
    );
    await upset(`status = 'stopped'`);
    await expect(checkExperiments(database)).resolves.toBeUndefined();
  });
});
