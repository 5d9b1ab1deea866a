import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { policyRegistry } from '#policies';
import type { BanditPolicy } from '#policies';
import { startTestApi } from '../../../test/api.js';
import type { TestApi } from '../../../test/api.js';
import { crashingAt, idOf, insertDecisions } from '../../../test/learning.js';
import type { RunView } from '../../off-policy/off-policy.service.js';
import { LearnPolicy } from '../learn-policy.js';
import { replay } from '../learning-log.js';
import { readHead, stateOf } from '../snapshot-store.js';
import type { WarmStartView } from './warm-start-row.js';

const NOW = Date.now();
const HOUR = 3_600_000;
const N = 4000;
const ACTIONS = ['a', 'b'];
const PLAY = { a: 0.3, b: 0.6 } as const;
const REWARD = { outcomes: [{ name: 'play' }], combine: 'max' };

describe('a warm start from the log of another policy', () => {
  let api: TestApi;
  const post = (path: string, body: object = {}) => api.request('POST', path, { body });
  const made = async (path: string, body: object, status = 201): Promise<void> => {
    const answer = await post(path, body);
    expect([answer.status, answer.status === status ? null : answer.text]).toEqual([status, null]);
  };
  const create = (id: string, body: object = {}) =>
    made('/v1/policies', {
      id,
      key: 'thompson-beta',
      title: id,
      reward: REWARD,
      windowSeconds: 600,
      floor: 0.1,
      gateRequired: true,
      ...body,
    });

  /** Decisions with their plays and their settled rewards, an hour ago; `p`: probability of a. */
  async function log(policyId: string, n: number, first: number, p: number): Promise<void> {
    const rng = createRng(policyId);
    const rows = Array.from({ length: n }, (_, i) => {
      const action = rng.uniform() < p ? 'a' : 'b';
      return { i, unit: `u${i % 1700}`, action, played: rng.uniform() < PLAY[action as 'a' | 'b'] };
    });
    const { database } = api.db;
    await insertDecisions(
      database,
      rows.map(({ i, unit, action }) => ({
        n: first + i,
        unitId: unit,
        policyId,
        action,
        at: NOW - HOUR + i,
        candidates: ACTIONS,
        context: { device: i % 2 === 0 ? 'tv' : 'phone' },
      })),
    );
    await database.query(
      `update decision set probabilities = array[$2::float8, 1 - $2::float8],
         propensity = case when chosen = '"a"' then $2::float8 else 1 - $2::float8 end where policy_id = $1`,
      [policyId, p],
    );
    const played = rows.filter((row) => row.played).map(({ i }) => idOf(first + i));
    await database.query(
      `insert into event (id, at, received_at, unit_id, kind, name, decision_id)
       select 'e' || d.id, d.at + interval '5 seconds', d.at, d.unit_id, 'outcome', 'play', d.id
       from decision d where d.id = any($1)`,
      [played],
    );
    await database.query(
      `insert into reward (decision_id, position, policy_id, action_id, reward, propensity, decision_at, settled_at, version)
       select d.id, 0, d.policy_id, d.chosen #>> '{}', case when d.id = any($2) then 1 else 0 end, d.propensity, d.at, now(), -1
       from decision d where d.policy_id = $1`,
      [policyId, played],
    );
    await database.query(`delete from reward_due where policy_id = $1`, [policyId]);
    await database.query(
      `insert into policy_audit (policy_id, at, from_at, status, decisions, result)
       values ($1, now(), now() - interval '2 hours', 'ok', 500, '{}')`,
      [policyId],
    );
  }

  const start = async (id: string, body: object): Promise<WarmStartView> => {
    const answer = await post(`/v1/policies/${id}/warm-starts`, body);
    expect([answer.status, answer.status === 202 ? null : answer.text]).toEqual([202, null]);
    return answer.json<WarmStartView>();
  };
  const refused = async (id: string, body: object): Promise<string> => {
    const answer = await post(`/v1/policies/${id}/warm-starts`, body);
    const problem = answer.json<{ code: string; errors: { code: string }[] }>();
    return `${answer.status} ${problem.errors[0]?.code ?? problem.code}`;
  };
  const learn = async (id: string, rows = 1000): Promise<void> => {
    const learner = new LearnPolicy(api.db.database, policyRegistry, { rows });
    while ((await learner.run(id, new Date())).more);
  };
  const newest = async (id: string): Promise<WarmStartView> => {
    const answer = await api.request('GET', `/v1/policies/${id}/warm-starts`, { key: api.keys.secret });
    return answer.json<{ items: WarmStartView[] }>().items[0] as WarmStartView;
  };
  const judge = async (source: string, candidate: object, more: object = {}): Promise<RunView> => {
    const answer = await post(`/v1/policies/${source}/off-policy`, { candidate, ...more });
    expect([answer.status, answer.status === 201 ? null : answer.text]).toEqual([201, null]);
    return answer.json<RunView>();
  };
  /** The state that the learning log gives again from nothing. */
  const replayed = (id: string): Promise<string> =>
    api.db.database.transaction(async (tx) => {
      const [row] = await tx.query<{ key: string; params: object; latest_version: number }>(
        'select key, params, latest_version from policy where id = $1',
        [id],
      );
      const policy = policyRegistry.get(row?.key as string) as BanditPolicy;
      const range = { from: null, after: 0, through: row?.latest_version as number };
      return (await replay(tx, policy, id, policy.params.parse(row?.params), range)).text;
    });
  const served = async (id: string): Promise<string> =>
    stateOf((await readHead(api.db.database, id)) as NonNullable<Awaited<ReturnType<typeof readHead>>>).text;
  const design = (key: string, policyId: string) => ({
    key,
    title: key,
    hypothesis: 'H',
    surface: 'title.artwork',
    decisionMetric: 'play-rate',
    arms: [
      {
        key: 'log',
        title: 'log',
        weight: 1,
        isControl: true,
        treatment: { kind: 'policy', policyId: 'log' },
      },
      { key: 'new', title: 'new', weight: 1, isControl: false, treatment: { kind: 'policy', policyId } },
    ],
  });

  beforeAll(async () => {
    api = await startTestApi();
    await api.db.database.query(`select ensure_partitions(current_date - 1, current_date + 1)`);
    await made('/v1/surfaces', {
      key: 'title.artwork',
      title: 'Artwork',
      kind: 'action',
      defaultValue: null,
    });
    await create('log', { learning: false, gateRequired: false });
    await create('narrow', { learning: false, gateRequired: false });
    await log('log', N, 1, 0.5);
    await log('narrow', 1200, 100_000, 1);
  }, 60_000);
  afterAll(() => api.close());

  it('takes a candidate from the lab to its first traffic without an override', async () => {
    const seen = await judge('log', { params: {}, floor: 0.1 });
    expect(seen.answer).toBe('yes');
    await create('fresh');
    const { from, to } = seen.result.log;
    const view = await start('fresh', { source: { policyId: 'log' }, from, to });
    expect(view).toMatchObject({
      status: 'queued',
      matching: N / 2,
      version: null,
      surface: 'title.artwork',
    });
    expect(await refused('fresh', { source: { policyId: 'log' } })).toBe('409 warm_start_in_progress');
    await learn('fresh');
    const done = await newest('fresh');
    expect(done).toMatchObject({
      status: 'succeeded',
      progress: 1,
      read: N / 2,
      decisions: N / 2,
      version: 2,
    });
    const [half] = await api.db.database.query<{ mean: number }>(
      `select avg(reward)::float8 as mean from (
         select reward from reward where policy_id = 'log' order by decision_at limit $1) older`,
      [N / 2],
    );
    expect(done.meanReward).toBeCloseTo(half?.mean as number, 12);
    expect(await replayed('fresh')).toBe(await served('fresh'));

    // Judged on the whole log it is judged on what it has not learned, and the run says so.
    await made('/v1/experiments', design('first', 'fresh'));
    expect((await post('/v1/experiments/first/start')).json()).toMatchObject({ code: 'gate_closed' });
    const judged = await judge('log', { policyId: 'fresh' });
    expect(judged.result.log).toMatchObject({
      matching: N / 2,
      alreadyLearned: N / 2,
      warmStarted: N / 2,
      learnedOn: 0,
    });
    expect(judged.answer).toBe('yes');
    expect(judged.result.difference.value).toBeCloseTo(seen.result.difference.value, 2);
    const started = await post('/v1/experiments/first/start');
    expect([started.status, started.status === 200 ? null : started.text]).toEqual([200, null]);
    const { items } = (await api.request('GET', '/v1/policies/fresh/snapshots')).json<{
      items: { version: number; reason: string; rowsUsed: number; serving: boolean }[];
    }>();
    expect(items[0]).toMatchObject({ version: 2, serving: true, reason: 'warm start from the log of "log"' });
    const audits = await api.db.database.query<{ action: string; after: Record<string, unknown> }>(
      `select action, after from audit where entity_key = 'fresh' and action like 'policy.%' order by id`,
    );
    expect(audits.map(({ action }) => action)).toEqual([
      'policy.create',
      'policy.warm-start',
      'policy.warm-started',
      'policy.pass-gate',
    ]);
    expect(audits[2]?.after).toMatchObject({ source: { policyId: 'log' }, decisions: N / 2, version: 2 });
    expect(await refused('fresh', { source: { policyId: 'log' } })).toBe('409 already_learned');
  });

  it('learns what a log without overlap shows, and gets no traffic for it', async () => {
    await create('blind');
    await start('blind', { source: { policyId: 'narrow' } });
    await learn('blind');
    const judged = await judge('narrow', { policyId: 'blind' }, { rows: 300 });
    expect(judged.answer).toBe('not-enough-evidence');
    await made('/v1/experiments', design('second', 'blind'));
    const answer = (await post('/v1/experiments/second/start')).json<{
      code: string;
      errors: { code: string }[];
    }>();
    expect(answer.code).toBe('gate_closed');
    expect(answer.errors.map(({ code }) => code)).toContain('support');
  });

  it('counts by its own definition, leaves whole units, and repeats nothing after a crash', async () => {
    const never = { outcomes: [{ name: 'play', scale: 2 }], combine: 'max', default: 0.25 };
    const body = { key: 'epsilon-greedy', params: {}, reward: never, learning: false };
    await create('own', body);
    const holdOut = { by: 'unit', share: 0.3 };
    const view = await start('own', { source: { policyId: 'log' }, holdOut, rows: 2000 });
    expect(view.heldOut).toMatchObject(holdOut);
    expect(Math.abs(view.matching / 2000 - 0.7)).toBeLessThan(0.04);
    // Learned in pieces by a learner that dies at one statement of the second piece, then at another.
    await new LearnPolicy(api.db.database, policyRegistry, { rows: 800 }).run('own', new Date());
    for (const at of [6, 11, 15]) {
      const { db } = crashingAt(api.db.database, at);
      await expect(new LearnPolicy(db, policyRegistry, { rows: 800 }).run('own', new Date())).rejects.toThrow(
        'crash',
      );
    }
    await learn('own', 800);
    const done = await newest('own');
    expect(done).toMatchObject({
      status: 'succeeded',
      read: view.matching,
      decisions: view.matching,
      version: 2,
    });
    const [rows] = await api.db.database.query<Record<string, number>>(
      `with own as (select * from warm_reward where policy_id = 'own'),
         mine as (select d.id, d.unit_id from decision d where d.policy_id = 'log' and d.at >= $1 and d.at < $2),
         units as (select distinct unit_id from mine join own on own.decision_id = mine.id)
       select count(*)::int as rows, count(*) filter (where o.reward <> case when r.reward = 1 then 2 else 0.25 end)::int as wrong,
         (select count(*)::int from mine join units using (unit_id)) as "ofUnits"
       from own o join reward r using (decision_id, position)`,
      [done.from, done.to],
    );
    expect(rows).toEqual({ rows: view.matching, wrong: 0, ofUnits: view.matching });
    expect(await replayed('own')).toBe(await served('own'));
    // Changed parameters learn the same log again.
    expect((await api.request('PATCH', '/v1/policies/own', { body: { learning: true } })).status).toBe(200);
    await made('/v1/policies/own/relearn', {}, 202);
    const before = await served('own');
    await learn('own');
    expect(await served('own')).toBe(before);
    // What is left of the log judges it; a definition that changes leaves the old numbers out.
    const { result } = await judge('log', { policyId: 'own' }, { rows: 100 });
    expect(result.log.matching).toBe(N - view.matching);
    const patch = { reward: { ...never, default: 0 } };
    expect((await api.request('PATCH', '/v1/policies/own', { body: patch })).status).toBe(200);
    await made('/v1/policies/own/relearn', { rewards: 'current-definition' }, 202);
    await learn('own');
    expect(await served('own')).toBe(await replayed('own'));
    expect(await served('own')).not.toBe(before);
  });

  it('learns from arms with fixed values, with the shares that they had', async () => {
    const { database } = api.db;
    const arms = ['a', 'b'].map((key, i) => ({
      key,
      title: key,
      weight: 3 - 2 * i,
      isControl: i === 0,
      treatment: { kind: 'value', value: key },
    }));
    await made('/v1/experiments', { ...design('fixed', 'log'), arms });
    await create('fixed-arms', { learning: false });
    await log('fixed-arms', 400, 300_000, 0.75);
    await database.query(
      `update decision set policy_id = null, experiment = 'fixed', arm = chosen #>> '{}', propensity = 1,
         arm_propensity = case when chosen = '"a"' then 0.75 else 0.25 end where policy_id = 'fixed-arms'`,
    );
    // While the experiment was paused, nobody chose.
    await create('paused', { learning: false });
    await log('paused', 50, 310_000, 0.75);
    await database.query(
      `update decision set policy_id = null, experiment = 'fixed', propensity = 1 where policy_id = 'paused'`,
    );
    await create('weighted', { key: 'exp3', floor: 0.05 });
    const source = { experiment: 'fixed' };
    expect(await refused('weighted', { source: { ...source, arms: ['a', 'c'] } })).toBe('400 unknown_arm');
    await start('weighted', { source, holdOut: { share: 0 } });
    await learn('weighted');
    expect(await newest('weighted')).toMatchObject({ status: 'succeeded', decisions: 400, heldOut: null });
    const shares = await database.query(
      `select distinct action_id, propensity from warm_reward where policy_id = 'weighted' order by action_id`,
    );
    expect(shares).toEqual([
      { action_id: 'a', propensity: 0.75 },
      { action_id: 'b', propensity: 0.25 },
    ]);
  });

  it('is refused where nothing or the wrong thing would be learned, and takes back what failed', async () => {
    const source = { policyId: 'log' };
    await create('plain');
    await create('other-reward', { reward: { outcomes: [{ name: 'bought' }] }, windowSeconds: 0 });
    await create('features', { key: 'linear-thompson', params: { attributes: ['mood'] } });
    await create('still', { key: 'uniform-random', reward: null, learning: false });
    await create('trained', { key: 'item-knn', learning: false });
    const old = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
    expect([
      await refused('plain', { source: { policyId: 'plain' } }),
      await refused('plain', { source: { policyId: 'nobody' } }),
      await refused('plain', { source, ...old }),
      await refused('plain', { source, surface: 'home.rows' }),
      await refused('plain', { source, holdOut: { share: 1 } }),
      await refused('other-reward', { source }),
      await refused('features', { source }),
      await refused('still', { source }),
      await refused('trained', { source }),
      await refused('log', { source: { policyId: 'narrow' } }),
    ]).toEqual([
      '400 same_policy',
      '404 not_found',
      '409 nothing_to_learn',
      '409 nothing_to_learn',
      '400 too_big',
      '409 nothing_to_learn',
      '409 does_not_fit',
      '409 not_warm_startable',
      '409 not_warm_startable',
      '409 has_served',
    ]);
    await start('plain', { source });
    await new LearnPolicy(api.db.database, policyRegistry, { rows: 1000 }).run('plain', new Date());
    await api.request('PATCH', '/v1/policies/plain', { body: { windowSeconds: 60 } });
    await learn('plain');
    expect(await newest('plain')).toMatchObject({ status: 'failed', version: null });
    const [left] = await api.db.database.query(
      `select p.serving_version, (select count(*)::int from warm_reward where policy_id = 'plain') as rewards from policy p where p.id = 'plain'`,
    );
    expect(left).toEqual({ serving_version: null, rewards: 0 });
    await start('plain', { source });
    await learn('plain');
    expect(await newest('plain')).toMatchObject({ status: 'succeeded', decisions: N / 2 });
    expect(await replayed('plain')).toBe(await served('plain'));
  });
});
