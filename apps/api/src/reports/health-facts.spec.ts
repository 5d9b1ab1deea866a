import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { newUlid } from '../http/ulid.js';
import type { LiftReport } from './lift-reports.js';
import type { Population } from './report-store.js';

const DAY = 86_400_000;
const KEY = 'rows';

const NOBODY: Population = {
  perArm: new Map(),
  crossover: 0,
  leftOut: {},
  everybody: { perArm: new Map(), entries: [] },
  firstAt: null,
  phases: [],
  entries: [],
};

/** One experiment over HTTP, its units and facts written as storage would have them. */
describe('health of an experiment, from PostgreSQL', () => {
  let api: TestApi;
  let started = 0;

  const query = (sql: string, values: readonly unknown[] = []) => api.db.database.query(sql, values);
  const report = async (search = ''): Promise<LiftReport> => {
    const answer = await api.request('GET', `/v1/experiments/${KEY}/report${search}`);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json<LiftReport>();
  };
  const check = async (key: string, search = '') =>
    (await report(search)).health.find((result) => result.key === key);

  async function enter(day: number, phase: number, arms: Readonly<Record<string, number>>, device: string) {
    for (const [arm, n] of Object.entries(arms)) {
      await query(
        `insert into experiment_unit (experiment, unit_id, arm, first_at, entered_on, phase, attributes)
         select $1, $2 || g, $3, $4::timestamptz, $4::timestamptz::date, $5, jsonb_build_object('device', $6::text, 'bot', g % 50 = 0)
           from generate_series(1, $7) g`,
        [KEY, `${day}-${arm}-${device}-`, arm, new Date(started + day * DAY), phase, device, n],
      );
    }
  }

  /** Decisions of the policy's arm with their rewards, the newest last. */
  async function learnFrom(decisions: readonly { unit: string; propensity: number; reward: number }[]) {
    for (const [i, { unit, propensity, reward }] of decisions.entries()) {
      const at = Date.now() - DAY + i * 1000;
      const id = newUlid(at);
      await query(
        `insert into decision (id, at, unit_id, unit_type, surface, experiment, arm, phase, kind, chosen, propensity,
           arm_propensity, policy_id, policy_version, candidates, probabilities, seed, reason)
         values ($1, $2, $3, 'member', 'home', $4, 'policy', 1, 'action', '"a"', $5::float8, 0.5, 'bandit', 1, '{a,b}',
           array[$5::float8, 1 - $5::float8], 's', 'POLICY')`,
        [id, new Date(at), unit, KEY, propensity],
      );
      await query(
        `insert into reward (decision_id, position, policy_id, action_id, reward, propensity, decision_at, settled_at, version)
         values ($1, 0, 'bandit', 'a', $2, $3, $4, $4, 1)`,
        [id, reward, propensity, new Date(at)],
      );
    }
  }

  beforeAll(async () => {
    api = await startTestApi();
    started = Math.floor(Date.now() / DAY) * DAY - 9 * DAY;
    const post = async (url: string, body: unknown): Promise<void> => {
      const answer = await api.request('POST', url, { body });
      if (answer.status >= 300) throw new Error(`${url}: ${answer.text}`);
    };
    await post('/v1/layers', { key: 'home', title: 'Home' });
    await post('/v1/surfaces', { key: 'home', title: 'Home', kind: 'action' });
    await post('/v1/policies', {
      id: 'bandit',
      key: 'thompson-beta',
      title: 'The bandit',
      floor: 0.05,
      reward: { outcomes: [{ name: 'play', value: 'value' }], min: 0, max: 10 },
    });
    await post('/v1/policies', { id: 'fixed', key: 'uniform-random', title: 'By chance' });
    const policyArm = (key: string, policyId: string) => ({
      key,
      title: key,
      weight: 1,
      isControl: key === 'control',
      treatment: { kind: 'policy', policyId, steadyFor: 'decision' },
    });
    await post('/v1/experiments', {
      key: KEY,
      title: 'Rows',
      hypothesis: 'Better rows are played more',
      surface: 'home',
      layer: 'home',
      arms: [policyArm('control', 'fixed'), policyArm('policy', 'bandit')],
      decisionMetric: 'play-rate',
      secondaryMetrics: ['retention-day-7'],
      guardrailMetrics: ['cancellations'],
    });
    await post(`/v1/experiments/${KEY}/start`, {});
    await query(`update experiment set started_at = $1`, [new Date(started)]);
    await query(`update experiment_phase set started_at = $1`, [new Date(started)]);
    const first = new Date(started - DAY).toISOString().slice(0, 10);
    await query(`select ensure_partitions($1::date, (now() + interval '1 day')::date)`, [first]);
    await query(`insert into rollup_state (name, through, updated_at) values ('facts', 1, now())`);
    for (let day = 0; day < 9; day++) {
      await enter(day, 1, { control: 100, policy: 100 }, 'phone');
      await enter(day, 1, { control: 30, policy: 31 }, 'tv');
    }
  }, 120_000);
  afterAll(() => api.close());

  it('says of a sound experiment that it is sound, by entry day and by attribute', async () => {
    expect(await check('sample-ratio')).toMatchObject({ status: 'pass', warning: null });
    const split = await check('split-by-group');
    expect(split?.status).toBe('pass');
    expect(split?.rows.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['device tv', 'device phone']),
    );
    expect(await check('testers')).toMatchObject({ status: 'warn', unitsAffected: 36 });
    expect(await check('full-week')).toMatchObject({ status: 'pass', threshold: 7 });
    expect(await check('edit')).toMatchObject({ status: 'pass', value: 0 });
    expect(await check('ingest-lag')).toMatchObject({ status: 'pass' });
    for (const result of (await report()).health) {
      expect(result).toMatchObject({ muted: null, rule: expect.stringMatching(/\w.*\.$/s) });
      expect(result.explanation).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('sees when one device loses an arm, names it and blocks the verdict', async () => {
    await query(`update experiment_unit set crossover = false`);
    await query(`delete from experiment_unit where arm = 'policy' and attributes ->> 'device' = 'tv'`);
    const ratio = await check('sample-ratio');
    expect(ratio).toMatchObject({ status: 'fail', blocks: true, warning: 'SRM-R' });
    expect(ratio?.explanation).toMatch(/Worst in device tv/);
    expect(ratio?.firstSeen).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect((await check('split-by-group'))?.rows[0]?.label).toBe('device tv');
    expect((await report()).verdict.kind).toBe('fix-first');
  });

  describe('a muted check', () => {
    const mute = (name: string, body: unknown, key?: string | null) =>
      api.request('POST', `/v1/experiments/${KEY}/health/${name}/mute`, {
        body,
        ...(key === undefined ? {} : { key }),
      });

    it('needs a reason, an admin, a check and an experiment that exist', async () => {
      expect((await mute('sample-ratio', {})).json()).toMatchObject({
        status: 400,
        errors: [{ pointer: '/reason' }],
      });
      expect((await mute('sample-ratio', { reason: '  ' })).status).toBe(400);
      expect((await mute('sample-ratio', { reason: 'x' }, api.keys.secret)).status).toBe(403);
      expect((await mute('horoscope', { reason: 'x' })).json<{ detail: string }>().detail).toMatch(
        /no health check "horoscope"; checks are sample-ratio, /,
      );
      const nowhere = await api.request('POST', '/v1/experiments/nope/health/power/mute', {
        body: { reason: 'x' },
      });
      expect(nowhere.status).toBe(404);
    });

    it('shows who muted it and why for seven days, is audited, and blocks as before', async () => {
      const answer = await mute('sample-ratio', { reason: 'A known loss on old televisions' });
      expect(answer.status).toBe(200);
      const { at, until } = answer.json<{ at: string; until: string }>();
      expect(Date.parse(until) - Date.parse(at)).toBe(7 * DAY);
      const { health, verdict } = await report();
      const muted = health.find(({ key }) => key === 'sample-ratio');
      expect(muted).toMatchObject({
        status: 'fail',
        blocks: true,
        muted: { reason: 'A known loss on old televisions', by: expect.stringContaining('admin'), until },
      });
      expect(verdict.kind).toBe('fix-first');
      const { items } = (
        await api.request('GET', `/v1/audit?entity=experiment&entityKey=${KEY}&limit=1`)
      ).json<{ items: Record<string, unknown>[] }>();
      expect(items[0]).toMatchObject({
        action: 'experiment.mute',
        after: { check: 'sample-ratio', reason: 'A known loss on old televisions' },
      });
    });

    it('comes back when its time is over or somebody takes the mute away', async () => {
      await query(`update health_mute set until = now() - interval '1 second'`);
      expect((await check('sample-ratio'))?.muted).toBeNull();
      await mute('testers', { reason: 'We know' });
      expect((await check('testers'))?.muted).toMatchObject({ reason: 'We know' });
      const url = `/v1/experiments/${KEY}/health/testers/mute`;
      expect((await api.request('DELETE', url)).status).toBe(204);
      expect((await api.request('DELETE', url)).status).toBe(404);
    });

    it('notes who looked at blocked results', async () => {
      const shown = await api.request('POST', `/v1/experiments/${KEY}/health/show-blocked`, {
        body: {},
        key: api.keys.secret,
      });
      expect(shown.status).toBe(204);
      const { items } = (
        await api.request('GET', `/v1/audit?entity=experiment&entityKey=${KEY}&limit=1`)
      ).json<{ items: Record<string, unknown>[] }>();
      expect(items[0]).toMatchObject({ action: 'experiment.show-blocked' });
    });
  });

  it('reads overlap, missing propensities and rewards from the newest decisions of a policy', async () => {
    await learnFrom(
      Array.from({ length: 150 }, (_, i) => ({ unit: `m${i}`, propensity: 0.5, reward: (i % 3) + 1 })),
    );
    expect(await check('overlap')).toMatchObject({ status: 'pass', value: 1 });
    expect(await check('missing-propensity')).toMatchObject({ status: 'pass', value: 0 });
    expect(await check('odd-rewards')).toMatchObject({ status: 'pass' });
    expect(await check('poison')).toMatchObject({ status: 'pass' });
    await learnFrom([{ unit: 'rare', propensity: 0.001, reward: 1 }]);
    const overlap = await check('overlap');
    expect(overlap?.warning).toBe('OVERLAP');
    // (150 * 2 + 1000)^2 / (150 * 4 + 1e6)
    expect(overlap?.value).toBeCloseTo(1300 ** 2 / 1_000_600 / 151, 10);
    expect(overlap?.explanation).toMatch(/smallest propensity 0\.00100, floor 0\.05/);
    await query(`update decision set probabilities = null where unit_id in ('m1', 'm2')`);
    expect(await check('missing-propensity')).toMatchObject({ status: 'fail', blocks: true });
    await query(`update decision set probabilities = '{0.5,0.5}' where probabilities is null`);
  });

  it('finds the unit that earns too much, and rewards out of range', async () => {
    await learnFrom(Array.from({ length: 10 }, () => ({ unit: 'robot', propensity: 0.5, reward: 10 })));
    const poison = await check('poison');
    expect(poison).toMatchObject({ warning: 'POISON', unitsAffected: 1 });
    // 150 members with 1 to 3 each (300 in all), one with 1, the robot with 100.
    expect(poison?.value).toBeCloseTo(100 / 401, 10);
    await learnFrom([{ unit: 'm1', propensity: 0.5, reward: 11 }]);
    expect(await check('odd-rewards')).toMatchObject({ status: 'warn', blocks: false });
  });

  it('searches an arm for a heavy unit only where the moments allow one', async () => {
    const units = await query(
      `insert into unit_values (experiment, unit_id, measures)
       select experiment, unit_id, array[case when unit_id = '0-control-phone-1' then 100 else 1 end, 1, 0]
         from experiment_unit where experiment = $1 and arm = 'control' returning unit_id`,
      [KEY],
    );
    await query(`insert into metric_slot (experiment, metric, slot) values ($1, 'play-rate', 1)`, [KEY]);
    const n = units.length;
    const { HealthFactsReader } = await import('./health-facts.js');
    const total = n + 99;
    const question = {
      experiment: {
        key: KEY,
        title: '',
        status: 'running',
        arms: [],
        decisionMetric: 'play-rate',
        secondaryMetrics: [],
        guardrailMetrics: [],
        minimumDays: 7,
        plannedUnits: null,
        clusters: null,
        startedAt: null,
        stoppedAt: null,
      },
      population: NOBODY,
      asOf: new Date(),
      now: new Date(),
      segment: null,
      arms: [],
    };
    const held = async (squares: number) => {
      const moments = {
        n,
        mean: [total / n, 1, 0] as const,
        comoment: [squares - total ** 2 / n, 0, 0, 0, 0, 0] as const,
        nonZero: n,
      };
      const cells = [{ metric: 'play-rate', arm: 'control', moments }];
      return (await new HealthFactsReader(api.db.database).read({ ...question, cells })).concentration?.[0];
    };
    // Sum of squares 10,000 + n - 1: its root is over 5 % of the total, so the units are read.
    expect(await held(10_000 + n - 1)).toEqual({
      arm: 'control',
      of: 'play-rate',
      units: n,
      topShare: expect.closeTo(100 / total, 12),
    });
    // Were all units alike, none could hold that much, and none is read: the bound stands for the share.
    expect((await held(total ** 2 / n))?.topShare).toBeCloseTo(1 / Math.sqrt(n), 12);
  });

  it('notices that a policy has stopped learning although outcomes wait', async () => {
    const snapshot = (version: number, minutesAgo: number) =>
      query(
        `insert into policy_snapshot (policy_id, version, state_version, params, state, sha256, status, created_at)
         values ('bandit', $1, 1, '{}', '{}', '', 'accepted', now() - make_interval(mins => $2))`,
        [version, minutesAgo],
      );
    await query(`update policy set window_seconds = 60, grace_seconds = 0`);
    for (const [version, ago] of [
      [901, 24],
      [902, 22],
      [903, 20],
    ] as const)
      await snapshot(version, ago);
    await query(`delete from policy_snapshot where version < 900`);
    expect(await check('snapshot-age')).toBeUndefined();
    await query(`update reward set version = 0, settled_at = now() - interval '5 minutes'
                  where decision_id = (select min(decision_id) from reward)`);
    expect(await check('snapshot-age')).toMatchObject({ status: 'fail', warning: 'STALE', blocks: false });
    await snapshot(904, 1);
    expect(await check('snapshot-age')).toMatchObject({ status: 'pass' });
  });

  it('takes phases and changes of metrics from the audit log, with pauses', async () => {
    const version = async (): Promise<string> =>
      `"${(await api.request('GET', `/v1/experiments/${KEY}`)).json<{ version: number }>().version}"`;
    const patch = async (body: unknown): Promise<void> => {
      const answer = await api.request('PATCH', `/v1/experiments/${KEY}`, {
        body,
        headers: { 'if-match': await version() },
      });
      if (answer.status !== 200) throw new Error(answer.text);
    };
    await patch({ traffic: 0.5 });
    await patch({ title: 'Rows, renamed' });
    await patch({ secondaryMetrics: ['watch-minutes', 'retention-day-7'] });
    const edit = await check('edit');
    expect(edit).toMatchObject({ status: 'warn', warning: 'EDIT', value: 2 });
    expect(edit?.rows.map(({ text }) => text)).toEqual(['traffic; new phase', 'metrics']);
    expect(edit?.explanation).toMatch(/1 of the changes began no new phase/);
    await api.request('POST', `/v1/experiments/${KEY}/pause`, { body: { reason: 'look' } });
    await query(
      `update audit set at = at - interval '4 days' where action = 'experiment.pause' and entity_key = $1`,
      [KEY],
    );
    await api.request('POST', `/v1/experiments/${KEY}/resume`, { body: {} });
    expect(await check('full-week')).toMatchObject({ status: 'warn', warning: 'EARLY' });
  });

  it('warns of a fixed-size estimator before the planned end, and of many segments', async () => {
    await query(`update experiment set planned_units = 1000000`);
    expect(await check('peek')).toMatchObject({ status: 'pass' });
    expect(await check('peek', '?estimator=welch')).toMatchObject({ status: 'warn', warning: 'PEEK' });
    expect(await check('many-comparisons')).toMatchObject({ status: 'pass' });
    // Four metrics, and four values of device and bot to choose from.
    expect(await check('many-comparisons', '?segment=device:phone')).toMatchObject({ value: 16 });
  });

  it('blocks when weights changed between phases, and not when only the traffic did', async () => {
    // Phase 2 came with a change of traffic, above.
    const half = new Date(started + 5 * DAY).toISOString().slice(0, 10);
    await query(`update experiment_unit set phase = 2 where entered_on >= $1`, [half]);
    expect(await check('mixed-allocation')).toMatchObject({ status: 'pass', blocks: false });
    await query(
      `update experiment_phase set arms = jsonb_set(arms, '{1,weight}', '3') where experiment = $1 and phase = 2`,
      [KEY],
    );
    const mixed = await check('mixed-allocation');
    expect(mixed).toMatchObject({ status: 'fail', blocks: true });
    expect(mixed?.rows.map(({ text }) => text.split(';')[0])).toEqual(['50.0 % : 50.0 %', '25.0 % : 75.0 %']);
    expect((await report()).verdict.kind).toBe('fix-first');
    await query(
      `update experiment_phase set arms = jsonb_set(arms, '{1,weight}', '1') where experiment = $1`,
      [KEY],
    );
  });

  it('leaves the present out of a report on a past day', async () => {
    const past = await report(`?asOf=${new Date(started + 4 * DAY).toISOString().slice(0, 10)}`);
    const keys = past.health.map(({ key }) => key);
    expect(keys).toContain('sample-ratio');
    for (const key of ['ingest-lag', 'snapshot-age', 'overlap', 'late-events'])
      expect(keys).not.toContain(key);
    expect(past.health.find(({ key }) => key === 'full-week')?.warning).toBe('EARLY');
  });
});

describe('the event stream behind all experiments', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  }, 60_000);
  afterAll(() => api.close());

  it('counts lag, copies, lost exposures, late events and outcomes without decision', async () => {
    const { HealthFactsReader } = await import('./health-facts.js');
    const db = api.db.database;
    const now = new Date();
    await db.query(
      `select ensure_partitions((now() - interval '2 days')::date, (now() + interval '1 day')::date)`,
    );
    await db.query(`insert into rollup_state (name, through, updated_at) values ('facts', 1, $1)`, [
      new Date(now.getTime() - 600_000),
    ]);
    await db.query(
      `insert into counter (name, value) values ('ingest.events_stored', 900), ('ingest.events_duplicate', 100),
         ('rollup.exposures_without_decision', 7)`,
    );
    await db.query(
      `insert into exposure_pending (event_id, decision_id, unit_id, at, seen_at)
       values ('old', 'x', 'u', $1, $2), ('new', 'x', 'u', $1, $1)`,
      [now, new Date(now.getTime() - 700_000)],
    );
    const ids = Array.from({ length: 40 }, (_, i) => newUlid(now.getTime() - 300_000 + i));
    await db.query(
      `insert into event (id, at, received_at, unit_id, kind, decision_id)
       select 'e' || i, $2::timestamptz - interval '5 minutes' - case when i <= 10 then interval '2 hours' else interval '0' end,
              $2::timestamptz - interval '4 minutes', 'u', 'outcome', ($1::text[])[i]
         from generate_series(1, 40) i`,
      [ids, now],
    );
    await db.query(
      `insert into decision (id, at, unit_id, unit_type, surface, kind, propensity, arm_propensity, seed, reason)
       select i, ulid_at(i), 'u', 'member', 's', 'value', 1, 1, '', 'SPLIT' from unnest($1::text[]) i`,
      [ids.slice(0, 30)],
    );
    const experiment = {
      key: 'x',
      title: 'X',
      status: 'running',
      arms: [],
      decisionMetric: null,
      secondaryMetrics: [],
      guardrailMetrics: [],
      minimumDays: 7,
      plannedUnits: null,
      clusters: null,
      startedAt: now,
      stoppedAt: null,
    };
    const question = { experiment, population: NOBODY, cells: [], asOf: now, now, segment: null, arms: [] };
    const facts = await new HealthFactsReader(db).read(question);
    expect(facts.ingestLagSeconds).toBeCloseTo(600, 3);
    expect(facts.stream).toEqual({
      eventsStored: 900,
      duplicates: 100,
      exposuresWithoutDecision: 8,
      sampled: 40,
      late: 10,
      early: 0,
      outcomesWithDecision: 40,
      unmatched: 10,
    });
    const stopped = await new HealthFactsReader(db).read({
      ...question,
      experiment: { ...experiment, status: 'stopped', stoppedAt: now },
    });
    expect(stopped.ingestLagSeconds).toBeUndefined();
    expect(stopped.running).toBe(false);
  });
});
