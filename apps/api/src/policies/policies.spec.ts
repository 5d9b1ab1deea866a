import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { idOf, insertDecisions, insertEvents } from '../../test/learning.js';
import { checkPolicies } from './boot-check.js';
import { LearnPolicy } from './learn-policy.js';
import type { PolicyView } from './policy.mapper.js';

const REWARD = { outcomes: [{ name: 'play' }], combine: 'max' };
const NOW = Date.now();

describe('the policies API', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await api.db.database.query(`select ensure_partitions(current_date - 2, current_date + 1)`);
  });
  afterAll(() => api.close());

  const create = async (body: object): Promise<PolicyView> => {
    const answer = await api.request('POST', '/v1/policies', { body });
    expect([answer.status, answer.status === 201 ? null : answer.text]).toEqual([201, null]);
    return answer.json<PolicyView>();
  };

  /** Decisions an hour ago on three actions, of which b is played most. */
  const learnSome = async (policyId: string, count: number, from = 0): Promise<void> => {
    const decisions = Array.from({ length: count }, (_, i) => ({
      n: from + i,
      policyId,
      action: ['a', 'b', 'c'][i % 3] as string,
      at: NOW - 3_600_000 + i,
      candidates: ['a', 'b', 'c'],
    }));
    await insertDecisions(api.db.database, decisions);
    const played = decisions.filter((one, i) => one.action === 'b' || i % 9 === 0);
    await insertEvents(
      api.db.database,
      played.map(({ n, at }) => ({ id: `e${n}`, n, at: at + 1000 })),
    );
    const result = await new LearnPolicy(api.db.database).run(policyId, new Date(NOW));
    expect(result).toMatchObject({ learned: count, rejected: null });
  };

  it('creates, reads and lists a policy with defaults', async () => {
    const made = await create({
      id: 'artwork',
      key: 'thompson-beta',
      title: 'Artwork',
      reward: REWARD,
      windowSeconds: 60,
    });
    expect(made).toMatchObject({
      id: 'artwork',
      key: 'thompson-beta',
      learns: 'online',
      learning: true,
      servingVersion: null,
      latestVersion: 0,
      exploration: { key: 'epsilon-mix', params: {} },
      usedBy: [],
      pendingRewards: 0,
      lastLearnedAt: null,
      reward: { outcomes: [{ name: 'play', value: 'one' }], combine: 'max' },
    });
    const list = (await api.request('GET', '/v1/policies', { key: api.keys.secret })).json<{
      items: PolicyView[];
    }>();
    expect(list.items).toEqual([made]);
  });

  it.each([
    ['an unknown algorithm', { key: 'oracle' }, '/key', 'unknown_key'],
    ['unknown parameters', { params: { speed: 1 } }, '/params/', 'invalid_params'],
    ['bad parameters', { params: { priorAlpha: -1 } }, '/params/priorAlpha', 'invalid_params'],
    ['an unknown exploration', { exploration: { key: 'psychic' } }, '/exploration/key', 'unknown_key'],
    [
      'bad exploration parameters',
      { exploration: { key: 'epsilon-mix', params: { epsilon: 7 } } },
      '/exploration/params/epsilon',
      'invalid_params',
    ],
    [
      'an unknown wrapper',
      { params: { wrappers: [{ key: 'hat' }] } },
      '/params/wrappers/0/key',
      'invalid_params',
    ],
    [
      'bad parameters of a wrapper',
      { params: { wrappers: [{ key: 'holdback', params: { share: 2 } }] } },
      '/params/wrappers/0/params/share',
      'invalid_params',
    ],
    [
      'a wrapper that does not fit',
      { key: 'most-popular', params: { wrappers: [{ key: 'holdback' }] } },
      '/params/wrappers/0/key',
      'invalid_params',
    ],
    ['no reward', { reward: null }, '/reward', 'required'],
    [
      'a wrapper that names a signal which the reward does not define',
      { params: { wrappers: [{ key: 'constrained', params: { signal: 'skips', most: 0.1 } }] } },
      '/params/wrappers/0/params/signal',
      'unknown_signal',
    ],
    [
      'a budget by the day with rewards that come later',
      {
        params: { wrappers: [{ key: 'holdback' }, { key: 'exploration-budget', params: { perDay: 5 } }] },
        windowSeconds: 86_000,
        graceSeconds: 400,
      },
      '/params/wrappers/1',
      'window_too_long',
    ],
    [
      'signals without a window',
      { reward: { ...REWARD, signals: { skips: { outcomes: [{ name: 'skip' }] } } }, windowSeconds: 0 },
      '/reward/signals',
      'needs_window',
    ],
    ['a reward without outcomes', { reward: { outcomes: [] } }, '/reward/outcomes', 'too_small'],
    ['an unknown field', { colour: 'red' }, '/colour', 'unknown_field'],
    ['an id with a slash', { id: 'a/b' }, '/id', 'invalid_format'],
    ['a window of a year', { windowSeconds: 31_536_000 }, '/windowSeconds', 'too_big'],
  ])('refuses %s and points at it', async (_what, change, pointer, code) => {
    const body = { id: 'bad', key: 'thompson-beta', title: 'Bad', reward: REWARD, ...change };
    const answer = await api.request('POST', '/v1/policies', { body });
    expect(answer.status).toBe(400);
    const { errors } = answer.json<{ errors: { pointer: string; code: string }[] }>();
    expect(errors[0]?.code).toBe(code);
    expect(errors[0]?.pointer.startsWith(pointer.replace(/\/$/, ''))).toBe(true);
  });

  it.each([
    ['a hundred thousand levels deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['beyond all numbers', '1e400'],
    ['no text', '"\\u0000"'],
  ])('refuses parameters that are %s', async (_what, value) => {
    const answer = await api.request('PATCH', '/v1/policies/artwork', {
      raw: `{"params":{"priorAlpha":${value}}}`,
    });
    expect([answer.status, answer.json()['code']]).toEqual([400, 'invalid_request']);
  });

  it('answers 409 to a second policy of the same id, 404 to an unknown one, 403 to a key that may not write', async () => {
    const body = { id: 'artwork', key: 'uniform-random', title: 'Again' };
    expect((await api.request('POST', '/v1/policies', { body })).status).toBe(409);
    expect((await api.request('POST', '/v1/policies', { body, key: api.keys.secret })).status).toBe(403);
    expect((await api.request('GET', '/v1/policies/nobody')).status).toBe(404);
    expect((await api.request('PATCH', '/v1/policies/nobody', { body: { title: 'x' } })).status).toBe(404);
    expect((await api.request('GET', '/v1/policies/nobody/snapshots')).status).toBe(404);
    expect((await api.request('GET', '/v1/policies/nobody/actions')).status).toBe(404);
  });

  it('changes fields, leaves the others, and writes the audit log', async () => {
    const answer = await api.request('PATCH', '/v1/policies/artwork', {
      body: { title: 'Artwork of titles', params: { priorBeta: 2 }, floor: 0.01 },
    });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      title: 'Artwork of titles',
      params: { priorBeta: 2 },
      floor: 0.01,
      windowSeconds: 60,
    });
    expect(
      (await api.request('PATCH', '/v1/policies/artwork', { body: { params: { priorBeta: 0 } } })).status,
    ).toBe(400);
    expect((await api.request('PATCH', '/v1/policies/artwork', { body: { reward: null } })).status).toBe(400);
    const audit = await api.db.database.query(
      `select action, before ->> 'title' as before, after ->> 'title' as after from audit where entity = 'policy' order by id`,
    );
    expect(audit).toEqual([
      { action: 'policy.create', before: null, after: 'Artwork' },
      { action: 'policy.change', before: 'Artwork', after: 'Artwork of titles' },
    ]);
  });

  it('promotes, rolls back and freezes by moving a pointer', async () => {
    await create({
      id: 'rolling',
      key: 'thompson-beta',
      title: 'Rolling',
      reward: REWARD,
      windowSeconds: 60,
    });
    for (let i = 0; i < 3; i++) await learnSome('rolling', 30, 1000 + 100 * i);
    const serving = async (): Promise<unknown> => {
      const { servingVersion, learning } = (
        await api.request('GET', '/v1/policies/rolling')
      ).json<PolicyView>();
      return [servingVersion, learning];
    };
    expect(await serving()).toEqual([3, true]);
    expect((await api.request('POST', '/v1/policies/rolling/promote', { body: { version: 1 } })).status).toBe(
      200,
    );
    expect(await serving()).toEqual([1, true]);
    expect((await api.request('POST', '/v1/policies/rolling/promote', { body: { version: 9 } })).status).toBe(
      404,
    );
    expect((await api.request('POST', '/v1/policies/rolling/promote', { body: { version: 3 } })).status).toBe(
      200,
    );
    expect((await api.request('POST', '/v1/policies/rolling/rollback', { body: {} })).status).toBe(200);
    expect(await serving()).toEqual([2, false]);
    const forward = await api.request('POST', '/v1/policies/rolling/rollback', { body: { version: 3 } });
    expect(forward.json()).toMatchObject({ status: 409, code: 'not_earlier' });
    // A frozen policy stays where it is while rewards come in.
    await insertDecisions(api.db.database, [{ n: 1900, policyId: 'rolling', at: NOW - 3_600_000 }]);
    await new LearnPolicy(api.db.database).run('rolling', new Date(NOW));
    expect(await serving()).toEqual([2, false]);
    expect((await api.request('GET', '/v1/policies/rolling')).json<PolicyView>().pendingRewards).toBe(1);
    expect(
      (await api.request('POST', '/v1/policies/rolling/rollback', { body: { version: 0 } })).status,
    ).toBe(200);
    expect(await serving()).toEqual([null, false]);
    expect((await api.request('POST', '/v1/policies/rolling/rollback', { body: {} })).status).toBe(409);
    expect((await api.request('POST', '/v1/policies/rolling/unfreeze', { body: {} })).status).toBe(200);
    await new LearnPolicy(api.db.database).run('rolling', new Date(NOW));
    expect(await serving()).toEqual([4, true]);
    expect(
      (await api.request('POST', '/v1/policies/rolling/freeze', { body: {} })).json<PolicyView>().learning,
    ).toBe(false);
  });

  it('lists versions, newest first, page by page', async () => {
    const page = (await api.request('GET', '/v1/policies/rolling/snapshots?limit=3')).json<{
      items: Record<string, unknown>[];
      nextCursor: string;
    }>();
    expect(page.items.map((item) => item['version'])).toEqual([4, 3, 2]);
    expect(page.items[0]).toMatchObject({
      serving: true,
      status: 'accepted',
      rowsUsed: 1,
      meanReward: 0,
      reason: null,
    });
    expect(page.items[0]?.['sha256']).toMatch(/^[0-9a-f]{64}$/);
    const rest = (
      await api.request('GET', `/v1/policies/rolling/snapshots?limit=3&cursor=${page.nextCursor}`)
    ).json<{ items: Record<string, unknown>[]; nextCursor: null }>();
    expect(rest.items.map((item) => item['version'])).toEqual([1]);
    expect(rest.nextCursor).toBeNull();
  });

  it('refuses to serve a version that was rejected, altered or made by another program', async () => {
    await api.db.database.query(
      `update policy_snapshot set status = 'rejected' where policy_id = 'rolling' and version = 1`,
    );
    await api.db.database.query(
      `update policy_snapshot set state_version = 99 where policy_id = 'rolling' and version = 2`,
    );
    for (const version of [1, 2]) {
      const answer = await api.request('POST', '/v1/policies/rolling/promote', { body: { version } });
      expect([answer.status, answer.json()['code']]).toEqual([409, 'not_servable']);
    }
  });

  it('tells per action what was decided, earned and would be chosen now', async () => {
    await create({ id: 'table', key: 'thompson-beta', title: 'Table', reward: REWARD, windowSeconds: 60 });
    await learnSome('table', 300, 3000);
    await api.db.database.query(`insert into item (id, kind, title) values ('b', 'artwork', 'The close-up')`);
    const { items } = (await api.request('GET', '/v1/policies/table/actions')).json<{
      items: Record<string, number | string>[];
    }>();
    expect(items.map((item) => item['id'])).toEqual(['a', 'b', 'c']);
    expect(items[1]).toMatchObject({
      title: 'The close-up',
      decisions: 100,
      rewarded: 100,
      meanReward: 1,
      ipwMean: 1,
      ipwLower: 1,
    });
    expect(items[0]).toMatchObject({ decisions: 100, rewarded: 100, status: 'active' });
    const [served] = await api.db.database.query<{ at: Date }>(
      `select min(at) as at from decision where policy_id = 'table' and chosen = '"b"'`,
    );
    expect(items[1]?.['firstSeen']).toBe(served?.at.toISOString());
    const mean = items[0]?.['meanReward'] as number;
    expect(mean).toBeCloseTo(0.34, 6);
    // Equal propensities: the weighted mean is the mean. Seven units: a cluster-robust interval around it.
    expect(items[0]?.['ipwMean']).toBeCloseTo(mean, 9);
    expect(items[0]?.['ipwLower']).toBeLessThan(mean);
    expect(items[0]?.['ipwUpper']).toBeGreaterThan(mean);
    const sum = items.reduce((total, item) => total + (item['probabilityNow'] as number), 0);
    expect(sum).toBeCloseTo(1, 9);
    expect(items[1]?.['probabilityNow']).toBeGreaterThan(0.95);
    expect((await api.request('GET', '/v1/policies/table/actions?subject=none')).json()).toEqual({
      items: [],
      otherRewards: 0,
    });
  });

  it('tells where each action stands: retired, warming up, frozen', async () => {
    const statuses = async () => {
      const answer = await api.request('GET', '/v1/policies/table/actions');
      const { items } = answer.json<{ items: { id: string; status: string }[] }>();
      return Object.fromEntries(items.map(({ id, status }) => [id, status]));
    };
    const wrappers = (decisions: number) => [
      { key: 'warm-up', params: { decisions } },
      { key: 'retired', params: { actions: ['c'] } },
    ];
    const wear = async (decisions: number) => {
      const body = { params: { wrappers: wrappers(decisions) } };
      expect((await api.request('PATCH', '/v1/policies/table', { body })).status).toBe(200);
    };
    await wear(101);
    expect(await statuses()).toEqual({ a: 'warm-up', b: 'warm-up', c: 'retired' });
    await wear(100);
    await api.request('POST', '/v1/policies/table/freeze', { body: {} });
    expect(await statuses()).toEqual({ a: 'frozen', b: 'frozen', c: 'retired' });
    await api.request('PATCH', '/v1/policies/table', { body: { params: { wrappers: null } } });
    await api.request('POST', '/v1/policies/table/unfreeze', { body: {} });
  });

  it('weights rewards by propensity and clusters by unit, as computed by hand', async () => {
    await create({ id: 'hand', key: 'uniform-random', title: 'Hand', reward: REWARD, windowSeconds: 60 });
    const rows = [
      { n: 5001, unitId: 'x', reward: 1, p: 0.5 },
      { n: 5002, unitId: 'x', reward: 1, p: 0.25 },
      { n: 5003, unitId: 'y', reward: 0, p: 0.2 },
    ];
    await insertDecisions(
      api.db.database,
      rows.map(({ n, unitId }) => ({ n, unitId, policyId: 'hand', action: 'a', at: NOW - 60_000 + n })),
    );
    for (const { n, reward, p } of rows) {
      await api.db.database.query(
        `insert into reward select id, 0, policy_id, null, 'a', $2, $3, at, now(), -1 from decision where id = $1`,
        [idOf(n), reward, p],
      );
    }
    const { items } = (await api.request('GET', '/v1/policies/hand/actions')).json<{
      items: Record<string, number>[];
    }>();
    const row = items.find((item) => item['rewarded'] === 3);
    const [weights, mean] = [2 + 4 + 5, 6 / 11];
    const error = Math.sqrt((6 * (1 - mean)) ** 2 + (5 * mean) ** 2) / weights;
    expect(row?.['ipwMean']).toBeCloseTo(mean, 12);
    expect(row?.['ipwLower']).toBeCloseTo(mean - 1.959963984540054 * error, 12);
    expect(row?.['probabilityNow']).toBeCloseTo(1 / 3, 12);
  });

  it('shows the allocation over time', async () => {
    const answer = (await api.request('GET', '/v1/policies/table/allocation?hours=24&bucket=day')).json<{
      actions: string[];
      points: { decisions: number; counts: Record<string, number> }[];
    }>();
    expect(answer.actions).toEqual(['a', 'b', 'c']);
    expect(answer.points.reduce((sum, point) => sum + point.decisions, 0)).toBe(300);
    expect(answer.points.reduce((sum, point) => sum + (point.counts['b'] ?? 0), 0)).toBe(100);
    expect((await api.request('GET', '/v1/policies/table/allocation?bucket=year')).status).toBe(400);
  });

  it('takes ready-made rewards, keeps every version of a definition, and refuses what does not fit together', async () => {
    const made = await create({
      id: 'ready',
      key: 'thompson-beta',
      title: 'Ready',
      rewardPreset: 'return-within-a-day',
    });
    expect(made).toMatchObject({
      rewardPreset: 'return-within-a-day',
      rewardVersion: 1,
      windowSeconds: 86_400,
    });
    const patch = (body: object) => api.request('PATCH', '/v1/policies/ready', { body });
    expect((await patch({ title: 'Same reward' })).json()).toMatchObject({ rewardVersion: 1 });
    expect((await patch({ rewardPreset: 'minutes', windowSeconds: 60 })).json()).toMatchObject({
      rewardPreset: null,
      rewardVersion: 2,
      windowSeconds: 60,
      reward: { combine: 'sum', max: 300 },
    });
    const versions = await api.request('GET', '/v1/policies/ready/reward-versions');
    expect(versions.json<{ items: object[] }>().items).toMatchObject([
      { version: 2, windowSeconds: 60, rewards: 0 },
      { version: 1, windowSeconds: 86_400, reward: { outcomes: [{ name: 'session_start', of: 'unit' }] } },
    ]);
    for (const [body, pointer] of [
      [{ rewardPreset: 'applause' }, '/rewardPreset'],
      [{ rewardPreset: 'minutes', reward: REWARD }, '/rewardPreset'],
      [{ rewardPreset: 'return-within-a-day', windowSeconds: 0 }, '/reward/outcomes/0/of'],
    ] as const) {
      const answer = await patch(body);
      expect(answer.status).toBe(400);
      expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(pointer);
    }
    expect((await api.request('POST', '/v1/policies/ready/relearn', { body: {} })).status).toBe(202);
    await api.request('POST', '/v1/policies/ready/freeze', { body: {} });
    expect((await api.request('POST', '/v1/policies/ready/relearn', { body: {} })).status).toBe(409);
  });

  it('attaches a shadow, refuses one that cannot be, and reports what it would have earned', async () => {
    const db = api.db.database;
    for (const id of ['front', 'behind'])
      await create({ id, key: 'thompson-beta', title: id, reward: REWARD, windowSeconds: 60 });
    const patch = (shadow: object | null) => api.request('PATCH', '/v1/policies/front', { body: { shadow } });
    for (const [shadow, pointer] of [
      [{ policyId: 'nobody' }, '/shadow/policyId'],
      [{ policyId: 'front' }, '/shadow/version'],
      [{ policyId: 'behind', version: 4 }, '/shadow/version'],
    ] as const) {
      const answer = await patch(shadow);
      expect(answer.status).toBe(400);
      expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(pointer);
    }
    expect((await patch({ policyId: 'behind' })).json()).toMatchObject({
      shadow: { policyId: 'behind', version: null },
    });
    // Two actions at 1/2 each; the shadow plays a with 3/4. a earns in both of its decisions, b in one of two.
    const at = NOW - 1_800_000;
    const shadow = (servedPropensity: number, agrees: boolean) => ({
      policyId: 'behind',
      version: 2,
      chosen: 'a',
      propensity: 0.75,
      servedPropensity,
      agrees,
    });
    await insertDecisions(db, [
      { n: 8001, policyId: 'front', at, action: 'a', shadow: shadow(0.75, true) },
      { n: 8002, policyId: 'front', at, action: 'a', shadow: shadow(0.75, true) },
      { n: 8003, policyId: 'front', at, action: 'b', shadow: shadow(0.25, false) },
      { n: 8004, policyId: 'front', at, action: 'b', shadow: shadow(0.25, false) },
      { n: 8005, policyId: 'front', at, shadow: { policyId: 'behind', version: 2, failed: 'ill' } },
    ]);
    await insertEvents(
      db,
      [8001, 8002, 8003].map((n) => ({ id: `s${n}`, n, at: at + 5 })),
    );
    await new LearnPolicy(db).run('front', new Date(NOW));
    const report = await api.request('GET', '/v1/policies/front/shadow?days=1', { key: api.keys.secret });
    expect(report.json<{ items: object[] }>().items).toEqual([
      expect.objectContaining({
        policyId: 'behind',
        version: 2,
        decisions: 5,
        failed: 1,
        agreement: 0.5,
        meanServedProbability: 0.5,
        rewarded: 4,
        servedReward: 0.75,
        // Weights 1.5, 1.5, .5, .5: (1.5 + 1.5 + .5) / 4, and the same since they average 1.
        ips: 0.875,
        snips: 0.875,
        effectiveSampleSize: 16 / 5,
        largestWeight: 1.5,
        meanWeight: 1,
        reason: null,
      }),
    ]);
    expect((await patch(null)).json()).toMatchObject({ shadow: null });
    expect((await api.request('GET', '/v1/policies/nobody/shadow')).status).toBe(404);
  });

  it('counts what was left out of learning', async () => {
    const db = api.db.database;
    await create({ id: 'left', key: 'thompson-beta', title: 'Left', reward: REWARD, windowSeconds: 60 });
    const at = NOW - 3_600_000;
    await insertDecisions(db, [
      { n: 7001, policyId: 'left', at },
      { n: 7002, policyId: 'left', at, exposed: false },
      { n: 7003, policyId: 'left', at, slate: ['a', 'b'] },
    ]);
    await insertEvents(db, [{ id: 'nowhere', n: 7003, at: at + 1 }]);
    await new LearnPolicy(db).run('left', new Date(NOW - 1_800_000));
    await insertEvents(db, [
      { id: 'late', n: 7001, at: at + 5 },
      { id: 'outside', n: 7001, at: at + 60_001 },
      { id: 'other', n: 7001, name: 'pause', at: at + 5 },
    ]);
    await db.query(`update event set received_at = now() where id in ('late', 'outside', 'other')`);
    const answer = await api.request('GET', '/v1/policies/left/settlement');
    expect(answer.json()).toEqual({
      rewards: 3,
      meanReward: 0,
      lateOutcomes: 1,
      waitingCorrections: 0,
      corrected: 0,
      unexposed: 1,
      unattributed: 1,
    });
  });

  it('gives the catalogue of everything registered', async () => {
    const answer = await api.request('GET', '/v1/catalog', { key: api.keys.secret });
    const body = answer.json<Record<string, { key?: string; paramsSchema?: { type: string } }[]>>();
    expect(Object.keys(body).sort()).toEqual([
      'conditionOperators',
      'estimators',
      'explorations',
      'metrics',
      'outcomes',
      'policies',
      'rewards',
      'wrappers',
    ]);
    expect(body['wrappers']?.find((entry) => entry.key === 'holdback')).toMatchObject({
      paramsSchema: { type: 'object' },
    });
    const policy = body['policies']?.find((entry) => entry.key === 'thompson-beta');
    expect(policy).toMatchObject({ learns: 'online', paramsSchema: { type: 'object' } });
    expect(body['outcomes']).toContain('play');
    expect((await api.request('GET', '/v1/catalog', { key: api.keys.publishable })).status).toBe(403);
  });

  it('trains only recommenders with a reward, one run at a time', async () => {
    const start = (id: string, body: object = {}) =>
      api.request('POST', `/v1/policies/${id}/training-runs`, { body });
    expect((await start('table')).json()['code']).toBe('not_trainable');
    await create({ id: 'untold', key: 'implicit-als', title: 'Untold' });
    expect((await start('untold')).json()['code']).toBe('no_reward');
    await create({ id: 'titles', key: 'implicit-als', title: 'Titles', reward: REWARD });
    expect((await start('titles', { params: { dimension: 0 } })).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/params/dimension' }],
    });
    const accepted = await start('titles', { seed: 's1', params: { dimension: 8 } });
    expect(accepted.status).toBe(202);
    expect(accepted.json()).toMatchObject({
      status: 'queued',
      seed: 's1',
      params: { dimension: 8 },
      promote: 'auto',
      progress: 0,
    });
    expect((await start('titles')).json()['code']).toBe('training_in_progress');
    const { items } = (await api.request('GET', '/v1/policies/titles/training-runs')).json<{
      items: object[];
    }>();
    expect(items).toEqual([accepted.json()]);
  });
});

