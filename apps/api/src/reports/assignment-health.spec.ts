import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { createClient, exposureHook } from '#client';
import { startTestApi, testConfig } from '../../test/api.js';
import type { TestAnswer, TestApi } from '../../test/api.js';
import { createWorker } from '../bootstrap.js';
import type { Running } from '../bootstrap.js';
import { newUlid } from '../http/ulid.js';
import { ExperimentCatalog } from '../serving/experiment-catalog.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import { AssignmentHealth } from './assignment-health.js';
import { LiftReports } from './lift-reports.js';
import type { LiftReport } from './lift-reports.js';

interface Treatment {
  readonly decisionId: string;
  readonly arm: 'control' | 'new';
}
type Health = Awaited<ReturnType<AssignmentHealth['of']>>;

const UNITS = 60;
const arm = (key: string) => ({
  key,
  weight: 1,
  isControl: key === 'control',
  treatment: { kind: 'value', value: key },
});
/** Units of control in the decision metric, and what they watched on average. */
const controlOf = (of: LiftReport): { n: number; mean: number } => {
  const { n = NaN, mean = NaN } = of.results[0]?.effect.control ?? {};
  return { n, mean: mean ?? NaN };
};
const liftOf = (of: LiftReport): number => of.results[0]?.effect.relative.estimate ?? NaN;
const now = (): string => new Date().toISOString();

