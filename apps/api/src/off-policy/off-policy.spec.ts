import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { evaluateOffPolicy, policyRegistry } from '#policies';
import type { BanditPolicy, OffPolicyEvaluation } from '#policies';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { idOf, insertDecisions } from '../../test/learning.js';
import { storeState } from '../policies/snapshot-state.js';
import { insertSnapshot } from '../policies/snapshot-store.js';
import type { RunView } from './off-policy.service.js';

const NOW = Date.now();
const REWARD = { outcomes: [{ name: 'play' }], combine: 'max' };
const N = 4000;
const ACTIONS = ['a', 'b'];
/** What is played: b half as often as a, or never. */
const PLAY = { a: 0.3, b: 0.6 } as const;

interface LogRow {
  readonly unit: number;
  readonly action: 'a' | 'b';
  readonly p: readonly [number, number];
  readonly reward: number;
}

function simulate(seed: string, p: readonly [number, number]): LogRow[] {
  const rng = createRng(seed);
  return Array.from({ length: N }, (_, i) => {
    const action = rng.uniform() < p[0] ? 'a' : 'b';
    return { unit: i % 1500, action, p, reward: rng.uniform() < PLAY[action] ? 1 : 0 };
  });
}

describe('off-policy evaluation as a gate', () => {
  let api: TestApi;
  const half = simulate('overlap', [0.5, 0.5]);
  const only = simulate('no overlap', [1, 0]);

  const create = async (id: string, body: object = {}): Promise<void> => {
    const policy = { id, key: 'thompson-beta', title: id, reward: REWARD, floor: 0.05, learning: false };
    const answer = await api.request('POST', '/v1/policies', { body: { ...policy, ...body } });
    expect([answer.status, answer.status === 201 ? null : answer.text]).toEqual([201, null]);
  };
  const post = (path: string, body: object) => api.request('POST', path, { body });
  const run = async (id: string, candidate: object, more: object = {}): Promise<RunView> => {
    const answer = await post(`/v1/policies/${id}/off-policy`, { candidate, ...more });
    expect([answer.status, answer.status === 201 ? null : answer.text]).toEqual([201, null]);
    return answer.json<RunView>();
  };
  const log = async (policyId: string, rows: readonly LogRow[], first: number): Promise<void> => {
    await insertDecisions(
      api.db.database,
      rows.map(({ unit, action }, i) => ({
        n: first + i,
        unitId: `u${unit}`,
        policyId,
        action,
        at: NOW - 3_600_000 + i,
        candidates: ACTIONS,
        context: { device: unit % 2 === 0 ? 'tv' : 'phone' },
      })),
    );
    await api.db.database.query(
      `with row as (select * from unnest($1::text[], $2::float8[], $3::float8[], $4::float8[]) as r (id, a, b, reward)),
       told as (
         update decision d set probabilities = array[r.a, r.b], propensity = case when d.chosen = '"a"' then r.a else r.b end
         from row r where d.id = r.id returning d.id, d.policy_id, d.chosen #>> '{}' as action, d.propensity, d.at)
       insert into reward (decision_id, position, policy_id, action_id, reward, propensity, decision_at, settled_at, version)
       select t.id, 0, t.policy_id, t.action, r.reward, t.propensity, t.at, now(), -1 from told t join row r on r.id = t.id`,
      [
        rows.map((_, i) => idOf(first + i)),
        rows.map(({ p }) => p[0]),
        rows.map(({ p }) => p[1]),
        rows.map(({ reward }) => reward),
      ],
    );
  };
  /** An audit that ended so many minutes ago and looked at the hour before. */
  const audit = (policyId: string, status: string, minutesAgo: number) =>
    api.db.database.query(
      `insert into policy_audit (policy_id, at, from_at, status, decisions, result)
       values ($1, now() - make_interval(mins => $3), now() - make_interval(mins => $3 + 60), $2, 500, '{}')`,
      [policyId, status, minutesAgo],
    );
  const audited = async (action: string): Promise<{ after: Record<string, unknown> }[]> =>
    api.db.database.query(`select after from audit where action = $1 order by id`, [action]);

  /** Gives a policy a version that has learned the older half of the log and serves. */
  async function learnHalf(policyId: string, version: number): Promise<void> {
    const policy = policyRegistry.get('thompson-beta') as BanditPolicy;
    const params = policy.params.parse({});
    const batch = half.slice(0, N / 2).map(({ unit, action, p, reward }, i) => ({
      decisionId: idOf(i),
      unitId: `u${unit}`,
      context: {},
      subject: null,
      action: { id: action, features: {} },
      position: 0,
      propensity: p[ACTIONS.indexOf(action)] as number,
      reward,
      at: NOW - 3_600_000 + i,
    }));
    await insertSnapshot(api.db.database, {
      policyId,
      version,
      stateVersion: policy.stateVersion,
      params: {},
      state: storeState(policy, policy.update(policy.initialState(params), batch, params)),
      status: 'accepted',
      reason: null,
      rowsUsed: batch.length,
      meanReward: null,
      learnedThrough: new Date(NOW),
      now: new Date(),
    });
    await api.db.database.query(
      'update policy set serving_version = $2::int, latest_version = $2::int where id = $1',
      [policyId, version],
    );
  }

  beforeAll(async () => {
    api = await startTestApi();
    await api.db.database.query(`select ensure_partitions(current_date - 1, current_date + 1)`);
    await create('log');
    await create('narrow', { gateRequired: true });
    await create('random', { key: 'uniform-random', reward: null });
    await log('log', half, 1);
    await log('narrow', only, 100_000);
    for (const id of ['log', 'narrow']) await audit(id, 'ok', 60);
  }, 60_000);
  afterAll(() => api.close());

  /** What the library says of these rows for a candidate that prefers a with probability `a`. */
  function expected(rows: readonly LogRow[], a: number): OffPolicyEvaluation {
    const units = new Map<number, number>();
    const unit = rows.map((row) => units.get(row.unit) ?? (units.set(row.unit, units.size), units.size - 1));
    return evaluateOffPolicy(
      {
        actions: 2,
        action: Uint32Array.from(rows, ({ action }) => ACTIONS.indexOf(action)),
        propensity: Float64Array.from(rows, ({ action, p }) => p[ACTIONS.indexOf(action)] as number),
        reward: Float64Array.from(rows, ({ reward }) => reward),
        behaviour: Float64Array.from(rows.flatMap(({ p }) => p)),
        unit: Uint32Array.from(unit),
        context: {
          width: 2,
          values: Float64Array.from(rows.flatMap((row) => (row.unit % 2 === 0 ? [1, 0] : [0, 1]))),
        },
      },
      Float64Array.from(rows.flatMap(() => [a, 1 - a])),
      { audited: true },
    );
  }

  it('answers what the library answers on the same rows, and keeps it', async () => {
    const view = await run('log', { policyId: 'random' });
    const { gate, guardrails: _none, ...rest } = expected(half, 0.5);
    expect(view.result).toMatchObject(JSON.parse(JSON.stringify(rest)) as object);
    expect(view.gate).toEqual(JSON.parse(JSON.stringify(gate)));
    expect(view.result.log).toMatchObject({ matching: N, cut: false, learnedOn: 0, audited: true });
    expect(view.result.actions.toSorted()).toEqual(ACTIONS);
    // A log of uniform choices judges uniform choices: all weights are 1, no row is lost.
    expect(view.result.diagnostics.effectiveSampleSize).toBeCloseTo(N, 6);
    const list = await api.request('GET', '/v1/policies/log/off-policy', { key: api.keys.secret });
    expect(list.json<{ items: { id: number; answer: string }[] }>().items[0]).toMatchObject({
      id: view.id,
      answer: gate.answer,
    });
    const again = await api.request('GET', `/v1/policies/log/off-policy/${view.id}`, {
      key: api.keys.secret,
    });
    expect(again.json()).toEqual(view);
    expect(await audited('policy.off-policy')).toHaveLength(1);
  });

  it('believes propensities only when an audit has looked at them and found none broken', async () => {
    const clause = async () => {
      const view = await run('log', { params: {}, floor: 0.2 });
      const found = view.gate.clauses.find(({ key }) => key === 'audit');
      return [view.answer, found?.holds, found?.value];
    };
    expect(await clause()).toEqual(['yes', true, 1]);
    await audit('log', 'failed', 30);
    expect(await clause()).toEqual(['not-enough-evidence', false, 0]);
    // What was broken in the range stays broken when a later audit passes.
    await audit('log', 'ok', 10);
    expect(await clause()).toEqual(['not-enough-evidence', false, 0]);
    await api.db.database.query(`delete from policy_audit where policy_id = 'log'`);
    await audit('log', 'too-few', 10);
    expect(await clause()).toEqual(['not-enough-evidence', false, null]);
    await audit('log', 'ok', 60);
  });

  it('reads the newest rows only, and says that it cut', async () => {
    const view = await run('log', { policyId: 'random' }, { rows: 1000 });
    expect(view.result.log).toMatchObject({ matching: N, cut: true });
    expect(view.result.diagnostics.n).toBe(1000);
    expect(view.result.baseline.value).toBeCloseTo(expected(half.slice(-1000), 0.5).baseline.value, 12);
    expect(view.answer).toBe('not-enough-evidence');
  });

  it('lets parameters learn the older half and judges them on the newer one, floor included', async () => {
    const view = await run('log', { params: {}, floor: 0.2 });
    expect(view.result.log.learnedOn).toBe(N / 2);
    expect(view.result.diagnostics.n).toBe(N / 2);
    // b is twice as good, so that its posterior leaves a nothing but the floor.
    const values = new Map(view.result.estimates.map(({ key, value }) => [key, value]));
    const library = expected(half.slice(N / 2), 0.2);
    for (const { key, value } of library.estimates) expect(values.get(key)).toBeCloseTo(value as number, 6);
    expect(Math.abs((values.get('dr') as number) - (0.2 * 0.3 + 0.8 * 0.6))).toBeLessThan(0.05);
    expect(view.answer).toBe('yes');
  });

  it('refuses what the log could not have played, and lets nothing of it serve without an audited reason', async () => {
    const view = await run('narrow', { policyId: 'random' });
    expect(view.answer).toBe('not-enough-evidence');
    expect(view.gate.clauses.find(({ holds }) => !holds)?.key).toBe('support');
    const change = { exploration: { key: 'epsilon-mix', params: { epsilon: 0.3 } }, floor: 0.3 };
    const params = { params: {}, ...change };
    const patch = (body: object) => api.request('PATCH', '/v1/policies/narrow', { body });
    expect((await patch(change)).json()).toMatchObject({ status: 409, code: 'gate_closed' });
    expect((await run('narrow', params)).answer).toBe('not-enough-evidence');
    const refused = (await patch(change)).json<{ detail: string; errors: { code: string }[] }>();
    expect(refused.detail).toContain('may not take traffic');
    expect(refused.errors.map(({ code }) => code)).toContain('support');
    // More exploration alone is let through; so are names.
    expect((await patch({ floor: 0.1, title: 'Narrow' })).status).toBe(200);
    expect((await patch({ ...change, overrideGate: 'short' })).status).toBe(400);
    const passed = await patch({ ...change, overrideGate: 'The log is of the old player' });
    expect(passed.json()).toMatchObject({ floor: 0.3, gateRequired: true });
    expect((await audited('policy.override-gate'))[0]?.after).toMatchObject({
      reason: 'The log is of the old player',
      answer: 'not-enough-evidence',
    });
  });

  it('promotes a version and starts an experiment only after a yes', async () => {
    await create('gated', { gateRequired: true, floor: 0.25 });
    const policy = await api.db.database.query<{ id: string }>(`select id from policy where id = 'gated'`);
    expect(policy).toHaveLength(1);
    await api.db.database.query(
      `insert into policy_snapshot (policy_id, version, state_version, params, state, sha256, status, rows_used, created_at)
       select 'gated', 1, 1, '{}', 'null', 'x', 'candidate', 0, now()`,
    );
    const promote = await post('/v1/policies/gated/promote', { version: 1 });
    expect(promote.json()).toMatchObject({ status: 409, code: 'gate_closed' });
    await post('/v1/surfaces', {
      key: 'title.artwork',
      title: 'Artwork',
      kind: 'action',
      defaultValue: null,
    });
    const arms = ['gated', 'random'].map((policyId, i) => ({
      key: policyId,
      title: policyId,
      weight: 1,
      isControl: i === 1,
      treatment: { kind: 'policy', policyId },
    }));
    const design = {
      key: 'x',
      title: 'X',
      hypothesis: 'H',
      surface: 'title.artwork',
      arms,
      decisionMetric: 'play-rate',
    };
    const created = await post('/v1/experiments', design);
    expect([created.status, created.status === 201 ? null : created.text]).toEqual([201, null]);
    const start = () => post('/v1/experiments/x/start', {});
    expect((await start()).json()).toMatchObject({ status: 409, code: 'gate_closed' });
    // Its parameters were judged with what they had learned of the log; it has learned nothing.
    expect((await run('log', { params: {}, floor: 0.25 })).answer).toBe('yes');
    expect((await start()).json()).toMatchObject({ code: 'gate_closed' });
    expect((await run('log', { policyId: 'gated' })).answer).toBe('yes');
    expect((await start()).json()).toMatchObject({ code: 'gate_closed' });
    await learnHalf('gated', 2);
    expect((await start()).json()).toMatchObject({ code: 'gate_closed' });
    // A yes for one subject, or of a log that is old by now, is none.
    await run('log', { policyId: 'gated' });
    const newest = `(select max(id) from off_policy_run)`;
    const alter = (path: string, value: string | null) =>
      api.db.database.query(
        `update off_policy_run set result = jsonb_set(result, $1::text[], coalesce(to_jsonb($2::text), 'null')) where id = ${newest}`,
        [path, value],
      );
    await alter('{log,subject}', 'one title');
    expect((await start()).json()).toMatchObject({ code: 'gate_closed' });
    await alter('{log,subject}', null);
    await alter('{log,to}', new Date(NOW - 15 * 86_400_000).toISOString());
    expect((await start()).json()).toMatchObject({ code: 'gate_closed' });
    const judged = await run('log', { policyId: 'gated' }, { margin: 0.05 });
    expect([judged.answer, judged.result.log.learnedOn]).toEqual(['yes', 0]);
    const started = await start();
    expect([started.status, started.status === 200 ? null : started.text]).toEqual([200, null]);
    expect((await audited('policy.pass-gate')).at(-1)?.after).toMatchObject({
      run: String(judged.id),
      log: 'log',
      margin: 0.05,
    });
  });

  it('is switched off with a reason only, which is audited', async () => {
    await create('loose', { gateRequired: true });
    const off = (body: object) =>
      api.request('PATCH', '/v1/policies/loose', { body: { gateRequired: false, ...body } });
    expect((await off({ floor: 0.01 })).json()).toMatchObject({ status: 409, code: 'gate_closed' });
    const done = await off({ floor: 0.01, overrideGate: 'The trial is over' });
    expect(done.json()).toMatchObject({ gateRequired: false, floor: 0.01 });
    expect((await audited('policy.switch-gate-off'))[0]?.after).toMatchObject({
      reason: 'The trial is over',
    });
    expect((await off({})).status).toBe(200);
  });

  it('wants a change judged on the policy’s own log', async () => {
    await create('own', { gateRequired: true, floor: 0.05 });
    const change = { floor: 0.2, exploration: { key: 'epsilon-mix', params: { epsilon: 0.1 } } };
    const candidate = { ...change, params: {} };
    expect((await run('log', candidate)).answer).toBe('yes');
    const refused = await api.request('PATCH', '/v1/policies/own', { body: change });
    expect(refused.json()).toMatchObject({ code: 'gate_closed' });
    expect(refused.json<{ detail: string }>().detail).toContain('log of "own"');
    await log('own', half, 300_000);
    await audit('own', 'ok', 60);
    expect((await run('own', candidate)).answer).toBe('yes');
    expect((await api.request('PATCH', '/v1/policies/own', { body: change })).status).toBe(200);
  });

  it('compares rewards of one definition with what the log earned by itself, and watches its signals', async () => {
    const reward = { outcomes: [{ name: 'play' }], combine: 'any', default: 0.2 };
    const quit = { outcomes: [{ name: 'quit' }], combine: 'any' };
    await create('mixed', { reward: { ...reward, signals: { quit } } });
    await log('mixed', half, 500_000);
    await audit('mixed', 'ok', 60);
    // The first 500 rewards are of an earlier definition, the next 500 of the exploration slice, which earns less.
    await api.db.database.query(
      `update reward set reward = case when decision_id < $1 then 50 when decision_id < $2 or reward = 0 then 0.2 else 1 end,
         definition = case when decision_id < $1 then 2 else 1 end,
         signals = jsonb_build_object('quit', case when action_id = 'b' and decision_id >= $1 then 1 else 0 end)
       where policy_id = 'mixed'`,
      [idOf(500_500), idOf(501_000)],
    );
    await api.db.database.query(`update decision set slice = 'exploration' where id >= $1 and id < $2`, [
      idOf(500_500),
      idOf(501_000),
    ]);
    const guardrails = [{ signal: 'quit', betterWhen: 'lower', margin: 0.05 }];
    const view = await run('mixed', { params: {}, floor: 0.2 }, { guardrails });
    const { result } = view;
    expect(result.log).toMatchObject({ matching: N - 500, otherReward: 500 });
    expect(result.rewardRange).toEqual([0.2, 1]);
    const judged = half.slice(500 + (N - 500) / 2);
    const worth = judged.map(({ reward: r }) => (r === 0 ? 0.2 : 1));
    expect(result.baseline.value).toBeCloseTo(worth.reduce((a, b) => a + b, 0) / worth.length, 12);
    expect(result.diagnostics.rewarded).toBe(judged.filter(({ reward: r }) => r === 1).length);
    // It plays b most of the time, and everybody quits after b.
    expect(result.guardrails).toMatchObject([{ key: 'quit', betterWhen: 'lower', margin: 0.05 }]);
    expect(result.guardrails[0]?.difference.value).toBeGreaterThan(0.25);
    expect(view.gate.clauses.find(({ key }) => key === 'guardrail:quit')?.holds).toBe(false);
    expect(view.answer).toBe('no');
    // One that is told to keep quitting rare learns from the signals too, and plays a.
    const wrappers = [{ key: 'constrained', params: { signal: 'quit', most: 0.05, step: 0.1 } }];
    const careful = await run('mixed', { params: { wrappers }, floor: 0.2 }, { guardrails });
    expect(careful.result.guardrails[0]?.difference.value).toBeLessThan(0);
    // All of it, by a candidate that has nothing to learn: explored rows are in the estimates, not in the baseline.
    const all = (await run('mixed', { policyId: 'random' })).result;
    expect(all.log.explored).toBe(500);
    expect(all.diagnostics.n).toBe(N - 500);
    const own = half.slice(1000).map(({ reward: r }) => (r === 0 ? 0.2 : 1));
    const mean = own.reduce((a, b) => a + b, 0) / own.length;
    expect(all.baseline.value).toBeCloseTo(mean, 12);
    const ips = all.estimates.find(({ key }) => key === 'ips')?.value as number;
    expect(ips).toBeCloseTo((mean * own.length + 0.2 * 500) / (N - 500), 9);
    const wrong = await post('/v1/policies/mixed/off-policy', {
      candidate: { policyId: 'random' },
      guardrails: [{ ...guardrails[0], signal: 'cost' }],
    });
    expect(wrong.json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/guardrails/0/signal', code: 'unknown_signal' }],
    });
  });

  it('says what cannot be evaluated', async () => {
    await create('slates', { key: 'most-popular', learning: false });
    await insertDecisions(api.db.database, [
      { n: 900_000, policyId: 'slates', slate: ['a', 'b'], at: NOW - 1000 },
    ]);
    const body = { candidate: { policyId: 'random' } };
    const codes = [
      await post('/v1/policies/slates/off-policy', body),
      await post('/v1/policies/random/off-policy', body),
      await post('/v1/policies/log/off-policy', { candidate: { version: 7 } }),
      await post('/v1/policies/log/off-policy', { candidate: { params: {}, key: 'nothing' } }),
      await post('/v1/policies/log/off-policy', { ...body, margin: 0.5 }),
    ].map((answer) => `${answer.status} ${answer.json<{ code: string }>().code}`);
    expect(codes).toEqual([
      '409 too_few_rows',
      '409 too_few_rows',
      '404 not_found',
      '400 invalid_request',
      '400 invalid_request',
    ]);
  });
});
