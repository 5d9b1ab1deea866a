import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRng, hashUnitId } from '#experiments';
import { FlagService } from '../serving/flag-service.js';
import { startTestApi } from '../../test/api.js';
import type { TestAnswer, TestApi } from '../../test/api.js';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import { ExperimentsService } from '../experiments/experiments.service.js';
import { GuardrailEvidence } from '../guardrails/guardrail-evidence.js';
import { GuardrailWatch } from '../guardrails/guardrail-watch.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvents } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import type { ClusterReport } from '../reports/clusters.js';
import type { EventRatesReport } from '../reports/event-rates.js';
import type { SegmentScanReport } from '../reports/segment-scan.js';
import { EventCountStore } from '../reports/event-counts.js';
import { LiftReports } from '../reports/lift-reports.js';
import type { LiftReport } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';
import type { SwitchbackReport } from '../reports/switchback-report.js';
import { rollUpAll } from '../rollups/roll-up-all.js';

interface Treatment {
  decisionId: string;
  experiment: string | null;
  arm: string | null;
  reason: string;
  unit?: { unitId: string; unitType: string };
}
interface Fault {
  code: string;
  errors: { pointer: string; code: string }[];
}

const arm = (key: string) => ({
  key,
  weight: 1,
  isControl: key === 'control',
  treatment: { kind: 'value', value: key },
});

interface Robust {
  readonly mean: number;
  readonly variance: number;
  /** Of the mean, as if units were independent. */
  readonly naive: number;
}

/** The sandwich written out: sums of residuals by cluster, squared, over the number of units squared; CR1. */
function robust(clusters: readonly string[], values: readonly number[]): Robust {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const residuals = new Map<string, number>();
  values.forEach((value, i) => {
    const cluster = clusters[i] ?? '';
    residuals.set(cluster, (residuals.get(cluster) ?? 0) + value - mean);
  });
  const g = residuals.size;
  const squares = [...residuals.values()].reduce((sum, one) => sum + one * one, 0);
  return { mean, variance: ((g / (g - 1)) * squares) / (n * n), naive: (mean * (1 - mean)) / (n - 1) };
}

/** 200 households of one to four members, 500 in all; those of one household behave nearly as one. */
function households() {
  const rng = createRng('households');
  const at = Date.now() - 20 * 86_400_000;
  const raw = {
    control: { households: [] as string[], plays: [] as number[], contexts: [] as Record<string, string>[] },
    new: { households: [] as string[], plays: [] as number[], contexts: [] as Record<string, string>[] },
  };
  const decisions: DecisionRecord[] = [];
  const events: ClientEvent[] = [];
  for (let h = 0; h < 200; h++) {
    const which = h % 2 === 0 ? 'control' : 'new';
    // A household plays or does not, nearly as one: its members tell little more than one of them.
    const habit = rng.uniform() < (which === 'new' ? 0.6 : 0.5) ? 0.95 : 0.05;
    for (let m = 0; m <= h % 4; m++) {
      const id = `h${h}-m${m}`;
      const plays = rng.uniform() < habit ? 1 : 0;
      // A plan is the household's, a device each member's own.
      const context = {
        householdId: `h${h}`,
        plan: h % 8 < 4 ? 'basic' : 'plus',
        device: m < 2 ? 'tv' : 'phone',
      };
      const decision = decisionRecord(id, at + h, which, {
        experiment: 'home',
        surface: 'on.dev',
        exposed: true,
        context,
      });
      decisions.push(decision);
      if (plays === 1)
        events.push(clientEvent(id, at + h + 60_000, { name: 'play', decisionId: decision.id }));
      raw[which].households.push(`h${h}`);
      raw[which].plays.push(plays);
      raw[which].contexts.push(context);
    }
  }
  return { at, raw, decisions, events };
}