describe('the boot check', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  it('names the experiment and the policy that is missing, unknown or misconfigured', async () => {
    const db = api.db.database;
    await db.query(`insert into surface (key, title, kind) values ('rows', 'Rows', 'slate')`);
    await db.query(`insert into layer (key, title, salt) values ('default', 'Default', 's')`);
    await db.query(
      `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt)
       values ('e1', 'E', 'rows', 'running', 'default', 0, 1, 1,
         '[{"key": "a", "treatment": {"kind": "policy", "policyId": "p1"}}, {"key": "b", "treatment": {"kind": "value"}}]', 's')`,
    );
    await expect(checkPolicies(db)).rejects.toThrow(
      'The experiment "e1" needs the policy "p1", which does not exist.',
    );
    await db.query(
      `insert into policy (id, key, title, exploration) values ('p1', 'oracle', 'P', '{"key": "greedy"}')`,
    );
    await expect(checkPolicies(db)).rejects.toThrow('whose algorithm "oracle" this program does not have');
    await db.query(`update policy set key = 'thompson-beta', params = '{"priorAlpha": -1}'`);
    await expect(checkPolicies(db)).rejects.toThrow(
      'whose parameters "thompson-beta" does not accept: /priorAlpha',
    );
    await db.query(`update policy set params = '{}'`);
    await expect(checkPolicies(db)).resolves.toBeUndefined();
    await db.query(`update experiment set status = 'draft'; delete from policy`);
    await expect(checkPolicies(db)).resolves.toBeUndefined();
  });
});
