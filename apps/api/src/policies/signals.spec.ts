import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Json } from '#experiments';
import { explorationRegistry, policyRegistry, serveAction } from '#policies';
import type { BanditPolicy, Chooser } from '#policies';
import { T0, clearLearning, idOf, insertDecisions, insertEvents, insertPolicy } from '../../test/learning.js';
import type { DecisionFixture, EventFixture } from '../../test/learning.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { LearnPolicy } from './learn-policy.js';
import { replay } from './learning-log.js';
import { readHead } from './snapshot-store.js';

const CLOSED = new Date(T0 + 3_600_000);
const ids = ['a', 'b', 'c'] as const;
const LIMIT = 0.3;
/** The dearest action earns most; the best mix under the limit serves a and c in the ratio 3 to 4. */
const WORLD = {
  a: { play: 0.8, complaint: 0.6 },
  b: { play: 0.35, complaint: 0.35 },
  c: { play: 0.4, complaint: 0.075 },
};
const REWARD = {
  outcomes: [{ name: 'play', value: 'one' }],
  combine: 'any',
  signals: { complaints: { outcomes: [{ name: 'complaint', value: 'one' }], combine: 'any' } },
};

describe('signals of a reward', () => {
  let db: TestDatabase;
  let learner: LearnPolicy;
  beforeAll(async () => {
    db = await createTestDatabase();
    learner = new LearnPolicy(db.database);
  });
  afterAll(() => db.drop());
  beforeEach(() => clearLearning(db.database));

  const policyOf = (key: string): BanditPolicy => policyRegistry.get(key) as BanditPolicy;
  const replayed = (key: string, params: Json): Promise<string> =>
    db.database.transaction(async (tx) => {
      const policy = policyOf(key);
      const range = { from: null, after: 0, through: 1_000_000 };
      return (await replay(tx, policy, 'artwork', policy.params.parse(params), range)).sha256;
    });

  it('keep the mean cost near the limit of a constrained policy', async () => {
    const key = 'thompson-normal';
    const params: Json = {
      wrappers: [{ key: 'constrained', params: { signal: 'complaints', most: LIMIT, step: 0.003 } }],
    };
    await insertPolicy(db.database, { key, params, reward: REWARD });
    const policy = policyOf(key);
    const parsed = policy.params.parse(params);
    const greedy = explorationRegistry.get('epsilon-mix');
    const exploration = greedy.compile(greedy.params.parse({}));
    const rng = createRng('signals');
    const actions = ids.map((id) => ({ id, features: {} }));
    let [lateCost, late, n] = [0, 0, 0];
    for (let round = 0; round < 60; round++) {
      const head = await readHead(db.database, 'artwork');
      const state = head ? policy.decode(head.state) : policy.initialState(parsed);
      const compiled = policy.compile(state, parsed) as Chooser;
      const decisions: DecisionFixture[] = [];
      const events: EventFixture[] = [];
      for (let i = 0; i < 50; i++, n++) {
        const request = { unitId: `u${n % 7}`, context: {}, subject: null, actions, at: T0 + n * 10 };
        const action = ids[serveAction(compiled, request, exploration, 0, rng).index] as (typeof ids)[number];
        const truth = WORLD[action];
        decisions.push({ n, action });
        if (rng.uniform() < truth.play) events.push({ id: `p${n}`, n });
        if (rng.uniform() < truth.complaint) events.push({ id: `c${n}`, n, name: 'complaint' });
        if (round < 20) continue;
        lateCost += truth.complaint;
        late += 1;
      }
      await insertDecisions(db.database, decisions);
      await insertEvents(db.database, events);
      expect(await learner.run('artwork', CLOSED)).toMatchObject({ learned: 50, rejected: null });
    }
    // Without the limit it serves the dearest action alone, which costs twice as much.
    expect(lateCost / late).toBeLessThan(LIMIT + 0.02);
    expect(lateCost / late).toBeGreaterThan(LIMIT - 0.1);
    expect(await replayed(key, params)).toBe((await readHead(db.database, 'artwork'))?.sha256);
  }, 60_000);

  it('are corrected with their reward, and the log replays bit for bit', async () => {
    const params: Json = {
      wrappers: [{ key: 'objectives', params: { signals: { complaints: 0.5 } } }],
    };
    await insertPolicy(db.database, { key: 'thompson-beta', params, reward: REWARD });
    const run = () => learner.run('artwork', CLOSED);
    await insertDecisions(db.database, [{ n: 0 }, { n: 1 }, { n: 2 }]);
    await insertEvents(db.database, [{ id: 'c1', n: 1, name: 'complaint' }]);
    expect(await run()).toMatchObject({ learned: 3 });
    const stored = () => db.database.query('select reward, signals from reward order by decision_id');
    expect(await stored()).toEqual([0, 1, 0].map((complaints) => ({ reward: 0, signals: { complaints } })));
    // The reward stays as it was; only the cost of the first decision turns out to be another.
    await insertEvents(db.database, [{ id: 'c0', n: 0, name: 'complaint' }]);
    await db.database.query(
      'insert into reward_due select id, at, policy_id, at from decision where id = $1',
      [idOf(0)],
    );
    expect(await run()).toMatchObject({ corrected: 1, corrections: 1, version: 2 });
    expect(
      await db.database.query('select previous_signals, signals, previous, reward from reward_correction'),
    ).toEqual([{ previous_signals: { complaints: 0 }, signals: { complaints: 1 }, previous: 0, reward: 0 }]);
    const head = await readHead(db.database, 'artwork');
    expect(await replayed('thompson-beta', params)).toBe(head?.sha256);
    // As if all had been known at first.
    const policy = policyOf('thompson-beta');
    const parsed = policy.params.parse(params);
    const request = { unitId: 'u', context: {}, subject: null, actions: [{ id: 'a', features: {} }], at: T0 };
    const compiled = policy.compile(policy.decode(head?.state ?? null), parsed) as Chooser;
    const whole = policy.update(
      policy.initialState(parsed),
      [1, 1, 0].map((complaints, i) => ({
        ...request,
        decisionId: idOf(i),
        action: { id: 'a', features: {} },
        position: 0,
        propensity: 0.5,
        reward: 0,
        signals: { complaints },
        at: T0 + i * 10,
      })),
      parsed,
    );
    const expected = (policy.compile(whole, parsed) as Chooser).scores?.(request)[0] ?? NaN;
    expect(expected).toBeGreaterThan(0.3);
    expect(compiled.scores?.(request)[0]).toBeCloseTo(expected, 10);
  });
});