/** Two markets in 60 slots of an hour, whose watching answers to their arm and to that of the slot before. */
function turns() {
  const rng = createRng('turns');
  const hour = 3_600_000;
  const first = Math.floor(Date.now() / hour) * hour - 15 * 24 * hour;
  const watched = { control: [] as number[], new: [] as number[] };
  const decisions: DecisionRecord[] = [];
  const events: ClientEvent[] = [];
  for (const market of ['de', 'fr']) {
    let before = false;
    for (let slot = 0; slot < 60; slot++) {
      const start = first + slot * hour;
      const which = rng.uniform() < 0.5 ? 'control' : 'new';
      const unitId = `${market}@${new Date(start).toISOString().slice(0, 16)}Z`;
      const onlyEarly = market === 'de' && slot === 59;
      const minutes = 20 + (which === 'new' ? 8 : 0) + (before ? 6 : 0) + 3 * rng.normal();
      for (const [at, seconds] of [
        [start + 60_000, 6000],
        ...(onlyEarly ? [] : [[start + 20 * 60_000, minutes * 60]]),
      ] as [number, number][]) {
        const decision = decisionRecord(unitId, at, which, {
          experiment: 'turns',
          surface: 'on.dev',
          unitType: 'market',
          exposed: true,
        });
        decisions.push(decision);
        events.push(
          clientEvent(unitId, at + 1000, { name: 'watch', value: seconds, decisionId: decision.id }),
        );
      }
      if (!onlyEarly) watched[which].push(minutes);
      before = which === 'new';
    }
  }
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  return { decisions, events, means: { control: mean(watched.control), new: mean(watched.new) } };
}

const bothArms = ({ control, new: other }: ReturnType<typeof households>['raw']): [Robust, Robust] => [
  robust(control.households, control.plays),
  robust(other.households, other.plays),
];

