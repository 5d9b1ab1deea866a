import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { startTestApi } from '../../test/api.js';
import type { TestAnswer, TestApi } from '../../test/api.js';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import { ExperimentsService } from '../experiments/experiments.service.js';
import { ScheduleService } from '../experiments/schedule.service.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import { EventCountStore } from '../reports/event-counts.js';
import { LiftReports } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import { GuardrailEvidence } from './guardrail-evidence.js';
import { GuardrailWatch } from './guardrail-watch.js';
import type { GuardrailsService } from './guardrails.service.js';

type View = Awaited<ReturnType<GuardrailsService['get']>>;
interface Served {
  readonly value: string;
  readonly reason: string;
  readonly arm: string | null;
}

const HOUR = 3_600_000;

describe('guardrails', () => {
  let api: TestApi;
  let watch: GuardrailWatch;
  const path = (key: string): string => `/v1/experiments/${key}/guardrails`;
  const view = async (key: string): Promise<View> => (await api.request('GET', path(key))).json<View>();
  const post = (url: string, body: unknown = {}): Promise<TestAnswer> => api.request('POST', url, { body });
  const patch = (key: string, revision: number | null, body: unknown): Promise<TestAnswer> =>
    api.request('PATCH', path(key), {
      body,
      ...(revision === null ? {} : { headers: { 'if-match': `"${revision}"` } }),
    });
  const status = async (key: string): Promise<string> =>
    (await api.request('GET', `/v1/experiments/${key}`)).json<{ status: string }>().status;
  const serve = async (surface: string): Promise<Served[]> =>
    Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const body = { unitId: `u${i}`, requests: [{ surface }] };
        return (await post('/v1/treatments', body)).json<{ treatments: [Served] }>().treatments[0];
      }),
    );
  /** Half the units are outside the layer's part; of the others nobody gets the treatment. */
  const withdrawn = (served: readonly Served[]): boolean =>
    served.every(({ value }) => value !== 'new') && served.some(({ reason }) => reason === 'PAUSED');
  /** Milliseconds until what is served is as wanted. */
  async function until(surface: string, wanted: (served: readonly Served[]) => boolean): Promise<number> {
    const began = performance.now();
    while (!wanted(await serve(surface))) {
      if (performance.now() - began > 10_000) throw new Error(`${surface}: not within ten seconds`);
      await sleep(20);
    }
    return performance.now() - began;
  }

  /** An experiment that began two days ago; its treatment is played less, or has errors. */
  async function running(key: string, { play, errors }: { play: number; errors: number }): Promise<void> {
    const { database } = api.db;
    await post('/v1/surfaces', { key, title: key, kind: 'value', defaultValue: 'default' });
    const arm = (name: string) => ({
      key: name,
      weight: 1,
      isControl: name === 'control',
      treatment: { kind: 'value', value: name },
    });
    const created = await post('/v1/experiments', {
      key,
      title: key,
      hypothesis: 'It is better',
      surface: key,
      layer: key,
      layerShare: 0.5,
      arms: [arm('control'), arm('new')],
      decisionMetric: 'watch-minutes',
      guardrailMetrics: ['play-rate'],
    });
    expect([created.status, created.text]).toEqual([201, expect.anything()]);
    expect((await post(`/v1/experiments/${key}/start`)).status).toBe(200);
    const start = Date.now() - 48 * HOUR;
    for (const [table, column] of [
      ['experiment', 'key'],
      ['experiment_phase', 'experiment'],
    ] as const)
      await database.query(`update ${table} set started_at = $2 where ${column} = $1`, [
        key,
        new Date(start),
      ]);
    const rng = createRng(`guardrails-${key}`);
    const decisions = Array.from({ length: 3000 }, (_, i) =>
      decisionRecord(
        `${key}-${i}`,
        start + Math.floor(rng.uniform() * 24 * HOUR),
        i % 2 === 0 ? 'control' : 'new',
        {
          experiment: key,
          surface: key,
          exposed: true,
        },
      ),
    );
    const events = decisions.flatMap(({ id, unitId, at, arm: name }) => {
      const isNew = name === 'new';
      const happened = [
        ...(rng.uniform() < (isNew ? play : 0.5) ? ['play'] : []),
        ...(rng.uniform() < (isNew ? errors : 0.02) ? ['playback_error'] : []),
      ];
      return happened.map((event) =>
        clientEvent(unitId, at + HOUR, { id: `${key}-${unitId}-${event}`, name: event, decisionId: id }),
      );
    });
    const store = new FactStore(database);
    await store.insertDecisions(decisions.map(encodeDecision));
    const times = events.map(({ at }) => at);
    await store.insertEvents({
      count: events.length,
      firstAt: Math.min(...times),
      lastAt: Math.max(...times),
      lines: events.map(encodeEvent).join(''),
    });
    // As autovacuum does in time; without, a roll-up looks up each event in every day.
    await database.query('analyze event; analyze decision; analyze experiment_unit');
    await rollUpAll(database, new Date());
  }

  beforeAll(async () => {
    api = await startTestApi();
    const { database } = api.db;
    const part = <T>(token: new (...args: never[]) => T): T => api.running.app.get(token, { strict: false });
    const experiments = new ExperimentStore(database);
    watch = new GuardrailWatch(
      database,
      experiments,
      new ExperimentsService(database, experiments),
      new GuardrailEvidence(database, part(ReportStore), part(LiftReports), part(EventCountStore)),
    );
    for (const key of ['harmful', 'failing', 'fine']) await post('/v1/layers', { key, title: key });
    await running('harmful', { play: 0.3, errors: 0.02 });
    await running('failing', { play: 0.5, errors: 0.2 });
    await running('fine', { play: 0.52, errors: 0.02 });
  }, 120_000);
  afterAll(() => api.close());

  it('waits, alerts, then sends everybody to control within ten seconds, and one click takes it back', async () => {
    const set = await patch('harmful', null, {
      metrics: { 'play-rate': { action: 'control', margin: 0.02 } },
      minimumMinutes: 10_000,
    });
    expect([set.status, set.headers['etag']]).toEqual([200, '"1"']);
    expect(await watch.run(new Date())).toMatchObject([{ experiment: 'failing', done: 'alerted' }]);
    expect((await view('harmful')).check).toMatchObject({ state: 'waiting' });
    await until('harmful', (served) => served.some(({ value }) => value === 'new'));

    await patch('harmful', 1, { minimumMinutes: 60 });
    const acted = await watch.run(new Date());
    const within = await until('harmful', (served) => withdrawn(served));
    expect(within).toBeLessThan(10_000);
    expect(acted).toEqual([
      {
        experiment: 'harmful',
        done: 'control',
        why: expect.stringContaining('in new is worse than control'),
      },
    ]);
    const inIt = (await serve('harmful')).filter(({ reason }) => reason === 'PAUSED');
    for (const served of inIt)
      expect(served).toMatchObject({ value: 'control', arm: 'control', experiment: 'harmful' });
    expect(await view('harmful')).toMatchObject({
      open: 1,
      pausedArm: 'control',
      check: { state: 'breach' },
      breaches: [{ watch: 'metric', key: 'play-rate', arm: 'new', done: 'control', takenBackAt: null }],
    });
    expect(await watch.run(new Date())).toEqual([]);

    const undone = await post(`${path('harmful')}/undo`, {
      reason: 'The metric was broken, not the product',
    });
    expect(undone.json()).toMatchObject({ open: 0, pausedArm: null });
    expect(await status('harmful')).toBe('running');
    await until('harmful', (served) => served.some(({ value }) => value === 'new'));
    // What was taken back stays quiet, and nothing is left to take back.
    expect(await watch.run(new Date())).toEqual([]);
    expect((await post(`${path('harmful')}/undo`)).json()).toMatchObject({ code: 'nothing_to_undo' });
    expect(await view('harmful')).toMatchObject({ quiet: 1 });

    // Watched again, the same harm acts again, once.
    const again = await post(`${path('harmful')}/watch-again`, { reason: 'The metric is mended' });
    expect([again.status, again.json()]).toMatchObject([200, { quiet: 0, open: 0 }]);
    expect((await post(`${path('harmful')}/watch-again`)).json()).toMatchObject({ code: 'nothing_quiet' });
    expect(await watch.run(new Date())).toMatchObject([{ experiment: 'harmful', done: 'control' }]);
    expect(await watch.run(new Date())).toEqual([]);
    expect(await view('harmful')).toMatchObject({ open: 1, quiet: 0, breaches: [{ takenBackAt: null }] });
    // Resumed by hand, it is taken back as well, so that it can be watched again.
    expect((await post('/v1/experiments/harmful/resume')).status).toBe(200);
    expect(await view('harmful')).toMatchObject({ open: 0, quiet: 1 });
    const audit = (await api.request('GET', '/v1/audit?entity=guardrail&entityKey=harmful')).json<{
      items: Record<string, unknown>[];
    }>().items;
    expect(audit.map((row) => [row['action'], row['actor']])).toEqual([
      ['guardrail.breach', 'system: guardrail'],
      ['guardrail.watch-again', expect.stringContaining('local admin')],
      ['guardrail.undo', expect.stringContaining('local admin')],
      ['guardrail.breach', 'system: guardrail'],
      ['guardrail.change', expect.stringContaining('local admin')],
      ['guardrail.change', expect.stringContaining('local admin')],
    ]);
  });

  it('does more about a known breach once it is asked to, and leaves an experiment alone in which nothing is wrong', async () => {
    expect(await status('failing')).toBe('running');
    await patch('failing', null, { errors: 'pause' });
    expect(await watch.run(new Date())).toMatchObject([
      { experiment: 'failing', done: 'paused', why: expect.stringContaining('playback_error') },
    ]);
    await until('failing', withdrawn);
    expect((await serve('failing')).every(({ value }) => value === 'default')).toBe(true);
    expect(await view('fine')).toMatchObject({ open: 0, breaches: [], check: { state: 'fine' } });
    expect((await view('fine')).check?.findings.map(({ watch: what, status: is }) => [what, is])).toEqual(
      expect.arrayContaining([
        ['metric', 'fine'],
        ['sample-ratio', 'fine'],
        ['errors', 'fine'],
      ]),
    );
  });

  it('does not take units that were sent to control for units that changed arm, nor those after a ship for units', async () => {
    const { database } = api.db;
    const at = Date.now() - HOUR;
    const during = [0, 1, 2, 3].map((i) =>
      decisionRecord(`fine-${i}`, at, 'control', {
        experiment: 'fine',
        exposed: true,
        reason: 'PAUSED',
        armPropensity: 1,
      }),
    );
    // Nor do those count who got the arm because it was shipped: nobody was compared with them.
    const after = [1, 2].map((i) =>
      decisionRecord(`after-${i}`, at, 'new', {
        experiment: 'fine',
        exposed: true,
        reason: 'SHIPPED',
        armPropensity: 1,
      }),
    );
    await new FactStore(database).insertDecisions([...during, ...after].map(encodeDecision));
    await rollUpAll(database, new Date());
    const [row] = await database.query(
      `select count(*)::int as units, count(*) filter (where crossover)::int as crossed from experiment_unit where experiment = 'fine'`,
    );
    expect(row).toEqual({ units: 3000, crossed: 0 });
  });

  it('judges units that were dealt anew by what they did since', async () => {
    const dealt = await api.request('POST', '/v1/experiments/harmful/rerandomise', {
      body: { reason: 'The players of one arm were broken' },
      headers: { 'if-match': '*' },
    });
    expect(dealt.status).toBe(200);
    // Its units of before still harm a guardrail in the rollups; the new phase is not to be paused for that.
    expect(await watch.run(new Date())).toEqual([]);
    await rollUpAll(api.db.database, new Date());
    expect(await watch.run(new Date())).toEqual([]);
    expect(await view('harmful')).toMatchObject({ open: 0, check: { state: 'waiting' } });
  });

  it('keeps what a patch does not name, and says what is wrong with one', async () => {
    const first = await patch('fine', null, { alpha: 0.02, metrics: { 'play-rate': { action: 'pause' } } });
    expect(first.json()).toMatchObject({ metrics: [{ metric: 'play-rate', action: 'pause', margin: null }] });
    expect((await patch('fine', null, { alpha: 0.01 })).status).toBe(428);
    expect((await patch('fine', 7, { alpha: 0.01 })).status).toBe(412);
    const second = await patch('fine', 1, { metrics: { 'play-rate': { margin: 0.1 } }, errors: 'off' });
    expect(second.json<View>().plan).toMatchObject({
      alpha: 0.02,
      errors: 'off',
      metrics: { 'play-rate': { action: 'pause', margin: 0.1 } },
    });
    expect((await patch('fine', 2, { metrics: { 'play-rate': null } })).json<View>().plan.metrics).toEqual(
      {},
    );
    const unknown = await patch('fine', 3, { metrics: { 'watch-minutes': { action: 'pause' } } });
    expect([unknown.status, unknown.json()]).toMatchObject([
      400,
      { code: 'unknown_reference', errors: [{ pointer: '/metrics/watch-minutes' }] },
    ]);
    const wrong = await patch('fine', 3, { alpha: 2, errors: 'explode', other: 1 });
    expect(wrong.status).toBe(400);
    expect((await api.request('GET', path('nobody'))).status).toBe(404);
  });

  it('needs an admin key to write and a secret key to read', async () => {
    const { publishable, secret } = api.keys;
    const ask = (method: 'GET' | 'PATCH' | 'POST', url: string, key: string) =>
      api.request(method, url, { key, ...(method === 'GET' ? {} : { body: {} }) });
    expect((await ask('GET', path('fine'), publishable)).status).toBe(403);
    expect((await ask('GET', path('fine'), secret)).status).toBe(200);
    expect((await ask('PATCH', path('fine'), secret)).status).toBe(403);
    for (const action of ['undo', 'watch-again'])
      expect((await ask('POST', `${path('fine')}/${action}`, secret)).status).toBe(403);
  });

  describe('around the life of an experiment', () => {
    const read = async <T>(key: string, part: string): Promise<T> =>
      (await api.request('GET', `/v1/experiments/${key}/${part}`)).json<T>();
    const draft = (key: string, parts: Record<string, unknown> = {}): Promise<TestAnswer> =>
      post('/v1/experiments', {
        key,
        title: key,
        surface: 'fine',
        layer: 'fine',
        arms: ['control', 'new'].map((name) => ({
          key: name,
          weight: 1,
          isControl: name === 'control',
          treatment: { kind: 'value', value: name },
        })),
        hypothesis: 'Fresh rows make members watch more',
        decisionMetric: 'play-rate',
        ...parts,
      });
    const itemsOf = async (key: string): Promise<Record<string, string>> => {
      const { items } = await read<{ items: { code: string; status: string }[] }>(key, 'checklist');
      return Object.fromEntries(items.map(({ code, status: is }) => [code, is]));
    };

    it('checks before a start what is there, what it needs, whom it reaches and who is in its way', async () => {
      await draft('checked', { targeting: { attribute: 'country', op: 'eq', value: 'FR' } });
      expect(await itemsOf('checked')).toEqual({
        complete: 'pass',
        metrics: 'pass',
        guardrails: 'fail',
        power: 'fail',
        targeting: 'fail',
        clash: 'pass',
        approval: 'pass',
      });
      await post('/v1/layers', { key: 'apart', title: 'Apart' });
      await draft('apart', {
        layer: 'apart',
        hypothesis: '',
        guardrailMetrics: ['cancellations'],
        targeting: null,
      });
      const { ready, items } = await read<{ ready: boolean; items: { code: string; text: string }[] }>(
        'apart',
        'checklist',
      );
      expect(ready).toBe(false);
      expect(await itemsOf('apart')).toMatchObject({
        complete: 'fail',
        guardrails: 'pass',
        power: 'unknown',
        targeting: 'pass',
        clash: 'fail',
      });
      expect(items.find(({ code }) => code === 'clash')?.text).toContain('"fine"');
      expect((await api.request('GET', '/v1/experiments/nobody/checklist')).status).toBe(404);
    });

    it('starts only what a second person approved, as it was when they did', async () => {
      const put = await api.request('PUT', '/v1/settings/approval', { body: { required: true } });
      expect(put.json()).toEqual({ required: true });
      const other = (await post('/v1/keys', { name: 'second person', role: 'admin' })).json<{ key: string }>()
        .key;
      await draft('asked');
      const url = '/v1/experiments/asked';
      const start = async () => (await post(`${url}/start`)).json<{ code?: string; status: unknown }>();
      const decide = (key: string | undefined, decision: string) =>
        api.request('POST', `${url}/approval/decision`, { body: { decision }, ...(key ? { key } : {}) });
      expect(await start()).toMatchObject({ code: 'approval_needed' });
      expect((await itemsOf('asked'))['approval']).toBe('fail');
      expect((await decide(other, 'approve')).json()).toMatchObject({ code: 'nothing_asked' });
      expect((await post(`${url}/approval`, { comment: 'Please look' })).json()).toMatchObject({
        state: 'asked',
      });
      expect((await decide(undefined, 'approve')).json()).toMatchObject({ code: 'own_request' });
      const edit = (title: string, version: number, body: object) =>
        api.request('PATCH', url, { body: { title, ...body }, headers: { 'if-match': `"${version}"` } });
      await edit('A better title', 1, {});
      expect((await decide(other, 'approve')).json()).toMatchObject({ state: 'approved', required: true });
      await edit('A better title', 2, { minimumDays: 21 });
      expect(await read('asked', 'approval')).toMatchObject({ state: 'outdated' });
      expect(await start()).toMatchObject({ code: 'approval_needed' });
      await post(`${url}/approval`);
      expect((await decide(other, 'reject')).json()).toMatchObject({ state: 'rejected' });
      await post(`${url}/approval`);
      await decide(other, 'approve');
      expect(await start()).toMatchObject({ status: 'running' });

      // A start date pins the segment: what was approved starts all the same, as long as the segment is what it was.
      const segment = { key: 'fans', title: 'Fans', condition: { attribute: 'plays', op: 'gt', value: 9 } };
      await post('/v1/segments', segment);
      await post('/v1/layers', { key: 'dated', title: 'Dated' });
      await post('/v1/surfaces', { key: 'dated', title: 'Dated', kind: 'value', defaultValue: 'default' });
      await draft('dated', { surface: 'dated', layer: 'dated', targeting: { segment: 'fans' } });
      await post('/v1/experiments/dated/approval');
      await api.request('POST', '/v1/experiments/dated/approval/decision', {
        body: { decision: 'approve' },
        key: other,
      });
      const startAt = new Date(Date.now() + HOUR).toISOString();
      const planned = await api.request('PATCH', '/v1/experiments/dated/schedule', { body: { startAt } });
      expect(planned.status).toBe(200);
      expect(await read('dated', 'approval')).toMatchObject({ state: 'approved' });
      const store = new ExperimentStore(api.db.database);
      const schedules = new ScheduleService(
        api.db.database,
        store,
        new ExperimentsService(api.db.database, store),
      );
      expect(await schedules.run(new Date(Date.now() + 2 * HOUR))).toMatchObject([
        { experiment: 'dated', move: 'start' },
      ]);
      await post('/v1/experiments/dated/stop');
      await api.request('PUT', '/v1/settings/approval', { body: { required: false } });
    });

    it('keeps the report as it stood at the end, whatever happens afterwards', async () => {
      type Snapshots = {
        items: { status: string; sha256: string; reason: string; report: { units: object } }[];
      };
      expect((await read<Snapshots>('failing', 'evidence')).items).toEqual([]);
      await post('/v1/experiments/failing/stop', { reason: 'It breaks playback' });
      const [first] = (await read<Snapshots>('failing', 'evidence')).items;
      expect(first).toMatchObject({ status: 'stopped', reason: 'It breaks playback' });
      expect(first?.report.units).toMatchObject({ enrolled: 3000 });
      const { database } = api.db;
      await database.query(`update experiment_unit set crossover = true where experiment = 'failing'`);
      await post('/v1/experiments/failing/ship', { arm: 'control' });
      const items = (await read<Snapshots>('failing', 'evidence')).items;
      expect(items.map(({ status: is }) => is)).toEqual(['stopped', 'shipped']);
      expect(items[0]).toEqual(first);
      await expect(database.query(`update experiment_evidence set reason = 'better'`)).rejects.toThrow(
        /never changed/,
      );
      await expect(database.query('delete from experiment_evidence')).rejects.toThrow(/never changed/);
    });

    it('keeps comments and decisions in order, with who wrote them', async () => {
      const url = '/v1/experiments/fine/notes';
      expect((await post(url, { text: 'Looks odd on TV' })).status).toBe(201);
      await post(url, { kind: 'decision', text: 'We wait for another week' });
      const { items } = await read<{ items: Record<string, unknown>[] }>('fine', 'notes');
      expect(items).toMatchObject([
        {
          kind: 'decision',
          text: 'We wait for another week',
          author: expect.stringContaining('local admin'),
        },
        { kind: 'comment', text: 'Looks odd on TV' },
      ]);
      expect((await post(url, { text: '' })).status).toBe(400);
      const body = { text: 'x' };
      expect((await api.request('POST', url, { body, key: api.keys.secret })).status).toBe(403);
    });

    it('shows in a calendar what runs when, and what wants the same units', async () => {
      await draft('rival', { layer: 'apart', hypothesis: 'It is better still' });
      await post('/v1/experiments/rival/start');
      type Seen = {
        items: { key: string; status: string; endIsGuess: boolean }[];
        clashes: { reason: string; surface: string; experiments: string[]; text: string }[];
      };
      const calendar = (await api.request('GET', '/v1/calendar')).json<Seen>();
      expect(calendar.items.map(({ key }) => key)).toEqual(
        expect.arrayContaining(['fine', 'rival', 'harmful']),
      );
      const pairs = ({ clashes }: Seen, wanted: string) =>
        clashes
          .filter(({ reason }) => reason === wanted)
          .map(({ experiments }) => [...experiments].sort())
          .sort();
      // "fine" and "asked" have parts of one layer that do not touch, so they share no unit.
      expect(pairs(calendar, 'same-units')).toEqual([
        ['asked', 'rival'],
        ['fine', 'rival'],
      ]);
      // Layers of their own: "harmful" and "fine" serve the same units on two surfaces, and both are decided by play rate.
      expect(pairs(calendar, 'same-metric')).toEqual(expect.arrayContaining([['fine', 'harmful']]));
      expect(calendar.items.map(({ status: is }) => is)).not.toContain('draft');

      await draft('late', { layer: 'apart' });
      const drafts = (await api.request('GET', '/v1/calendar?drafts=true')).json<Seen>();
      expect(pairs(drafts, 'layer-full')).toContainEqual(['late', 'rival']);
      const late = drafts.clashes.find(
        ({ reason, experiments }) => reason === 'layer-full' && experiments.includes('late'),
      );
      expect(late?.text).toContain('0 % free');
      const { items } = await read<{ items: { code: string; level: string; text: string }[] }>(
        'late',
        'checklist',
      );
      expect(items.find(({ code }) => code === 'clash')).toMatchObject({
        level: 'needed',
        status: 'fail',
        text: expect.stringContaining('it belongs to "rival"'),
      });
      // By household it cannot be in a layer that deals by member: a member could still be in both.
      await api.request('POST', '/v1/experiments/rival/stop', { body: {} });
      await draft('narrow', { layer: 'apart', layerShare: 0.2 });
      await post('/v1/experiments/narrow/start');
      await draft('homes', { layer: 'apart', layerShare: 0.2, clusterBy: 'household' });
      expect(await read('homes', 'guardrails')).toMatchObject({ clusterBy: 'household' });
      expect(await read('narrow', 'guardrails')).toMatchObject({ clusterBy: null });
      const mixed = (await api.request('GET', '/v1/calendar?drafts=true')).json<Seen>();
      expect(pairs(mixed, 'layer-unit')).toContainEqual(['homes', 'narrow']);
      expect(mixed.clashes.find(({ reason }) => reason === 'layer-unit')?.text).toContain(
        'homes is dealt by household and needs another layer',
      );
      expect(
        (await read<{ items: unknown[] }>('homes', 'checklist')).items.find(
          (item) => (item as { code: string }).code === 'clash',
        ),
      ).toMatchObject({ level: 'needed', status: 'fail', text: expect.stringContaining('"narrow"') });
      expect((await api.request('POST', '/v1/experiments/homes/start', { body: {} })).json()).toMatchObject({
        status: 409,
        code: 'layer_unit_type',
        errors: [{ pointer: '/layer' }],
      });
      const past = await api.request('GET', '/v1/calendar?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z');
      expect(past.json()).toMatchObject({ items: [], clashes: [] });
      expect((await api.request('GET', '/v1/calendar?from=yesterday')).status).toBe(400);
    });
  });
});
