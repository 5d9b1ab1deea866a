import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SlateDiagnostics } from '#policies';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { idOf } from '../../test/learning.js';
import { insertUniformSlates, PLAY } from '../../test/slates.js';
import type { RunView } from './off-policy.service.js';

const NOW = Date.now();
const N = 9000;
/** A candidate that has learned: the floor of .1 in every position, all else on the best that is left. */
const { a, b, c } = PLAY;
const VALUE =
  0.8 * (a + (0.9 * b + 0.1 * c) / 2) +
  0.1 * (b + (0.9 * a + 0.1 * c) / 2) +
  0.1 * (c + (0.9 * a + 0.1 * b) / 2);
const LOG_VALUE = 1 / 3 + 1 / 6;

describe('off-policy evaluation of slates', () => {
  let api: TestApi;

  const create = async (id: string, body: object): Promise<void> => {
    const reward = { outcomes: [{ name: 'play' }], combine: 'max' };
    const answer = await api.request('POST', '/v1/policies', {
      body: { id, title: id, reward, learning: false, ...body },
    });
    expect([answer.status, answer.status === 201 ? null : answer.text]).toEqual([201, null]);
  };
  const run = async (candidate: object, more: object = {}): Promise<RunView> => {
    const answer = await api.request('POST', '/v1/policies/rows/off-policy', {
      body: { candidate, ...more },
    });
    expect([answer.status, answer.status === 201 ? null : answer.text]).toEqual([201, null]);
    return answer.json<RunView>();
  };
  const valuesOf = ({ result }: RunView) => new Map(result.estimates.map((one) => [one.key, one]));
  const clause = ({ gate }: RunView, key: string) => gate.clauses.find((one) => one.key === key);

  beforeAll(async () => {
    api = await startTestApi();
    await api.db.database.query(`select ensure_partitions(current_date - 1, current_date + 1)`);
    await create('rows', { key: 'uniform-random', floor: 0.05 });
    await create('same', { key: 'uniform-random', floor: 0.2 });
    await insertUniformSlates(api.db.database, 'rows', N, NOW - 3_600_000);
    await api.db.database.query(
      `insert into policy_audit (policy_id, at, from_at, status, decisions, result)
       values ('rows', now(), now() - interval '2 hours', 'ok', 500, '{}')`,
    );
  }, 60_000);
  afterAll(() => api.close());

  it('gives the log’s own reward for a policy that serves the same, by every estimator', async () => {
    const view = await run({ policyId: 'same' }, { rows: 3000 });
    const { log: read, baseline, estimates, difference } = view.result;
    expect(read).toMatchObject({ kind: 'slate', matching: N, cut: true, learnedOn: 0, incomplete: 0 });
    expect(Math.abs(baseline.value - LOG_VALUE)).toBeLessThan(4 * baseline.standardError);
    expect(estimates.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['slate-ips', 'iips', 'rips', 'pseudo-inverse', 'cascade-dr', 'rips-cv']),
    );
    for (const { key, value } of estimates.filter((one) => one.key !== 'cascade-dr'))
      expect([key, value]).toEqual([key, expect.closeTo(baseline.value, 6)]);
    // Cross-fitted models differ from fold to fold, so that their part does not cancel to the last digit.
    expect(Math.abs(difference.value)).toBeLessThan(4 * difference.standardError);
    const { slots, support } = view.result.diagnostics as SlateDiagnostics;
    expect(support).toEqual({ kind: 'repeated', violations: 0, unsupportedMass: 0, unseenActions: [] });
    expect(slots.map(({ slot, effectivePrefix }) => [slot, Math.round(effectivePrefix)])).toEqual([
      [0, 3000],
      [1, 3000],
    ]);
    // A position that nobody saw has earned nothing.
    expect(Math.abs((slots[1]?.meanReward as number) - 1 / 6)).toBeLessThan(0.03);
  });

  it('lets a candidate learn the older half, finds what its slates would have earned, and opens the gate', async () => {
    const view = await run({ key: 'thompson-beta', params: {}, floor: 0.1 });
    expect(view.result.log).toMatchObject({ learnedOn: N / 2, kind: 'slate' });
    expect(view.result.diagnostics.n).toBe(N / 2);
    const values = valuesOf(view);
    for (const key of [
      'slate-ips',
      'slate-ips-sn',
      'iips-sn',
      'rips-sn',
      'rips-cv',
      'pseudo-inverse',
      'cascade-dr',
    ]) {
      const { value, standardError, interval, bootstrap } = values.get(
        key,
      ) as RunView['result']['estimates'][number];
      expect([key, Math.abs((value as number) - VALUE) < 4 * (standardError as number)]).toEqual([key, true]);
      expect([key, standardError as number]).toEqual([key, expect.any(Number)]);
      expect((bootstrap?.lower as number) < (interval?.upper as number)).toBe(true);
    }
    expect(view.result.difference.bound.lower).toBeGreaterThan(-0.01);
    expect(view.result.difference.bound.upper).toBeGreaterThan(VALUE - LOG_VALUE);
    expect([view.answer, view.gate.clauses.filter(({ holds }) => !holds)]).toEqual(['yes', []]);
    expect(view.gate.clauses.map(({ key }) => key)).toEqual([
      'support',
      'mean-weight',
      'slot-weight',
      'action-weight',
      'audit',
      'effective-sample',
      'effective-rewarded',
      'agreement',
      'improvement',
    ]);
    const stored = await api.request('GET', `/v1/policies/rows/off-policy/${view.id}`, {
      key: api.keys.secret,
    });
    expect(stored.json()).toEqual(view);
    expect((await run({ key: 'thompson-beta', params: {}, floor: 0.1 }, { rows: 500 })).answer).toBe(
      'not-enough-evidence',
    );
  });

  it('watches signals of slates, each a clause of the gate', async () => {
    const signal = (name: string) => ({ outcomes: [{ name }], combine: 'any' });
    const reward = { outcomes: [{ name: 'play' }], combine: 'max' };
    const signals = { quit: signal('quit'), rare: signal('rare') };
    const patch = { reward: { ...reward, signals } };
    expect((await api.request('PATCH', '/v1/policies/rows', { body: patch })).status).toBe(200);
    // Who sees a in the first position quits; the other signal is the same for everything.
    await api.db.database.query(
      `update reward set definition = 2, signals = jsonb_build_object('rare', 1,
         'quit', case when position = 0 and action_id = 'a' then 1 else 0 end) where policy_id = 'rows'`,
    );
    const guardrails = [
      { signal: 'quit', betterWhen: 'lower', margin: 0.05 },
      { signal: 'rare', betterWhen: 'higher', margin: 0.2 },
    ];
    const view = await run({ key: 'thompson-beta', params: {}, floor: 0.1 }, { guardrails });
    // The candidate puts a first in .8 of its slates, the log in a third.
    const [quit, rare] = view.result.guardrails;
    const { value, standardError, bound } = quit?.difference as RunView['result']['difference'];
    expect(Math.abs(value - (0.8 - 1 / 3))).toBeLessThan(4 * standardError);
    expect(bound.lower).toBeGreaterThan(0.05);
    expect([clause(view, 'guardrail:quit')?.holds, view.answer]).toEqual([false, 'no']);
    expect(rare).toMatchObject({ key: 'rare', betterWhen: 'higher', margin: 0.2 });
    expect(clause(view, 'improvement')?.holds).toBe(true);
    await api.db.database.query(
      `update reward set signals = signals - 'rare' where policy_id = 'rows' and decision_id < $1`,
      [idOf(N - 600)],
    );
    const partly = await run({ policyId: 'same' }, { guardrails: guardrails.slice(1), rows: 800 });
    expect(partly.result.log.incomplete).toBe(200);
    expect(clause(partly, 'guardrail:rare')).toBeDefined();
  });

  it('says what it cannot know when the policy that logged gives other propensities, or is gone', async () => {
    await api.db.database.query(
      `update decision set policy_version = 7 where policy_id = 'rows' and id = $1`,
      [idOf(N - 1)],
    );
    const floored = await run({ policyId: 'same' }, { rows: 800 });
    expect((floored.result.diagnostics as SlateDiagnostics).support.kind).toBe('floor');
    expect(valuesOf(floored).get('iips')).toMatchObject({
      value: null,
      reason: expect.stringContaining('Version 7'),
    });
    expect(valuesOf(floored).get('cascade-dr')?.value).not.toBeNull();
    expect(clause(floored, 'support')?.holds).toBe(true);
    // A wrapper that retires an action leaves it no floor.
    const wrap = (wrappers: string) =>
      api.db.database.query(
        `update policy set params = jsonb_set(params, '{wrappers}', $1::jsonb) where id = 'rows'`,
        [wrappers],
      );
    await wrap('[{"key": "retired", "params": {}}]');
    const wrapped = await run({ policyId: 'same' }, { rows: 800 });
    expect(clause(wrapped, 'support')).toMatchObject({ holds: false, value: null });
    await wrap('[]');
    await api.db.database.query(`update policy set floor = 0 where id = 'rows'`);
    const unknown = await run({ policyId: 'same' }, { rows: 800 });
    expect(unknown.answer).toBe('not-enough-evidence');
    expect(clause(unknown, 'support')).toMatchObject({ holds: false, value: null });
    // Choosing single actions is another log, and there is none.
    const single = await api.request('POST', '/v1/policies/rows/off-policy', {
      body: { candidate: { policyId: 'same' }, kind: 'action' },
    });
    expect(single.json()).toMatchObject({ status: 409, code: 'too_few_rows' });
  });
});