describe('who is assigned, over HTTP', () => {
  let api: TestApi;
  const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<TestAnswer> =>
    api.request('POST', url, { body, headers });
  const draft = (key: string, parts: Record<string, unknown> = {}): Promise<TestAnswer> =>
    post('/v1/experiments', {
      key,
      title: key,
      hypothesis: 'It helps',
      surface: `on.${key}`,
      layer: `layer-${key}`,
      arms: [arm('control'), arm('new')],
      decisionMetric: 'watch-minutes',
      ...parts,
    });
  const start = (key: string): Promise<TestAnswer> => post(`/v1/experiments/${key}/start`, {});
  const serve = async (surface: string, request: Record<string, unknown>): Promise<Treatment> => {
    const answer = await post('/v1/treatments', { requests: [{ surface }], ...request });
    return answer.json<{ treatments: Treatment[] }>().treatments[0] as Treatment;
  };
  async function until(condition: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 20_000; !(await condition()); await sleep(20))
      if (Date.now() > deadline) throw new Error('waited in vain');
  }
  const audit = async (entity: string): Promise<{ action: string; after: Record<string, unknown> }[]> =>
    (await api.request('GET', `/v1/audit?entity=${entity}`)).json<{
      items: { action: string; after: Record<string, unknown> }[];
    }>().items;

  beforeAll(async () => {
    api = await startTestApi();
    for (const key of ['fans', 'staff', 'dev', 'child', 'home']) {
      await post('/v1/layers', { key: `layer-${key}`, title: key });
      await post('/v1/surfaces', { key: `on.${key}`, title: key, kind: 'value', defaultValue: 'default' });
    }
  }, 60_000);
  afterAll(() => api.close());

  it('saves segments with versions; a start pins the version, and who uses a segment is told', async () => {
    const condition = (value: number) => ({ attribute: 'plays', op: 'gte', value });
    const made = await post('/v1/segments', { key: 'fans', title: 'Fans', condition: condition(10) });
    expect([made.status, made.headers['etag']]).toEqual([201, '"1"']);
    expect((await draft('fans', { targeting: { segment: 'nobody' } })).json<Fault>().errors[0]).toMatchObject(
      {
        pointer: '/targeting',
        code: 'unknown_segment',
      },
    );
    expect((await draft('fans', { targeting: { segment: 'fans' } })).status).toBe(201);
    expect((await start('fans')).json()).toMatchObject({ targeting: { segment: 'fans', version: 1 } });
    const change = { body: { condition: condition(50) } };
    expect((await api.request('PATCH', '/v1/segments/fans', change)).status).toBe(428);
    const changed = await api.request('PATCH', '/v1/segments/fans', {
      ...change,
      headers: { 'if-match': '"1"' },
    });
    expect(changed.json()).toMatchObject({
      version: 2,
      usedBy: [{ experiment: 'fans', status: 'running', version: 1 }],
    });
    expect(
      (await api.request('PATCH', '/v1/segments/fans', { ...change, headers: { 'if-match': '"1"' } })).status,
    ).toBe(412);
    await until(
      async () => (await serve('on.fans', { unitId: 'm1', context: { plays: 20 } })).reason === 'SPLIT',
    );
    expect((await serve('on.fans', { unitId: 'm1', context: { plays: 5 } })).reason).toBe('NOT_ELIGIBLE');
    expect((await api.request('DELETE', '/v1/segments/fans')).json()).toMatchObject({ code: 'in_use' });
    const asked = [20, 5, 60].map((plays, i) =>
      decisionRecord(`asked-${i}`, Date.now() - 60_000, 'control', {
        surface: 'on.fans',
        context: { plays },
      }),
    );
    await new FactStore(api.db.database).insertDecisions(asked.map(encodeDecision));
    const preview = { targeting: { not: { segment: 'fans' } } };
    // It had version 1, 10 plays or more; a change takes the newest, 50 or more.
    expect((await post('/v1/experiments/fans/preview', preview)).json()).toMatchObject({
      reach: { requests: 3, before: 2 / 3, after: 2 / 3 },
    });
    expect((await post('/v1/segments/fans/match', { context: { plays: 20 } })).json()).toMatchObject({
      version: 2,
      passed: false,
    });
    expect(
      (await api.request('GET', '/v1/segments/fans/versions')).json<{ items: unknown[] }>().items,
    ).toHaveLength(2);
    expect((await audit('segment')).map(({ action }) => action)).toEqual([
      'segment.change',
      'segment.create',
    ]);
    const nested = await post('/v1/segments', {
      key: 'x',
      title: 'X',
      condition: { not: { segment: 'fans' } },
    });
    expect(nested.status).toBe(400);
  });

  it('keeps lists of units, hashed unless told otherwise, from JSON and CSV; serving follows them', async () => {
    expect((await post('/v1/unit-lists', { key: 'staff', title: 'Staff' })).json()).toMatchObject({
      hashed: true,
      size: 0,
    });
    const csv = 'unitId,name\nm1,"a, b"\nm2,c\nm1,again\n';
    expect((await post('/v1/unit-lists/staff/add', { csv })).json()).toMatchObject({ size: 2 });
    expect(
      (await post('/v1/unit-lists/staff/add', { ids: [hashUnitId('m3')], hashed: true })).json(),
    ).toMatchObject({ size: 3 });
    const stored = await api.db.database.query<{ entry: string }>(
      'select entry from unit_list_entry order by entry',
    );
    expect(stored.map(({ entry }) => entry)).toEqual(['m1', 'm2', 'm3'].map(hashUnitId).sort());
    for (const ids of [['ann@example.org'], [], ['a'.repeat(257)], ['\u0000']])
      expect((await post('/v1/unit-lists/staff/add', { ids })).status).toBe(400);
    await draft('staff', { targeting: { attribute: '$unit', op: 'inList', value: 'staff' } });
    await start('staff');
    await until(async () => (await serve('on.staff', { unitId: 'm3' })).reason === 'SPLIT');
    expect((await serve('on.staff', { unitId: 'm4' })).reason).toBe('NOT_ELIGIBLE');
    await post('/v1/unit-lists/staff/take', { ids: ['m3'] });
    await until(async () => (await serve('on.staff', { unitId: 'm3' })).reason === 'NOT_ELIGIBLE');
    expect((await api.request('DELETE', '/v1/unit-lists/staff')).json()).toMatchObject({ code: 'in_use' });
    expect(JSON.stringify(await audit('unit_list'))).not.toMatch(/m1|[0-9a-f]{64}/);
    expect((await api.request('DELETE', '/v1/units/m1')).status).toBe(200);
    expect((await api.request('GET', '/v1/unit-lists/staff')).json()).toMatchObject({ size: 1 });
  });

  it('assigns another unit type by the context, and records and names that unit', async () => {
    expect((await draft('dev', { unitType: 'spaceship' })).json<Fault>().errors[0]?.code).toBe(
      'unknown_unit_type',
    );
    const seat = { key: 'seat', title: 'Seat', contextField: 'seatId' };
    expect((await post('/v1/unit-types', seat)).status).toBe(201);
    expect((await post('/v1/unit-types', seat)).status).toBe(409);
    await draft('dev', { unitType: 'device' });
    await start('dev');
    const signedIn = { unitId: 'm5', context: { deviceId: 'tv-1' } };
    await until(async () => (await serve('on.dev', signedIn)).reason === 'SPLIT');
    const [after, before] = [
      await serve('on.dev', signedIn),
      await serve('on.dev', { unitId: 'tv-1', unitType: 'device' }),
    ];
    expect(after.unit).toEqual({ unitId: 'tv-1', unitType: 'device' });
    expect([before.arm, before.unit]).toEqual([after.arm, undefined]);
    expect((await serve('on.dev', { unitId: 'm5' })).reason).toBe('NOT_ELIGIBLE');
    // What a change reaches counts requests that name a device: as their own unit, or in their context.
    const asked = [
      { unitType: 'device', unitId: 'tv-1', context: { plays: 20 } },
      { context: { deviceId: 'tv-2', plays: 20 } },
      { context: { deviceId: 'tv-3', plays: 5 } },
      { context: { plays: 20 } },
    ].map((one, i) =>
      decisionRecord(`dev-${i}`, Date.now() - 60_000, 'control', { surface: 'on.dev', ...one }),
    );
    await new FactStore(api.db.database).insertDecisions(asked.map(encodeDecision));
    const targeting = { attribute: 'plays', op: 'gte', value: 10 };
    expect((await post('/v1/experiments/dev/preview', { targeting })).json()).toMatchObject({
      reach: { requests: 3, before: 1, after: 2 / 3 },
    });
  });

  it('keeps the first unit of a person, however many links arrive at once', async () => {
    const link = (anonymousId: string, unitId: string) =>
      api.request('POST', '/v1/identities', { body: { anonymousId, unitId }, key: api.keys.secret });
    const links = await Promise.all(Array.from({ length: 8 }, (_, i) => link('anon-1', `person-${i % 4}`)));
    const outcomes = links.map((answer) => answer.json<{ outcome: string }>().outcome);
    // One of the four people got the anonymous unit, once; its second link changed nothing; the others stay apart.
    expect(outcomes.sort()).toEqual([...new Array<string>(6).fill('kept_apart'), 'linked', 'unchanged']);
    const aliases = await api.db.database.query<{ unit_id: string; kept: string }>(
      'select unit_id, kept from unit_alias',
    );
    expect(aliases).toEqual([{ unit_id: expect.stringMatching(/^person-\d$/), kept: 'anon-1' }]);
    const person = aliases[0]?.unit_id ?? '';
    // A second device of the person joins the same unit, and both are served as it.
    expect((await link('anon-2', person)).json()).toMatchObject({ kept: 'anon-1', outcome: 'linked' });
    const arms = await Promise.all(
      ['anon-1', 'anon-2', person].map((unitId) => serve('on.fans', { unitId, context: { plays: 20 } })),
    );
    expect(new Set(arms.map((one) => one.arm)).size).toBe(1);
    // Also where another unit asks, and the context names the person.
    const byDevice = { unitId: 'tv-2', unitType: 'device', context: { memberId: person, plays: 20 } };
    const { arm: own, unit } = await serve('on.fans', byDevice);
    expect([own, unit]).toEqual([arms[0]?.arm, { unitId: 'anon-1', unitType: 'member' }]);
    const event = { id: 'e-1', kind: 'outcome', unitId: person, at: new Date().toISOString(), name: 'play' };
    expect((await post('/v1/events', { events: [event] })).status).toBe(202);
    expect((await api.request('GET', `/v1/identities/${person}`)).json()).toMatchObject({
      kept: 'anon-1',
      aliases: [{ unitId: person }, { unitId: 'anon-2' }],
    });
    expect((await api.request('GET', '/v1/identities')).json()).toMatchObject({
      aliases: 2,
      last7Days: { shared: 6 },
    });
    for (const body of [{ anonymousId: 'a', unitId: 'a' }, { anonymousId: 'a@b.example', unitId: 'b' }, {}])
      expect((await post('/v1/identities', body)).status).toBe(400);
    expect((await api.request('DELETE', `/v1/units/${person}`)).json()).toMatchObject({
      removed: { identities: 1 },
    });
  });

  it('refuses prerequisites that do not fit or go in a circle, and serves by them', async () => {
    const asks = (experiment: string, arms = ['new']) => ({ prerequisites: [{ experiment, arms }] });
    expect((await draft('child', asks('nothing'))).json<Fault>().errors[0]?.code).toBe(
      'invalid_prerequisite',
    );
    expect((await draft('child', asks('fans', ['other']))).status).toBe(400);
    expect((await draft('child', asks('fans'))).status).toBe(201);
    const back = await draft('back', { surface: 'on.fans', layer: 'layer-fans', ...asks('child') });
    expect(back.json<Fault>().errors[0]).toMatchObject({
      pointer: '/prerequisites',
      code: 'prerequisite_cycle',
    });
    await start('child');
    const context = { plays: 20 };
    await until(
      async () =>
        (await serve('on.child', { unitId: 'p0', context })).experiment !== null ||
        (await serve('on.child', { unitId: 'p1', context })).experiment !== null ||
        (await serve('on.child', { unitId: 'p2', context })).experiment !== null,
    );
    for (let i = 0; i < 20; i++) {
      const above = await serve('on.fans', { unitId: `p${i}`, context });
      const below = await serve('on.child', { unitId: `p${i}`, context });
      expect(below.experiment).toBe(above.arm === 'new' ? 'child' : null);
    }
    const explained = await post('/v1/experiments/child/explain', { unitId: 'p1', context });
    expect(explained.text).toContain('of \\"fans\\" is asked for');
  });

  it('compares arms that households were assigned to with intervals that know of households', async () => {
    const { database } = api.db;
    await draft('home', {
      surface: 'on.dev',
      layer: 'layer-home',
      clusterBy: 'household',
      decisionMetric: 'play-rate',
      secondaryMetrics: ['watch-minutes-p90'],
    });
    await start('home');
    const { at, raw, decisions, events } = households();
    const facts = new FactStore(database);
    await facts.insertDecisions(decisions.map(encodeDecision));
    await facts.insertEvents(encodeEvents(events));
    await database.query(`update experiment set started_at = $1 where key = 'home'`, [new Date(at - 1000)]);
    await database.query(`update experiment_phase set started_at = $1 where experiment = 'home'`, [
      new Date(at - 1000),
    ]);
    await rollUpAll(database, new Date());
    const answer = await api.request('GET', '/v1/experiments/home/report/clusters');
    const report = answer.json<ClusterReport>();
    expect(report).toMatchObject({
      clusterBy: 'household',
      contextField: 'householdId',
      units: 500,
      unitsWithoutCluster: 0,
    });
    const found = report.comparisons.find(({ metric }) => metric === 'play-rate');
    const [a, b] = bothArms(raw);
    expect(found?.controlArm.clusters).toBe(100);
    expect(found?.effect?.estimate).toBeCloseTo(b.mean - a.mean, 10);
    expect(found?.effect?.standardError).toBeCloseTo(Math.sqrt(a.variance + b.variance), 10);
    // As if members were independent the error would be much smaller.
    const naive = Math.sqrt(a.naive + b.naive);
    expect((found?.effect?.standardError ?? 0) / naive).toBeGreaterThan(1.3);
    expect((await api.request('GET', '/v1/experiments/fans/report/clusters')).json()).toMatchObject({
      code: 'not_clustered',
    });
  });

  it('shows in the ordinary report what households cost, and no lift that does not know of them', async () => {
    const [a, b] = bothArms(households().raw);
    const error = Math.sqrt(a.variance + b.variance);
    for (const estimator of ['welch', 'asymptotic-cs', 'score', 'bayesian']) {
      const whole = (
        await api.request('GET', `/v1/experiments/home/report?estimator=${estimator}`)
      ).json<LiftReport>();
      const play = whole.results.find(({ metric }) => metric === 'play-rate');
      if (!play) throw new Error('not measured');
      expect(play.kind).toBe('proportion');
      expect(play.effect.estimate).toBeCloseTo(b.mean - a.mean, 10);
      expect(play.effect.standardError).toBeCloseTo(error, 10);
      expect([play.effect.control.n, play.matured, play.enrolled]).toEqual([100, 200, 200]);
      expect(play.formula[0]).toContain('n counts clusters by household');
      expect(whole.clusters).toMatchObject({ by: 'household', total: 200, meanSize: 2.5 });
      expect(whole.clusters?.perArm).toEqual({ control: 100, new: 100 });
      // 100 households and 100, though they have 200 members and 300.
      expect(whole.health.find(({ key }) => key === 'sample-ratio')?.status).toBe('pass');
      const quantile = whole.results.find(({ metric }) => metric === 'watch-minutes-p90');
      expect(quantile?.effect).toMatchObject({
        status: 'undefined',
        reason: 'no_cluster_form',
        interval: null,
      });
      expect(whole.missing.join()).toContain('no error that knows of clusters');
    }
    // The guardrail worker counts as the report does, and would find 200 members against 300 in breach.
    const part = <T>(token: new (...args: never[]) => T): T => api.running.app.get(token, { strict: false });
    const { database } = api.db;
    const experiments = new ExperimentStore(database);
    const watch = new GuardrailWatch(
      database,
      experiments,
      new ExperimentsService(database, experiments),
      new GuardrailEvidence(database, part(ReportStore), part(LiftReports), part(EventCountStore)),
    );
    const guardPlan = async (minimumUnits: number) => {
      const { headers } = await api.request('GET', '/v1/experiments/home/guardrails');
      const body = { minimumMinutes: 0, minimumUnits };
      const set = { body, headers: { 'if-match': String(headers['etag'] ?? '') } };
      expect((await api.request('PATCH', '/v1/experiments/home/guardrails', set)).status).toBe(200);
      await watch.run(new Date());
      return (await api.request('GET', '/v1/experiments/home/guardrails')).json<{
        check: { findings: { watch: string; status: string; detail: string }[] };
      }>().check.findings;
    };
    expect(await guardPlan(100)).toContainEqual(
      expect.objectContaining({
        watch: 'sample-ratio',
        status: 'fine',
        detail: 'Clusters are split over the arms as planned.',
      }),
    );
    expect((await guardPlan(101))[0]?.detail).toContain('the smallest has 100');
    const days = (
      await api.request('GET', '/v1/experiments/home/report/series?metric=play-rate&estimator=welch')
    ).json<{ points: { estimate: number; lower: number; upper: number }[] }>();
    expect(days.points).toHaveLength(1);
    const ratio = (await api.request('GET', '/v1/experiments/home/report/clusters'))
      .json<ClusterReport>()
      .comparisons.find(({ metric }) => metric === 'play-rate')?.designEffect;
    expect(ratio).toBeCloseTo((a.variance + b.variance) / (a.naive + b.naive), 6);
    for (const path of [
      'report/retention?kind=day',
      'survival?event=cancel',
      'forecast?day=28',
      'novelty',
      'report/adjustments?metric=play-rate',
      'report/bayesian?metric=play-rate',
    ])
      expect([path, (await api.request('GET', `/v1/experiments/home/${path}`)).json<Fault>().code]).toEqual([
        path,
        'assigned_by_cluster',
      ]);
  });

  it('compares households in segments and by events, and says where segments share them', async () => {
    const { raw } = households();
    const scan = (
      await api.request('GET', '/v1/experiments/home/segments/scan?estimator=welch')
    ).json<SegmentScanReport>();
    expect(scan).toMatchObject({ clusterBy: 'household' });
    expect(scan.leftOut.map(({ key }) => key)).toContain('watch-minutes-p90');
    expect(scan.attributes.map(({ attribute, sharesClusters }) => [attribute, sharesClusters])).toEqual([
      ['device', true],
      ['plan', false],
    ]);
    for (const [attribute, value, clusters] of [
      ['plan', 'basic', 50],
      ['plan', 'plus', 50],
      ['device', 'tv', 100],
    ] as const) {
      const within = ({ households: ids, plays, contexts }: typeof raw.control): Robust => {
        const at = contexts.flatMap((one, i) => (one[attribute] === value ? [i] : []));
        return robust(
          at.map((i) => ids[i] ?? ''),
          at.map((i) => plays[i] ?? 0),
        );
      };
      const [a, b] = [within(raw.control), within(raw.new)];
      const cell = scan.cells.find(
        (one) => one.metric === 'play-rate' && one.attribute === attribute && one.value === value,
      );
      expect(cell?.effect.control.n).toBe(clusters);
      expect(cell?.effect.estimate).toBeCloseTo(b.mean - a.mean, 10);
      expect(cell?.effect.standardError).toBeCloseTo(Math.sqrt(a.variance + b.variance), 10);
    }
    const tests = scan.interactions.filter(({ metric }) => metric === 'play-rate');
    expect(tests.map(({ attribute, reason }) => [attribute, reason])).toEqual([
      ['device', 'shared_clusters'],
      ['plan', null],
    ]);
    expect(scan.imbalances).toEqual([]);

    // One household that plays is one, however many of its members do.
    const rates = (
      await api.request('GET', '/v1/experiments/home/report/rates?event=play')
    ).json<EventRatesReport>();
    expect(rates.clusterBy).toBe('household');
    const played = ({ households: ids, plays }: typeof raw.control): number =>
      new Set(ids.filter((_, i) => plays[i] === 1)).size;
    expect(rates.arms.map(({ arm: key, exposed, units }) => [key, exposed, units])).toEqual([
      ['control', 100, played(raw.control)],
      ['new', 100, played(raw.new)],
    ]);
    expect(rates.comparisons[0]?.points.at(-1)?.ratio).toBeCloseTo(played(raw.new) / played(raw.control), 10);
  });

  it('compares a switchback by slots, leaves out their first minutes, and tells what is carried over', async () => {
    const { database } = api.db;
    for (const washOutMinutes of [60, -1])
      expect(
        (await draft('turns', { surface: 'on.dev', switchback: { slotMinutes: 60, washOutMinutes } })).status,
      ).toBe(400);
    await draft('turns', {
      surface: 'on.dev',
      layer: 'layer-home',
      layerShare: 0.1,
      unitType: 'market',
      switchback: { slotMinutes: 60, washOutMinutes: 10 },
      decisionMetric: 'watch-minutes',
    });
    await start('turns');
    const { decisions, events, means } = turns();
    const facts = new FactStore(database);
    await facts.insertDecisions(decisions.map(encodeDecision));
    await facts.insertEvents(encodeEvents(events));
    const began = new Date(Date.now() - 20 * 86_400_000);
    await database.query(`update experiment set started_at = $1 where key = 'turns'`, [began]);
    await database.query(`update experiment_phase set started_at = $1 where experiment = 'turns'`, [began]);
    await rollUpAll(database, new Date());
    const report = (
      await api.request('GET', '/v1/experiments/turns/report/switchback?metric=watch-minutes')
    ).json<SwitchbackReport>();
    expect(report).toMatchObject({ slotMinutes: 60, washOutMinutes: 10, markets: 2, slots: 119 });
    const { result, warning } = report.comparisons[0] ?? {};
    // What was watched in the first ten minutes counts for no slot, and a slot seen only then is not there.
    expect(result?.control.mean).toBeCloseTo(means.control, 9);
    expect(result?.treatment.mean).toBeCloseTo(means.new, 9);
    expect(result?.randomisationP).toBeLessThan(0.01);
    expect(warning).toBe('CARRY-OVER');
    expect((await api.request('GET', '/v1/experiments/fans/report/switchback')).json()).toMatchObject({
      code: 'not_a_switchback',
    });
  });

  it('forces arms by a signed token, which counts for nothing, runs out and can be revoked', async () => {
    const give = (arms: Record<string, string>) => post('/v1/tester-tokens', { name: 'Ann', arms, hours: 1 });
    expect((await give({ fans: 'other' })).json<Fault>().errors[0]?.code).toBe('unknown_arm');
    expect((await give({ nothing: 'new' })).status).toBe(400);
    const { token } = (await give({ fans: 'new' })).json<{ token: string }>();
    const forced = { unitId: 'm9', tester: token };
    await until(
      async () =>
        (await post('/v1/treatments', { ...forced, requests: [{ surface: 'on.fans' }] })).status === 200,
    );
    const answer = await serve('on.fans', forced);
    expect(answer).toMatchObject({ experiment: 'fans', arm: 'new', reason: 'FORCED' });
    expect((await serve('on.dev', forced)).reason).toBe('NOT_ELIGIBLE');
    // The same token on the other ways to be served, where nothing is tracked of it.
    const ofrep = await api.request('POST', '/ofrep/v1/evaluate/flags/on.fans', {
      body: { context: { targetingKey: 'm9', $tester: token } },
      key: api.keys.publishable,
    });
    expect(ofrep.json()).toMatchObject({ value: 'new' });
    // Nor does "nothing has changed" outlive it, where flags are polled by their tag.
    const tag = (hours: number): string =>
      api.running.app
        .get(FlagService)
        .tagOf({ unitId: 'm9', context: {}, tester: token }, [], Date.now() + hours * 3_600_000);
    expect(tag(0)).toMatch(/\w/);
    expect(() => tag(2)).toThrow('has expired');
    const growthbook = await api.request('POST', `/api/eval/${api.keys.publishable}`, {
      body: { attributes: { id: 'm9', $tester: token } },
      key: null,
    });
    const { features } = growthbook.json<{ features: Record<string, unknown> }>();
    expect(features['on.fans']).toEqual({ defaultValue: 'new' });
    const refused = async (tester: string): Promise<unknown> =>
      (await post('/v1/treatments', { unitId: 'm9', requests: [{ surface: 'on.fans' }], tester })).json<
        Partial<Fault>
      >().errors?.[0]?.code;
    const [prefix, body, signature] = token.split('.') as [string, string, string];
    const other = Buffer.from(JSON.stringify({ name: 'Eve', arms: { fans: 'new' }, exp: 4e9 })).toString(
      'base64url',
    );
    for (const bad of ['x', `${prefix}.${other}.${signature}`, `${prefix}.${body}.`, `${token}.x`])
      expect(await refused(bad)).toBe('invalid_tester_token');
    expect((await audit('tester'))[0]).toMatchObject({
      action: 'tester.give',
      after: { arms: { fans: 'new' } },
    });
    expect(JSON.stringify(await audit('tester'))).not.toContain(signature);
    expect((await post('/v1/tester-tokens/revoke-all', { confirm: true })).status).toBe(200);
    await until(async () => (await refused(token)) === 'invalid_tester_token');
  });
});
