import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { policyRegistry } from '#policies';
import type { BanditPolicy } from '#policies';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { clearLearning, crashingAt, idOf, insertDecisions, insertEvents } from '../../test/learning.js';
import type { IncrementalityView } from './insights/incrementality.js';
import { LearnPolicy } from './learn-policy.js';
import type { LearnResult } from './learn-policy.js';
import { replay } from './learning-log.js';
import { settleAgain } from './reward-versions.js';
import { readHead } from './snapshot-store.js';

const NOW = Date.now();
const HOUR = 3_600_000;
const LIFT = { outcomes: [{ name: 'play' }], combine: 'any', incremental: {} };
const BODY = {
  id: 'lift',
  key: 'epsilon-greedy',
  title: 'Lift',
  reward: LIFT,
  windowSeconds: 60,
  withhold: { share: 0.5 },
};

interface RewardRow {
  readonly action_id: string;
  readonly withheld: boolean;
  readonly reward: number;
  readonly outcome: number;
  readonly baseline: number;
  readonly version: number;
}

describe('an incremental reward', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await api.db.database.query(`select ensure_partitions(current_date - 2, current_date + 1)`);
  });
  afterAll(() => api.close());
  beforeEach(() => clearLearning(api.db.database));

  const create = (body: object) => api.request('POST', '/v1/policies', { body });
  const learn = (at = NOW): Promise<LearnResult> =>
    new LearnPolicy(api.db.database).run('lift', new Date(at));
  const at = (n: number): number => NOW - HOUR + n;

  /** Decisions of one action from `n` on: `of` of them, of which the first `plays` are played. */
  const log = async (
    n: number,
    action: string,
    withheld: boolean,
    plays: number,
    of: number,
  ): Promise<void> => {
    const rows = Array.from({ length: of }, (_, i) => n + i);
    await insertDecisions(
      api.db.database,
      rows.map((one) => ({ n: one, policyId: 'lift', unitId: `u${one}`, action, at: at(one), withheld })),
    );
    await insertEvents(
      api.db.database,
      rows.slice(0, plays).map((one) => ({ id: `e${one}`, n: one, at: at(one) + 5000 })),
    );
  };
  /** The hit is played anyway; the find because it is shown. */
  const logWorld = async (n = 0): Promise<void> => {
    await log(n, 'hit', false, 24, 40);
    await log(n + 100, 'hit', true, 23, 40);
    await log(n + 200, 'find', false, 14, 40);
    await log(n + 300, 'find', true, 2, 40);
  };
  const rewards = () =>
    api.db.database.query<RewardRow & Record<string, unknown>>(
      `select r.action_id, d.withheld, r.reward, r.outcome, r.baseline, r.version
       from reward r join decision d on d.id = r.decision_id order by r.decision_id`,
    );
  const sums = () =>
    api.db.database.query(
      'select definition, action_id, decisions, sum, squares from withheld_sum order by definition, action_id',
    );
  const replayed = (): Promise<string> =>
    api.db.database.transaction(async (tx) => {
      const policy = policyRegistry.get('epsilon-greedy') as BanditPolicy;
      const range = { from: null, after: 0, through: 1_000_000 };
      return (await replay(tx, policy, 'lift', policy.params.parse({}), range)).sha256;
    });
  const head = async (): Promise<string | undefined> => (await readHead(api.db.database, 'lift'))?.sha256;
  const meanOf = (rows: readonly RewardRow[], action: string): number => {
    const own = rows.filter(({ action_id }) => action_id === action);
    return own.reduce((sum, { reward }) => sum + reward, 0) / own.length;
  };

  it('is refused without withholding, without a window, and by policies that cannot tell it from none', async () => {
    const refused = async (change: object): Promise<unknown> => {
      const answer = await create({ ...BODY, ...change });
      return [answer.status, answer.json<{ errors: { pointer: string; code: string }[] }>().errors[0]];
    };
    expect(await refused({ withhold: null })).toMatchObject([
      400,
      { pointer: '/reward/incremental', code: 'needs_withhold' },
    ]);
    expect(await refused({ windowSeconds: 0 })).toMatchObject([
      400,
      { pointer: '/withhold', code: 'needs_window' },
    ]);
    expect(await refused({ key: 'thompson-beta' })).toMatchObject([
      400,
      { pointer: '/reward/incremental', code: 'not_supported' },
    ]);
    expect(await refused({ withhold: { share: 0.9 } })).toMatchObject([400, { pointer: '/withhold/share' }]);
    // Messages: without rules, with rules about another action, learning what happens anyway.
    const rules = (params: object) => ({ wrappers: [{ key: 'contact-rules', params }] });
    const messages = { key: 'notifications', params: rules({}) };
    for (const [change, pointer, code] of [
      [{ key: 'notifications' }, '/params/wrappers', 'needs_contact_rules'],
      [
        { ...messages, params: rules({ silent: 'none' }) },
        '/params/wrappers/0/params/silent',
        'other_silent_action',
      ],
      [
        { ...messages, reward: { ...LIFT, incremental: undefined } },
        '/reward/incremental',
        'needs_incremental',
      ],
    ] as const)
      expect(await refused(change)).toMatchObject([400, { pointer, code }]);
    // A lot that is kept for less than the window would show within it what it withholds.
    expect(await refused({ withhold: { share: 0.1, steadyFor: 'decision' } })).toMatchObject([
      400,
      { pointer: '/withhold/steadyFor', code: 'shorter_than_window' },
    ]);
    const created = await create(BODY);
    expect(created.json()).toMatchObject({
      withhold: { share: 0.5, steadyFor: 'always' },
      reward: { incremental: { by: [] } },
    });
    const taken = await api.request('PATCH', '/v1/policies/lift', { body: { withhold: null } });
    expect(taken.status).toBe(400);
  });

  it('is learned once, centred by earlier batches, replays bit for bit, and takes in what comes late', async () => {
    await create(BODY);
    await logWorld();
    expect(await learn()).toMatchObject({ rewards: 160, learned: 160, version: 1 });
    expect(await sums()).toEqual([
      { definition: 1, action_id: 'find', decisions: 40, sum: 2, squares: 2 },
      { definition: 1, action_id: 'hit', decisions: 40, sum: 23, squares: 23 },
    ]);
    // The first batch has no baseline; lots of one half make every play worth 2 or -2.
    const first = await rewards();
    expect(new Set(first.map(({ baseline }) => baseline))).toEqual(new Set([0]));
    expect(meanOf(first, 'hit')).toBeCloseTo(1 / 40, 12);
    expect(meanOf(first, 'find')).toBeCloseTo(12 / 40, 12);
    expect(await replayed()).toBe(await head());
    expect(await learn()).toMatchObject({ rewards: 0, learned: 0, version: null });

    await logWorld(1000);
    expect(await learn()).toMatchObject({ learned: 160, version: 2 });
    const second = (await rewards()).slice(160);
    // Nearly the means of 40 withheld decisions each: the actions differ, so little is borrowed.
    const baselines = new Map(second.map(({ action_id, baseline }) => [action_id, baseline]));
    expect(baselines.get('hit')).toBeGreaterThan(0.55);
    expect(baselines.get('find')).toBeLessThan(0.07);
    for (const { withheld, outcome, baseline, reward } of second)
      expect(reward).toBe((withheld ? baseline - outcome : outcome - baseline) / 0.5);
    expect(meanOf(second, 'hit')).toBeCloseTo(1 / 40, 12);
    expect(meanOf(second, 'find')).toBeCloseTo(12 / 40, 12);

    // Late plays: of a shown decision, and of a withheld one. Each keeps its baseline.
    const [shown, withheld] = [1039, 1139];
    await insertEvents(
      api.db.database,
      [shown, withheld].map((n) => ({ id: `late${n}`, n, at: at(n) + 1000 })),
    );
    await api.db.database.query(
      `insert into reward_due select id, at, policy_id, at from decision where id = any($1)`,
      [[idOf(shown), idOf(withheld)]],
    );
    expect(await learn()).toMatchObject({ corrected: 2, corrections: 2, version: 3 });
    expect(await sums()).toMatchObject([{ sum: 4 }, { sum: 47, decisions: 80 }]);
    expect(
      (await rewards()).filter(({ action_id }) => action_id === 'hit').map((row) => row.baseline),
    ).toEqual(
      [...first, ...second].filter(({ action_id }) => action_id === 'hit').map((row) => row.baseline),
    );
    expect(await replayed()).toBe(await head());
  });

  it('survives a crash at any statement of settling and learning', async () => {
    await create(BODY);
    await logWorld();
    const { db, count } = crashingAt(api.db.database, Infinity);
    await new LearnPolicy(db).run('lift', new Date(NOW));
    const [expected, statements] = [[await sums(), await rewards(), await head()], count()];
    expect(statements).toBeGreaterThan(8);
    for (let statement = 1; statement <= statements; statement += 5) {
      await clearLearning(api.db.database);
      await create(BODY);
      await logWorld();
      const crashing = new LearnPolicy(crashingAt(api.db.database, statement).db);
      await expect(crashing.run('lift', new Date(NOW))).rejects.toThrow('crash');
      await learn();
      expect([await sums(), await rewards(), await head()]).toEqual(expected);
    }
  });

  it('is not learned from decisions that could not have been withheld', async () => {
    await create(BODY);
    await insertDecisions(api.db.database, [{ n: 1, policyId: 'lift', action: 'hit', at: at(1) }]);
    expect(await learn()).toMatchObject({ rewards: 1, learned: 0, version: null });
  });

  it('is learned again without what was decided before anything was withheld', async () => {
    const { incremental: _incremental, ...plain } = LIFT;
    await create({ ...BODY, reward: plain, withhold: null });
    await insertDecisions(
      api.db.database,
      Array.from({ length: 40 }, (_, n) => ({
        n: 3000 + n,
        policyId: 'lift',
        action: 'hit',
        at: at(3000 + n),
      })),
    );
    await insertEvents(
      api.db.database,
      Array.from({ length: 30 }, (_, n) => ({ id: `o${n}`, n: 3000 + n, at: at(3000 + n) + 5000 })),
    );
    expect(await learn()).toMatchObject({ rewards: 40, learned: 40, version: 1 });
    await api.request('PATCH', '/v1/policies/lift', { body: { withhold: { share: 0.5 } } });
    await logWorld();
    expect(await learn()).toMatchObject({ rewards: 80, learned: 80, version: 2 });
    await api.request('PATCH', '/v1/policies/lift', { body: { reward: LIFT } });
    const asked = await api.request('POST', '/v1/policies/lift/relearn', {
      body: { rewards: 'current-definition' },
    });
    expect(asked.status).toBe(202);
    const again = await learn(Date.now() + 1000);
    // 24 and 14 plays shown, 23 and 2 withheld, each worth 2 or -2: the 30 plays without a lot are in none of them.
    expect(again).toMatchObject({ rewards: 80, learned: 80, corrections: 38, version: 3, rejected: null });
    // Weight, sum and newest decision of the hit, then of the find.
    const { tallies } = (await readHead(api.db.database, 'lift'))?.state as { tallies: string };
    const numbers = Buffer.from(tallies, 'base64');
    expect([0, 8, 24, 32].map((byte) => numbers.readDoubleLE(byte))).toEqual([80, 2, 80, 24]);
    expect(await replayed()).toBe(await head());
  });

  it('forgets what was learned without lots when everything is learned again', async () => {
    const { incremental: _incremental, ...plain } = LIFT;
    await create({ ...BODY, reward: plain, withhold: null });
    const before = Array.from({ length: 40 }, (_, n) => n);
    await insertDecisions(
      api.db.database,
      before.map((n) => ({ n, policyId: 'lift', unitId: `u${n}`, action: 'hit', at: at(n) })),
    );
    await insertEvents(
      api.db.database,
      before.map((n) => ({ id: `e${n}`, n, at: at(n) + 5000 })),
    );
    expect(await learn()).toMatchObject({ learned: 40, version: 1 });
    const patch = { reward: LIFT, withhold: BODY.withhold };
    expect((await api.request('PATCH', '/v1/policies/lift', { body: patch })).status).toBe(200);
    await logWorld(1000);
    const body = { rewards: 'current-definition' };
    expect((await api.request('POST', '/v1/policies/lift/relearn', { body })).status).toBe(202);
    const later = Date.now() + 1000;
    for (let run = 0; run < 3; run++) await learn(later);
    const relearned = await head();
    expect(await replayed()).toBe(relearned);

    await clearLearning(api.db.database);
    await create(BODY);
    await logWorld(1000);
    expect(await learn()).toMatchObject({ learned: 160 });
    expect(relearned).toBe(await head());
  });

  it('is reported per action: what was shown, what was withheld, the lift, and whether both were seen alike', async () => {
    // The plain reward: withheld decisions are measured, and never rewards.
    const { incremental: _incremental, ...plain } = LIFT;
    await create({ ...BODY, reward: plain });
    await logWorld();
    expect(await learn()).toMatchObject({ rewards: 80, learned: 80 });
    const read = async (query = ''): Promise<IncrementalityView> => {
      const answer = await api.request('GET', `/v1/policies/lift/incrementality${query}`, {
        key: api.keys.secret,
      });
      expect([answer.status, answer.text]).toEqual([200, answer.text]);
      return answer.json<IncrementalityView>();
    };
    const view = await read();
    expect(view).toMatchObject({
      withhold: { share: 0.5 },
      incremental: false,
      actions: 2,
      balance: { expected: 0.5, observed: 0.5, pValue: 1, mismatch: false },
      total: { shown: 80, withheld: 80, shownMean: 38 / 80, withheldMean: 25 / 80 },
    });
    const [find, hit] = view.items;
    expect(find).toMatchObject({ id: 'find', shown: 40, withheld: 40, shownMean: 0.35, withheldMean: 0.05 });
    expect(find?.lift).toBeCloseTo(0.3, 12);
    expect(find?.lower).toBeGreaterThan(0.1);
    expect(hit?.lift).toBeCloseTo(0.025, 12);
    expect(hit?.lower).toBeLessThan(0);
    expect(hit?.upper).toBeGreaterThan(0.2);
    expect(hit?.baseline).toBeGreaterThan(0.5);
    expect(hit?.baselineError).toBeGreaterThan(0.05);

    // A client that forgets to report what it did not show.
    await log(2000, 'hit', false, 0, 60);
    await learn();
    expect((await read()).balance).toMatchObject({ mismatch: true });
    expect(await read('?subject=other')).toMatchObject({
      items: [],
      total: { lift: null, reason: 'nothing_shown' },
    });
    expect((await api.request('GET', '/v1/policies/none/incrementality')).status).toBe(404);

    // The reward becomes incremental: everything is settled again under the new definition, withheld decisions too.
    await api.request('PATCH', '/v1/policies/lift', { body: { reward: LIFT } });
    expect(await read()).toMatchObject({ incremental: true, items: [] });
    await settleAgain(api.db.database, 'lift');
    await learn(Date.now() + 1000);
    expect(await sums()).toMatchObject([
      { definition: 1, decisions: 0, sum: 0 },
      { definition: 1, decisions: 0, sum: 0 },
      { definition: 2, decisions: 40, sum: 2 },
      { definition: 2, decisions: 40, sum: 23 },
    ]);
    expect((await read()).items).toMatchObject([{ id: 'hit' }, { id: 'find', lift: expect.closeTo(0.3, 9) }]);
  });

  it('is learned and reported place by place where the policy fills slates', async () => {
    const reward = { ...LIFT, outcomes: [{ name: 'play', of: 'item' }] };
    await create({ ...BODY, key: 'linear-thompson', reward });
    // Two places, lots of one half: "hit" in the first is played either way, "find" in the second where it is shown.
    const lots = [0, 1, 2, 3].flatMap((kind) =>
      Array.from({ length: 30 }, (_, i) => ({ n: 30 * kind + i, kind })),
    );
    const entry = (id: string, withheld: boolean): object => ({
      id,
      propensity: 0.5,
      lot: 0.5,
      ...(withheld ? { withheld, instead: 'other' } : {}),
    });
    await insertDecisions(
      api.db.database,
      lots.map(({ n }) => ({ n, policyId: 'lift', unitId: `u${n}`, slate: ['hit', 'find'], at: at(n) })),
    );
    for (const { n, kind } of lots)
      await api.db.database.query(
        `update decision set chosen = $2::jsonb, withheld = $3, withhold_propensity = 0.25 where id = $1`,
        [idOf(n), JSON.stringify([entry('hit', kind % 2 === 1), entry('find', kind > 1)]), kind > 0],
      );
    const play = (itemId: string, of: typeof lots) =>
      of.map(({ n }) => ({ id: `${itemId}${n}`, n: 5000 + n, unitId: `u${n}`, itemId, at: at(n) + 5000 }));
    await insertEvents(api.db.database, [
      ...play(
        'hit',
        lots.filter(({ n }) => n % 2 === 0),
      ),
      ...play(
        'find',
        lots.filter(({ n, kind }) => kind < 2 && n % 3 === 0),
      ),
    ]);
    expect(await learn()).toMatchObject({ decisions: 120, rewards: 240, learned: 240 });
    const view = (await api.request('GET', '/v1/policies/lift/incrementality')).json<IncrementalityView>();
    expect(view.items).toMatchObject([
      { id: 'find', shown: 60, withheld: 60, shownMean: 20 / 60, withheldMean: 0 },
      { id: 'hit', shown: 60, withheld: 60, shownMean: 0.5, withheldMean: 0.5, lift: 0 },
    ]);
    expect(view.slots).toMatchObject([
      { slot: 0, shown: 60, withheld: 60, lift: 0 },
      { slot: 1, shown: 60, withheld: 60, lift: expect.closeTo(1 / 3, 12) },
    ]);
    expect(view.balance).toMatchObject({ expected: 0.5, observed: 0.5, mismatch: false });
    const rows = await rewards();
    expect(meanOf(rows, 'find')).toBeCloseTo(1 / 3, 1);
    expect(Math.abs(meanOf(rows, 'hit'))).toBeLessThan(0.1);
    // Settled twice, everything counts once.
    await settleAgain(api.db.database, 'lift');
    await learn(Date.now() + 1000);
    expect(await sums()).toMatchObject([
      { action_id: 'find', decisions: 60, sum: 0 },
      { action_id: 'hit', decisions: 60, sum: 30 },
    ]);
  });
});
