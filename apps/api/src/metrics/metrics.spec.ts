import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import { HealthFactsReader } from '../reports/health-facts.js';
import { LiftReports } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';

const definition = (parts: Record<string, unknown> = {}) => ({
  key: 'hd-minutes',
  title: 'Minutes in high definition',
  description: 'Minutes watched in high definition per unit since first exposure.',
  measuredIn: 'minutes',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'sum',
  numerator: {
    fold: 'sum',
    events: ['watch'],
    scope: 'unit',
    scale: 1 / 60,
    where: [{ field: 'property:quality', op: 'eq', value: 'hd' }],
  },
  maturityDays: 0,
  ...parts,
});

interface Errors {
  code: string;
  errors: { pointer: string; message: string }[];
}

describe('metrics over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await api.request('POST', '/v1/surfaces', { body: { key: 'home', title: 'Home', kind: 'value' } });
  }, 60_000);
  afterAll(() => api.close());

  const keysOf = async (url: string, key?: string): Promise<string[]> =>
    (await api.request('GET', url, key === undefined ? {} : { key }))
      .json<{ items: { key: string }[] }>()
      .items.map((metric) => metric.key);
  const experiment = (key: string, parts: Record<string, unknown> = {}) =>
    api.request('POST', '/v1/experiments', {
      body: {
        key,
        title: key,
        hypothesis: 'It makes people watch more in high definition',
        surface: 'home',
        layerShare: 0.1,
        arms: ['control', 'b'].map((arm) => ({
          key: arm,
          weight: 1,
          isControl: arm === 'control',
          treatment: { kind: 'value', value: arm },
        })),
        decisionMetric: 'hd-minutes',
        guardrailMetrics: ['cancellations'],
        ...parts,
      },
    });

  it('defines one, lists it beside those of the program and audits it', async () => {
    const created = await api.request('POST', '/v1/metrics', { body: definition() });
    expect(created.status).toBe(201);
    expect(created.json()).toMatchObject({ ...definition(), origin: 'own', version: 1, archived: false });
    expect(await keysOf('/v1/metrics', api.keys.secret)).toEqual(
      expect.arrayContaining(['play-rate', 'watch-minutes-p90', 'hd-minutes']),
    );
    const [row] = (await api.request('GET', '/v1/audit?entity=metric')).json<{ items: unknown[] }>().items;
    expect(row).toMatchObject({ action: 'metric.create', entityKey: 'hd-minutes', after: { version: 1 } });
    const { metrics } = (await api.request('GET', '/v1/catalog')).json<{ metrics: { key: string }[] }>();
    expect(metrics.map(({ key }) => key)).toContain('hd-minutes');
    expect((await api.request('POST', '/v1/metrics', { body: definition() })).status).toBe(409);
  });

  it('only lets administrators write', async () => {
    for (const key of [api.keys.secret, api.keys.publishable])
      expect(
        (await api.request('POST', '/v1/metrics', { body: definition({ key: 'no' }), key })).status,
      ).toBe(403);
  });

  it('says what is wrong by field', async () => {
    const wrong = await api.request('POST', '/v1/metrics', {
      body: definition({
        key: 'wrong-one',
        kind: 'quantile',
        title: 'X',
        numerator: { ...definition().numerator, events: ['wacht'], days: [3, 3] },
      }),
    });
    expect(wrong.status).toBe(400);
    const { code, errors } = wrong.json<Errors>();
    expect(code).toBe('invalid_metric');
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/maturityDays',
      '/numerator/days',
      '/numerator/events',
      '/quantile',
      '/title',
    ]);
    const shape = await api.request('POST', '/v1/metrics', {
      body: definition({
        key: 'wrong-two',
        numerator: { ...definition().numerator, where: [{ field: 'value; drop', op: 'eq', value: 1 }] },
      }),
    });
    expect(shape.json<Errors>().errors).toMatchObject([{ pointer: '/numerator/where/0/field' }]);
  });

  it('knows outcomes that clients have sent lately, though the program does not', async () => {
    const body = definition({
      key: 'downloads',
      numerator: { ...definition().numerator, events: ['download'] },
    });
    expect((await api.request('POST', '/v1/metrics', { body })).json<Errors>().errors).toMatchObject([
      { pointer: '/numerator/events' },
    ]);
    await api.db.database.query(`select ensure_partitions(current_date - 1, current_date + 1)`);
    await api.db.database.query(
      `insert into event (id, at, received_at, unit_id, kind, name) values ('e1', now(), now(), 'u', 'outcome', 'download')`,
    );
    expect((await api.request('POST', '/v1/metrics', { body })).status).toBe(201);
  });

  it('makes a new version of every change, and refuses one of an old version', async () => {
    const put = (parts: Record<string, unknown>) =>
      api.request('PUT', '/v1/metrics/hd-minutes', { body: definition(parts) });
    expect((await put({ version: 1, title: 'High definition' })).json()).toMatchObject({
      version: 2,
      title: 'High definition',
    });
    const stale = await put({ version: 1, title: 'Another' });
    expect([stale.status, stale.json<Errors>().code]).toEqual([409, 'version_conflict']);
    const detail = (await api.request('GET', '/v1/metrics/hd-minutes')).json<{
      versions: { version: number; definition: { title: string } }[];
    }>();
    expect(detail.versions.map(({ version, definition: { title } }) => [version, title])).toEqual([
      [2, 'High definition'],
      [1, 'Minutes in high definition'],
    ]);
    const builtIn = await api.request('PUT', '/v1/metrics/play-rate', {
      body: definition({ key: 'play-rate', version: 1 }),
    });
    expect([builtIn.status, builtIn.json<Errors>().code]).toEqual([409, 'built_in']);
    expect(
      (await api.request('PUT', '/v1/metrics/none', { body: definition({ key: 'none', version: 1 }) }))
        .status,
    ).toBe(404);
    expect(
      (await api.request('PUT', '/v1/metrics/other', { body: definition({ version: 1 }) })).json(),
    ).toMatchObject({
      errors: [{ pointer: '/key' }],
    });
    expect((await api.request('GET', '/v1/metrics/none')).status).toBe(404);
  });

  it('lets one of two changes of the same version win', async () => {
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((title) =>
        api.request('PUT', '/v1/metrics/downloads', {
          body: definition({
            key: 'downloads',
            version: 1,
            title,
            numerator: { ...definition().numerator, events: ['download'] },
          }),
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  it('keeps the version that an experiment was launched with', async () => {
    expect((await experiment('launched')).status).toBe(201);
    expect((await api.request('POST', '/v1/experiments/launched/start', { body: {} })).status).toBe(200);
    const next = await api.request('PUT', '/v1/metrics/hd-minutes', {
      body: definition({ version: 2, title: 'Third title' }),
    });
    expect(next.json()).toMatchObject({ version: 3 });
    expect((await api.request('GET', '/v1/experiments/launched')).json()).toMatchObject({
      metricVersions: { 'hd-minutes': 2 },
    });
    await experiment('drafted');
    const { experiments } = (await api.request('GET', '/v1/metrics/hd-minutes')).json<{
      experiments: unknown[];
    }>();
    expect(experiments).toMatchObject([
      { experiment: 'drafted', version: null, role: 'decision' },
      { experiment: 'launched', version: 2, role: 'decision', status: 'running' },
    ]);
    const reports = new LiftReports(new ReportStore(api.db.database), new HealthFactsReader(api.db.database));
    await api.db.database.query(
      `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase)
       select e, a || n, a, now(), current_date, 1 from generate_series(1, 3) n,
              unnest(array['control', 'b']) a, unnest(array['launched', 'drafted']) e`,
    );
    const titles = async (key: string): Promise<string[]> =>
      (await reports.report(key, {}, new Date())).results.map(({ title }) => title);
    expect(await titles('launched')).toContain('High definition');
    expect(await titles('drafted')).toContain('Third title');
  });

  it('pins a metric that a running experiment gets later', async () => {
    await api.request('PATCH', '/v1/experiments/launched', {
      body: { secondaryMetrics: ['downloads'] },
      headers: { 'if-match': '*' },
    });
    expect((await api.request('GET', '/v1/experiments/launched')).json()).toMatchObject({
      metricVersions: { 'hd-minutes': 2, downloads: 2 },
    });
  });

  it('archives: offered no longer, while what runs goes on', async () => {
    const archived = await api.request('POST', '/v1/metrics/hd-minutes/archive');
    expect(archived.json()).toMatchObject({ archived: true });
    expect(await keysOf('/v1/metrics')).not.toContain('hd-minutes');
    expect(await keysOf('/v1/metrics?archived=true')).toContain('hd-minutes');
    expect((await experiment('late')).json<Errors>().errors).toMatchObject([
      { pointer: '/decisionMetric', message: 'the metric "hd-minutes" is archived' },
    ]);
    const patched = await api.request('PATCH', '/v1/experiments/launched', {
      body: { title: 'Still running' },
      headers: { 'if-match': '*' },
    });
    expect(patched.status).toBe(200);
    const catalogue = await loadMetricCatalogue(api.db.database);
    expect(catalogue.find('hd-minutes', { 'hd-minutes': 2 })?.title).toBe('High definition');
    expect((await api.request('POST', '/v1/metrics/hd-minutes/restore')).json()).toMatchObject({
      archived: false,
    });
    expect(await keysOf('/v1/metrics')).toContain('hd-minutes');
    expect((await api.request('POST', '/v1/metrics/play-rate/archive')).status).toBe(409);
  });
});