describe('health of assignment, through the public API', () => {
  let api: TestApi;
  let worker: Running<INestApplicationContext>;
  const post = (url: string, body: unknown, key?: string): Promise<TestAnswer> =>
    api.request('POST', url, { body, ...(key === undefined ? {} : { key }) });
  const serve = async (unitId: string, expose = false): Promise<Treatment> => {
    const body = { unitId, requests: [{ surface: 'home' }], expose };
    const answer = await post('/v1/treatments', body, api.keys.publishable);
    return answer.json<{ treatments: Treatment[] }>().treatments[0] as Treatment;
  };
  /** Sends it again until the decision is stored, as the answer asks for. */
  const expose = async (decisionId: string, more: object = {}): Promise<void> => {
    for (const deadline = Date.now() + 10_000; ; await sleep(20)) {
      const answer = await post('/v1/exposures', { decisionId, ...more }, api.keys.publishable);
      if (answer.status === 404 && Date.now() < deadline) continue;
      expect(answer.status).toBe(202);
      return;
    }
  };
  let events = 0;
  const send = async (event: object): Promise<void> => {
    const body = { events: [{ id: `e${events++}`, at: now(), ...event }] };
    expect((await post('/v1/events', body, api.keys.publishable)).json()).toMatchObject({ accepted: 1 });
  };
  const watch = (unitId: string, value: number): Promise<void> =>
    send({ kind: 'outcome', unitId, name: 'watch', value });
  const report = async (query = ''): Promise<LiftReport> =>
    (await api.request('GET', `/v1/experiments/rows/report${query}`)).json();
  const health = async (): Promise<Health> =>
    (await api.request('GET', '/v1/experiments/rows/assignment')).json();
  const stateOf = async (state: string) => (await health()).states.find((one) => one.state === state);
  const patchRules = (body: object, revision?: number, scope = 'experiments/rows/'): Promise<TestAnswer> =>
    api.request('PATCH', `/v1/${scope}assignment-rules`, {
      body,
      ...(revision === undefined ? {} : { headers: { 'if-match': `"${revision}"` } }),
    });
  /** Rolls up once everything that was sent is stored. */
  async function settle(): Promise<void> {
    const { database } = api.db;
    for (const deadline = Date.now() + 20_000; ; await sleep(25)) {
      const [row] = await database.query<{ events: number; decisions: number }>(
        `select (select count(*)::int from event) as events, (select count(*)::int from decision) as decisions`,
      );
      if (row && row.events >= sent() && row.decisions >= decided) break;
      if (Date.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify([row, sent(), decided])}`);
    }
    await rollUpAll(database, new Date());
  }
  let exposures = 0;
  let decided = 0;
  const sent = (): number => events + exposures;
  const decide = async (unitId: string): Promise<Treatment> => {
    decided++;
    return serve(unitId);
  };
  const show = async (decisionId: string, more: object = {}): Promise<void> => {
    exposures++;
    await expose(decisionId, more);
  };
  const armOf = new Map<string, string>();

  beforeAll(async () => {
    api = await startTestApi();
    worker = await createWorker({ ...testConfig(api.db, api.config.stateDir), roles: ['ingest'] });
    await worker.app.init();
    await post('/v1/layers', { key: 'layer', title: 'Layer' });
    await post('/v1/surfaces', { key: 'home', title: 'Home', kind: 'value', defaultValue: 'default' });
    await post('/v1/experiments', {
      key: 'rows',
      title: 'Rows',
      hypothesis: 'It helps',
      surface: 'home',
      layer: 'layer',
      arms: [arm('control'), arm('new')],
      decisionMetric: 'watch-minutes',
    });
    expect((await post('/v1/experiments/rows/start', {})).status).toBe(200);
    for (const deadline = Date.now() + 15_000; (await serve('probe')).arm === null; await sleep(20)) {
      decided++;
      if (Date.now() > deadline) throw new Error('it was never served');
    }
    decided++;
    const first: (Treatment & { readonly unitId: string })[] = [];
    for (let i = 0; i < UNITS; i++) first.push({ unitId: `m${i}`, ...(await decide(`m${i}`)) });
    for (const { unitId, decisionId, arm: of } of first) {
      armOf.set(unitId, of);
      await show(decisionId);
      // The arm "new" watches twice as long.
      await watch(unitId, of === 'new' ? 1200 : 600);
    }
    await settle();
  }, 60_000);
  afterAll(async () => {
    await worker.close();
    await api.close();
  });

  const unitsOf = async (): Promise<
    Record<string, { arm: string; phase: number; left_out: string | null }>
  > => {
    const rows = await api.db.database.query<{
      unit_id: string;
      arm: string;
      phase: number;
      left_out: string | null;
    }>(`select unit_id, arm, phase, left_out from experiment_unit where experiment = 'rows'`);
    return Object.fromEntries(rows.map(({ unit_id: id, ...row }) => [id, row]));
  };
  const inArm = (wanted: string, skip = 0): string =>
    [...armOf].filter(([, found]) => found === wanted)[skip]?.[0] ?? '';

  it('counts a sound experiment as sound', async () => {
    const found = await health();
    expect(found).toMatchObject({ units: UNITS, counted: UNITS, revision: 0, own: {} });
    expect(found.states.map(({ state, affected, leftOut }) => [state, affected, leftOut])).toEqual([
      ['two-arms', 0, 0],
      ['identity-switch', 0, 0],
      ['late-fallback', 0, 0],
      ['exposure-without-decision', 0, 0],
      ['decision-without-exposure', 0, 0],
    ]);
    expect((await report()).units).toMatchObject({ enrolled: UNITS, crossover: 0, leftOut: {} });
  });

  it('takes arm, experiment and phase of an exposure from its decision, whatever way in claims another', async () => {
    const key = api.keys.publishable;
    const text = { 'content-type': 'text/plain;charset=UTF-8' };
    const lie = (of: Treatment) => ({
      arm: of.arm === 'new' ? 'control' : 'new',
      variation: of.arm === 'new' ? 'control' : 'new',
      variation_id: of.arm === 'new' ? 0 : 1,
      experiment: 'another',
      experiment_id: 'another',
      phase: 7,
      propensity: 0.01,
      experimentVersion: 99,
    });
    const event = (of: Treatment, unitId: string) => ({
      ...{ id: `e${events++}`, kind: 'exposure', unitId, at: now(), decisionId: of.decisionId },
      ...lie(of),
      properties: lie(of),
    });
    const ways: Record<string, (of: Treatment, unitId: string) => Promise<unknown>> = {
      events: async (of, unitId) =>
        expect((await post('/v1/events', { events: [event(of, unitId)] }, key)).status).toBe(202),
      beacon: async (of, unitId) => {
        const raw = JSON.stringify({ key, events: [event(of, unitId)] });
        const answer = await api.request('POST', '/v1/beacon', { raw, key: null, headers: text });
        expect(answer.json()).toMatchObject({ accepted: 1 });
      },
      segment: async (of, userId) => {
        const properties = { ...lie(of), decision_id: of.decisionId };
        const body = { messageId: `e${events++}`, userId, event: 'Experiment Viewed', properties };
        expect((await post('/v1/track', body, key)).json()).toMatchObject({ accepted: 1 });
      },
      exposures: async (of) => {
        const refused = await post('/v1/exposures', { decisionId: of.decisionId, ...lie(of) }, key);
        expect(refused.status).toBe(400);
        await show(of.decisionId);
      },
      // What GrowthBook's SDK tracks of a remote evaluation, as docs/how-to/openfeature.md sends it.
      growthbook: async (of, id) => {
        const answer = await post(`/api/eval/${key}`, { attributes: { id } });
        decided++;
        const rules = answer.json<{
          features: { home: { rules: { tracks: { result: Treatment }[] }[] } };
        }>().features.home.rules;
        const result = { ...rules[0]?.tracks[0]?.result, ...lie(of) };
        await show(String(result.decisionId));
        const locally = { unitId: id, requests: [{ surface: 'home', ...lie(of) }], expose: true };
        decided++;
        const again = (await post('/v1/treatments', locally, key)).json<{ treatments: Treatment[] }>();
        expect(again.treatments[0]?.arm).toBe(of.arm);
      },
      ofrep: async (of, targetingKey) => {
        const answer = await post('/ofrep/v1/evaluate/flags/home', { context: { targetingKey } }, key);
        decided++;
        const { metadata } = answer.json<{ metadata: Record<string, string> }>();
        const client = createClient({
          url: 'http://marquee.example',
          key,
          unitId: 'somebody',
          fetch: async (url, init) => {
            const { pathname } = new URL(String(url));
            const { status, text: body } = await api.request('POST', pathname, {
              key,
              raw: String(init?.body),
            });
            return new Response(body, { status });
          },
        });
        const hook = exposureHook(client);
        events++;
        hook.after(
          { context: { targetingKey } },
          { ...{ reason: 'SPLIT', variant: lie(of).arm }, flagMetadata: { ...metadata, ...lie(of) } },
        );
        expect(await client.close()).toBe(true);
      },
    };
    const served = new Map<string, string>();
    for (const [way, tell] of Object.entries(ways))
      // Enough for both arms.
      for (let i = 0; i < 4; i++) {
        const unitId = `${way}-${i}`;
        const treatment = await decide(unitId);
        served.set(unitId, treatment.arm);
        await tell(treatment, unitId);
        armOf.set(unitId, treatment.arm);
      }
    expect(new Set(served.values())).toEqual(new Set(['control', 'new']));
    await settle();
    const units = await unitsOf();
    for (const [unitId, of] of served)
      expect([unitId, units[unitId]]).toEqual([unitId, { arm: of, phase: 1, left_out: null }]);
    const stored = await api.db.database.query<{ unit_id: string }>(
      `select unit_id, experiment, arm, phase, propensity, arm_propensity from decision where unit_id = any($1)`,
      [[...served.keys()]],
    );
    // Remote evaluation, OFREP and the SDK's own question each made another decision of the four units.
    expect(stored.length).toBe(served.size + 12);
    const truth = { experiment: 'rows', phase: 1, propensity: 1, arm_propensity: 0.5 };
    for (const row of stored) expect(row).toMatchObject({ ...truth, arm: served.get(row.unit_id) });
  });

  it('finds people who were counted under two ids, and ids that change before the exposure', async () => {
    const before = (await report()).units.enrolled;
    const [one, other, third] = [inArm('control'), inArm('new'), inArm('new', 1)];
    const link = { anonymousId: one, unitId: other };
    expect((await post('/v1/identities', link)).json()).toMatchObject({ outcome: 'linked' });
    // The decision is of one unit, and the exposure is sent for another.
    const treatment = await decide('before');
    await send({ kind: 'exposure', unitId: third, decisionId: treatment.decisionId });
    await settle();
    const found = await stateOf('identity-switch');
    // "before" was never exposed under its own id.
    expect(found).toMatchObject({ affected: 3, others: 1, leftOut: 3, excluded: true });
    expect(found?.kinds).toEqual([
      { kind: 'other-unit', times: 2, units: 1 },
      { kind: 'two-ids-two-arms', times: 2, units: 2 },
    ]);
    expect(found?.days).toEqual([{ day: now().slice(0, 10), units: 4 }]);
    expect((await report()).units).toMatchObject({
      enrolled: before - 3,
      leftOut: { 'identity-switch': 3 },
    });
    expect((await report('?exclusions=off')).units).toMatchObject({ enrolled: before, leftOut: {} });
  });

  it('knows the unit that asked, where the experiment compares another one of the request', async () => {
    await post('/v1/surfaces', { key: 'tv', title: 'TV', kind: 'value', defaultValue: 'default' });
    const design = { title: 'TV', hypothesis: 'It helps', surface: 'tv', decisionMetric: 'watch-minutes' };
    const arms = [arm('control'), arm('new')];
    await post('/v1/layers', { key: 'devices', title: 'Devices', unitType: 'device' });
    await post('/v1/experiments', { ...design, key: 'tv', layer: 'devices', unitType: 'device', arms });
    expect((await post('/v1/experiments/tv/start', {})).status).toBe(200);
    const ask = async (unitId: string, deviceId: string) => {
      decided++;
      const body = { unitId, context: { deviceId }, requests: [{ surface: 'tv' }] };
      const answer = await post('/v1/treatments', body, api.keys.publishable);
      return answer.json<{ treatments: (Treatment & { unit?: object })[] }>().treatments[0];
    };
    for (
      const deadline = Date.now() + 15_000;
      (await ask('probe', 'tv-0'))?.unit === undefined;
      await sleep(20)
    )
      if (Date.now() > deadline) throw new Error('it was never served');
    const [own, other] = [await ask('viewer', 'tv-1'), await ask('viewer', 'tv-2')];
    // Who asked is who sees it; a third one is not.
    await send({ kind: 'exposure', unitId: 'viewer', decisionId: own?.decisionId });
    await send({ kind: 'exposure', unitId: 'somebody', decisionId: other?.decisionId });
    await settle();
    const rows = await api.db.database.query<{ unit_id: string; state: string | null }>(
      `select u.unit_id, a.state from experiment_unit u
         left join assignment_fault a using (experiment, unit_id) where u.experiment = 'tv'
       union select unit_id, state from assignment_fault where experiment = 'tv' order by unit_id`,
    );
    expect(rows).toEqual([
      { unit_id: 'tv-1', state: null },
      { unit_id: 'tv-2', state: 'identity-switch' },
    ]);
    // The asker's id is kept nowhere in the decision.
    const [kept] = await api.db.database.query<{ mark: string; text: string }>(
      `select asked_mark as mark, d::text as text from decision d where unit_id = 'tv-1'`,
    );
    expect(kept?.mark).toMatch(/^[0-9a-f]{8}$/);
    expect(kept?.text).not.toContain('viewer');
  });

  it('finds units that were shown the default first, and exposures that come late', async () => {
    const before = (await report()).units.enrolled;
    expect((await patchRules({ lateAfterSeconds: 1 })).json()).toMatchObject({
      revision: 1,
      own: { lateAfterSeconds: 1 },
    });
    const inTime = now();
    const [fell, late, twice, only] = [
      await decide('fell-back'),
      await decide('late'),
      await decide('twice'),
      await decide('only'),
    ];
    await show(fell.decisionId, { shown: 'default' });
    await show(fell.decisionId, { at: inTime });
    const later = Date.now() + 1200;
    const at = new Date(later).toISOString();
    await show(late.decisionId, { at });
    // Seen in time, and told again later by another event: no fault.
    await show(twice.decisionId, { at: inTime });
    await send({ kind: 'exposure', unitId: 'twice', decisionId: twice.decisionId, at });
    // The default, and nothing else: no exposure.
    await show(only.decisionId, { shown: 'default' });
    expect((await post('/v1/exposures', { decisionId: only.decisionId, shown: 'mine' })).status).toBe(400);
    await settle();
    // A report of now knows no unit of a moment later.
    await sleep(Math.max(0, later - Date.now()));
    const found = await stateOf('late-fallback');
    expect(found).toMatchObject({ affected: 2, others: 1, leftOut: 2 });
    expect(found?.kinds.map(({ kind }) => kind)).toEqual(['default-shown', 'late']);
    expect((await report()).units).toMatchObject({
      enrolled: before + 1,
      leftOut: { 'identity-switch': 3, 'late-fallback': 2 },
    });
    expect(await unitsOf()).toMatchObject({
      'fell-back': { left_out: 'late-fallback' },
      late: { left_out: 'late-fallback' },
      twice: { left_out: null },
    });
    expect((await unitsOf())['only']).toBeUndefined();
  });

  it('finds exposures without decision, and leaves their units in unless a rule says otherwise', async () => {
    const { enrolled } = (await report()).units;
    const [one, two] = [inArm('control', 1), inArm('control', 2)];
    await send({ kind: 'exposure', unitId: one, decisionId: 'made-up-by-a-client' });
    await send({ kind: 'exposure', unitId: two, decisionId: newUlid(Date.now()) });
    await settle();
    expect(await stateOf('exposure-without-decision')).toMatchObject({ affected: 1, leftOut: 0 });
    // The other may still be under way; ten minutes later it is not.
    await api.db.database.query(`update exposure_pending set seen_at = seen_at - interval '11 minutes'`);
    await settle();
    expect(await stateOf('exposure-without-decision')).toMatchObject({
      affected: 2,
      leftOut: 0,
      excluded: false,
      arms: [{ arm: 'control', units: 2 }],
    });
    expect((await report()).units.enrolled).toBe(enrolled);
    expect((await patchRules({ exclude: { 'exposure-without-decision': true } }, 1)).status).toBe(200);
    await settle();
    expect((await report()).units).toMatchObject({
      enrolled: enrolled - 2,
      leftOut: { 'exposure-without-decision': 2 },
    });
    expect((await patchRules({ exclude: { 'exposure-without-decision': null } }, 2)).json()).toMatchObject({
      own: { exclude: {}, lateAfterSeconds: 1 },
      rules: { exclude: { 'exposure-without-decision': false } },
    });
    await settle();
    expect((await report()).units.enrolled).toBe(enrolled);
  });

  it('finds decisions that nobody saw, by arm', async () => {
    const unseen = [await decide('unseen-1'), await decide('unseen-2'), await decide('unseen-3')];
    await settle();
    const service = api.running.app.get(AssignmentHealth);
    const found = (await service.of('rows', new Date(Date.now() + 2 * 3_600_000))).states.at(-1);
    const never = (which: string): number =>
      // And those of the tests above that were never exposed under their own id.
      unseen.filter(({ arm: of }) => of === which).length + others.filter((of) => of === which).length;
    const others = await Promise.all(['probe', 'before', 'only'].map(async (id) => (await decide(id)).arm));
    expect(found).toMatchObject({ state: 'decision-without-exposure', excluded: null, affected: 6 });
    expect(found?.arms.map(({ arm: of, units }) => [of, units])).toEqual([
      ['control', never('control')],
      ['new', never('new')],
    ]);
    expect((await stateOf('decision-without-exposure'))?.affected).toBe(0);
  });

  it('finds units in two arms, leaves them out by the rule, and gives the result with and without them', async () => {
    const before = await report();
    const version = (await api.request('GET', '/v1/experiments/rows')).headers['etag'];
    const arms = [
      { ...arm('control'), weight: 1 },
      { ...arm('new'), weight: 9 },
    ];
    const changed = await api.request('PATCH', '/v1/experiments/rows', {
      body: { arms },
      headers: { 'if-match': String(version) },
    });
    expect(changed.status).toBe(200);
    await api.running.app.get(ExperimentCatalog, { strict: false }).refresh();
    // Units of control that the new allocation moves; they watch as those of the arm "new" do.
    const moved: string[] = [];
    for (const id of armOf.keys()) {
      if (!id.startsWith('m') || armOf.get(id) !== 'control' || (await unitsOf())[id]?.left_out !== null)
        continue;
      const treatment = await decide(id);
      // One that stays has a decision more, and nothing else.
      if (treatment.arm !== 'new') continue;
      await show(treatment.decisionId);
      await watch(id, 6000);
      moved.push(id);
      if (moved.length === 5) break;
    }
    expect(moved.length).toBe(5);
    await settle();
    expect(await stateOf('two-arms')).toMatchObject({ affected: 5, leftOut: 5, excluded: true });
    const after = await report();
    expect(after.units).toMatchObject({
      enrolled: before.units.enrolled - 5,
      crossover: 5,
      leftOut: { 'two-arms': 5, 'identity-switch': 3, 'late-fallback': 2 },
    });
    // Those who moved had watched ten minutes each before; with them, they count for the arm that they saw first.
    const { n, mean } = controlOf(before);
    expect(controlOf(after).n).toBe(n - 5);
    expect(controlOf(after).mean).toBeCloseTo((mean * n - 50) / (n - 5), 9);
    const off = await report('?exclusions=off');
    // A hundred minutes more of each, and what those left out by other rules had watched.
    const more = controlOf(off).n * controlOf(off).mean - mean * n;
    expect(more).toBeGreaterThanOrEqual(500);
    expect(more).toBeLessThanOrEqual(520);
    const { comparison, ratio, leftOutCheck } = await health();
    const [compared] = comparison;
    expect(compared).toMatchObject({
      metric: 'watch-minutes',
      arm: 'new',
      without: { units: after.units.enrolled, estimate: expect.closeTo(liftOf(after), 12) },
      with: { units: after.units.enrolled + 10, estimate: expect.closeTo(liftOf(off), 12) },
    });
    expect(ratio.without.perArm).toEqual(after.units.perArm);
    expect(ratio.with.perArm).toEqual(off.units.perArm);
    expect(ratio.with.check?.status).toBeDefined();
    expect(leftOutCheck?.explanation).toContain('10 units of');
    // The rule of the project, until the experiment has one of its own.
    // The first who set it at once do not write over each other.
    const first = await Promise.all(
      [1, 2, 3].map(() => patchRules({ exclude: { 'two-arms': false } }, undefined, '')),
    );
    expect(first.map(({ status }) => status).sort()).toEqual([200, 428, 428]);
    expect(first.find(({ status }) => status === 200)?.json()).toMatchObject({
      experiment: null,
      revision: 1,
    });
    await settle();
    expect((await report()).units).toMatchObject({
      enrolled: after.units.enrolled + 5,
      crossover: 5,
      leftOut: { 'identity-switch': 3, 'late-fallback': 2 },
    });
    expect(controlOf(await report()).n).toBe(n);
    expect((await patchRules({ exclude: { 'two-arms': true } }, 3)).status).toBe(200);
    await settle();
    expect((await report()).units.leftOut).toMatchObject({ 'two-arms': 5 });
  });

  it('alarms above the share that the rules name, and refuses rules that are none', async () => {
    const checkOf = async (key: string) => (await report()).health.find((check) => check.key === key);
    // Five units are fewer than an alarm needs, whatever their share.
    expect(await checkOf('crossover')).toMatchObject({ status: 'pass', unitsAffected: 5 });
    expect(await checkOf('identity-switch')).toMatchObject({ status: 'pass', unitsAffected: 3 });
    expect((await patchRules({ thresholds: { 'late-fallback': 0.2 } }, 4)).status).toBe(200);
    expect(await checkOf('late-fallback')).toMatchObject({ threshold: 0.2, unitsAffected: 2 });
    // Ten units and more than the share: an alarm, also in the list for whoever is on call.
    const made = Array.from({ length: 9 }, (_, i) => `made-up-${i}`);
    for (const [i, decisionId] of made.entries())
      await send({ kind: 'exposure', unitId: inArm('new', 2 + i), decisionId });
    await settle();
    expect(await checkOf('units-without-decision')).toMatchObject({ status: 'warn', unitsAffected: 11 });
    await api.running.app.get(LiftReports).storeSummary('rows', new Date());
    const row = await api.request('GET', '/v1/experiments?surface=home&limit=1');
    expect(
      row.json<{ items: { summary: { alarms: unknown[] } }[] }>().items[0]?.summary.alarms,
    ).toContainEqual({
      key: 'units-without-decision',
      title: 'Exposures without decision',
      status: 'warn',
    });
    for (const body of [
      { exclude: { 'decision-without-exposure': true } },
      { exclude: { other: true } },
      { thresholds: { 'two-arms': 0 } },
      { lateAfterSeconds: 0.5 },
      {},
    ])
      expect((await patchRules(body, 5)).status).toBe(400);
    const some = { lateAfterSeconds: 60 };
    expect((await patchRules(some)).status).toBe(428);
    expect((await patchRules(some, 4)).status).toBe(412);
    expect((await patchRules(some, undefined, 'experiments/none/')).status).toBe(404);
    expect((await api.request('GET', '/v1/experiments/none/assignment')).status).toBe(404);
    const audit = await api.request('GET', '/v1/audit?entity=assignment_rules');
    expect(audit.json<{ items: { entityKey: string }[] }>().items.map(({ entityKey }) => entityKey)).toEqual([
      'rows',
      'rows',
      '*',
      'rows',
      'rows',
      'rows',
    ]);
    // An erased unit leaves nothing behind.
    const gone = await api.request('DELETE', '/v1/units/fell-back');
    expect(gone.json()).toMatchObject({ removed: { assignmentFaults: 1 } });
  });
});
