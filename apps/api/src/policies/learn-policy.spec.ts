import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRegistry, createRng, defineParams } from '#experiments';
import type { Json } from '#experiments';
import { policyRegistry } from '#policies';
import type { BanditPolicy, Policy } from '#policies';
import { z } from 'zod';
import {
  T0,
  clearLearning,
  crashingAt,
  idOf,
  insertDecisions,
  insertEvents,
  insertPolicy,
} from '../../test/learning.js';
import type { DecisionFixture, EventFixture } from '../../test/learning.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { LearnPolicy } from './learn-policy.js';
import { replay } from './learning-log.js';
import { readHead, readSnapshot, stateOf } from './snapshot-store.js';
import type { SnapshotRow } from './snapshot-store.js';

/** Order-sensitive on purpose: another order, a row twice or a row less gives other bits. */
const memory: BanditPolicy<{ rate: number }, { level: number; rows: number }> = {
  key: 'memory',
  title: 'Memory',
  summary: 'Test policy.',
  reference: 'none',
  learns: 'online',
  params: defineParams(z.object({ rate: z.number().default(0.1) })),
  stateVersion: 1,
  initialState: () => ({ level: 0.3, rows: 0 }),
  update: (state, batch, { rate }) =>
    batch.reduce(({ level, rows }, { reward, position, action, context }) => {
      const size = typeof action.features['size'] === 'number' ? action.features['size'] : 1;
      const signal = reward * size + (context['device'] === 'tv' ? 1 / 3 : 1 / 7) + position;
      return { level: level + rate * (signal - level), rows: rows + 1 };
    }, state),
  encode: (state) => ({ ...state }),
  decode: (json) => json as unknown as { level: number; rows: number },
  // A level above 100 breaks the distribution: what a numerical accident looks like to the gate.
  compile: ({ level }) => ({
    decides: 'action',
    propensity: { kind: 'exact' },
    distribution: ({ actions }) =>
      new Float64Array(actions.length).fill(level > 100 ? NaN : 1 / actions.length),
  }),
};
const registry = createRegistry<Policy>('policy', [...policyRegistry.list(), memory as Policy]);
const CLOSED = new Date(T0 + 3_600_000);

interface Facts {
  readonly version: number;
  readonly serving: number | null;
  readonly state: Json;
  readonly rewards: readonly string[];
}

describe('learning from outcomes', () => {
  let db: TestDatabase;
  let learner: LearnPolicy;
  beforeAll(async () => {
    db = await createTestDatabase();
    learner = new LearnPolicy(db.database, registry);
  });
  afterAll(() => db.drop());
  beforeEach(() => clearLearning(db.database));

  const world = (count: number, from = 0): { decisions: DecisionFixture[]; events: EventFixture[] } => {
    const rng = createRng('world').fork(String(from));
    const decisions: DecisionFixture[] = [];
    const events: EventFixture[] = [];
    for (let n = from; n < from + count; n++) {
      decisions.push({ n, action: ['a', 'b', 'c'][rng.below(3)] as string });
      if (rng.uniform() < 0.4) events.push({ id: `e${n}`, n });
    }
    return { decisions, events };
  };

  const load = async (count: number, from = 0): Promise<void> => {
    const { decisions, events } = world(count, from);
    await insertDecisions(db.database, decisions);
    await insertEvents(db.database, events);
  };

  const facts = async (id = 'artwork'): Promise<Facts> => {
    const [row] = await db.database.query<{ latest_version: number; serving_version: number | null }>(
      `select latest_version, serving_version from policy where id = $1`,
      [id],
    );
    const head = await readHead(db.database, id);
    const rewards = await db.database.query<{ line: string }>(
      `select decision_id || '/' || position || '=' || reward || '@' || version as line from reward
       where policy_id = $1 order by decision_id, position`,
      [id],
    );
    return {
      version: row?.latest_version ?? -1,
      serving: row?.serving_version ?? null,
      state: head?.state ?? null,
      rewards: rewards.map((reward) => reward.line),
    };
  };

  const replayed = (id = 'artwork', params: unknown = { rate: 0.1 }): Promise<string> =>
    db.database.transaction(async (tx) => {
      const range = { from: null, after: 0, through: 1_000_000 };
      return (await replay(tx, memory as BanditPolicy, id, params, range)).sha256;
    });

  it('makes an accepted version that serves, from closed windows only', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await load(20);
    await insertDecisions(db.database, [{ n: 500, dueAt: CLOSED.getTime() + 1 }]);
    const result = await learner.run('artwork', CLOSED);
    expect(result).toMatchObject({
      decisions: 20,
      rewards: 20,
      learned: 20,
      version: 1,
      rejected: null,
      more: false,
    });
    expect(await facts()).toMatchObject({ version: 1, serving: 1, state: { rows: 20 } });
    const again = await learner.run('artwork', CLOSED);
    expect(again).toMatchObject({ decisions: 0, learned: 0, version: null });
    expect(await learner.run('artwork', new Date(CLOSED.getTime() + 1))).toMatchObject({
      learned: 1,
      version: 2,
    });
  });

  it('leaves windows open whose outcomes may still be under way', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await load(20);
    const lag = CLOSED.getTime() - T0;
    expect(await learner.run('artwork', CLOSED, lag)).toMatchObject({ decisions: 0, rewards: 0 });
    expect(await learner.run('artwork', CLOSED, 0)).toMatchObject({ decisions: 20, rewards: 20 });
  });

  it('does not wait where an outcome makes the reward', async () => {
    await insertPolicy(db.database, { key: 'memory', windowSeconds: 0 });
    await load(20);
    expect(await learner.run('artwork', CLOSED, CLOSED.getTime())).toMatchObject({ decisions: 20 });
  });

  it('reproduces the serving state bit for bit from the table of rewards', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await db.database.query(
      `insert into item (id, kind, title, features) values ('a', 'artwork', 'A', '{"size": 1.7}')`,
    );
    for (let round = 0; round < 5; round++) {
      await load(40, round * 40);
      await learner.run('artwork', CLOSED);
    }
    // Features that change later do not change what was learned.
    await db.database.query(`update item set features = '{"size": 9}' where id = 'a'`);
    const head = await readHead(db.database, 'artwork');
    expect(head).toMatchObject({ version: 5, state: { rows: 200 } });
    expect(await replayed()).toBe(head?.sha256);
  });

  it('counts every reward once, whichever statement the process dies at', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await load(30);
    await learner.run('artwork', CLOSED);
    await load(30, 30);
    const before = await facts();
    let statements = 0;
    for (let at = 1; ; at++) {
      const crashing = crashingAt(db.database, at);
      const run = new LearnPolicy(crashing.db, registry).run('artwork', CLOSED);
      const died = await run.then(
        () => false,
        (error: Error) => error.message === 'crash',
      );
      statements = crashing.count();
      if (!died) break;
      expect(await facts()).toEqual(before);
    }
    expect(statements).toBeGreaterThan(8);
    expect(await facts()).toMatchObject({ version: 2, serving: 2, state: { rows: 60 } });
    expect((await facts()).rewards).toHaveLength(60);
    expect(await replayed()).toBe((await readHead(db.database, 'artwork'))?.sha256);
  });

  it('gives two learners at once the same result as one', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await load(200);
    const small = new LearnPolicy(db.database, registry, { rows: 20 });
    const work = async (): Promise<void> => {
      // A run that finds the policy held by another does nothing; only one that holds it can say that all is done.
      for (;;) {
        const { held, learned, more } = await small.run('artwork', CLOSED);
        if (held && learned === 0 && !more) return;
      }
    };
    await Promise.all([work(), work(), work()]);
    const after = await facts();
    expect(after).toMatchObject({ version: 10, serving: 10, state: { rows: 200 } });
    expect(after.rewards).toHaveLength(200);
    expect(await replayed()).toBe((await readHead(db.database, 'artwork'))?.sha256);
  });

  it('refuses to write a version that somebody else has written meanwhile', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await load(5);
    const racing = crashingAt(db.database, 0);
    const transaction = racing.db.transaction.bind(racing.db);
    const overtaken = Object.assign(racing.db, {
      transaction: <T>(work: (tx: never) => Promise<T>) =>
        transaction((tx) =>
          work({
            ...tx,
            query: async (text: string, values?: readonly unknown[]) => {
              if (text.includes('update policy set latest_version')) {
                await tx.query(`update policy set latest_version = latest_version + 1 where id = 'artwork'`);
              }
              return tx.query(text, values);
            },
          } as never),
        ),
    });
    await expect(new LearnPolicy(overtaken, registry).run('artwork', CLOSED)).rejects.toThrow(
      'has moved on from version 0',
    );
    expect(await facts()).toMatchObject({ version: 0, serving: null, rewards: [] });
  });

  it('does not learn a decision again whose due row comes back', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await load(10);
    await learner.run('artwork', CLOSED);
    const before = await facts();
    await db.database.query(`insert into reward_due select id, at, policy_id, at from decision`);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({
      decisions: 10,
      rewards: 0,
      learned: 0,
      version: null,
    });
    expect(await facts()).toEqual(before);
  });

  it('learns from the exploration slice, and only measures the analysis slice', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await insertDecisions(db.database, [
      { n: 1 },
      { n: 2, slice: 'exploration' },
      { n: 3, slice: 'analysis' },
    ]);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({ rewards: 3, learned: 2 });
    expect((await facts()).rewards.map((line) => line.split('@')[1])).toEqual(['1', '1', '-1']);
    expect(await replayed()).toBe((await readHead(db.database, 'artwork'))?.sha256);
  });

  it('settles unseen decisions without learning, and counts them', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await insertDecisions(db.database, [{ n: 1, exposed: false }, { n: 2, exposed: false }, { n: 3 }]);
    await insertEvents(db.database, [{ id: 'x', n: 2, kind: 'exposure' }]);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({
      decisions: 3,
      rewards: 2,
      unexposed: 1,
      learned: 2,
    });
    const counters = await db.database.query(`select name, value::int as value from counter`);
    expect(counters).toEqual([{ name: 'learn.unexposed:artwork', value: 1 }]);
  });

  it('learns a slate position by position, each with its propensity', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await insertDecisions(db.database, [{ n: 1, slate: ['r1', 'r2', 'r3'] }]);
    await insertEvents(db.database, [{ id: 'x', n: 1, actionId: 'r2' }]);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({ rewards: 3, learned: 3 });
    expect((await facts()).rewards).toEqual([0, 1, 2].map((p) => `${idOf(1)}/${p}=${p === 1 ? 1 : 0}@1`));
    expect(await replayed()).toBe((await readHead(db.database, 'artwork'))?.sha256);
  });

  it('without a window learns at the first matching outcome and never learns silence', async () => {
    await insertPolicy(db.database, { key: 'memory', windowSeconds: 0 });
    await insertDecisions(db.database, [{ n: 1 }, { n: 2 }]);
    await insertEvents(db.database, [
      { id: 'x', n: 1 },
      { id: 'y', n: 2, name: 'pause' },
    ]);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({ decisions: 2, rewards: 1, learned: 1 });
    expect((await facts()).rewards).toEqual([`${idOf(1)}/0=1@1`]);
  });

  it('keeps the rewards of a frozen policy and learns them when it is unfrozen', async () => {
    await insertPolicy(db.database, { key: 'memory', learning: false });
    await load(10);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({ rewards: 10, learned: 0, version: null });
    expect((await facts()).rewards.every((line) => line.endsWith('@0'))).toBe(true);
    await db.database.query(`update policy set learning = true`);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({ rewards: 0, learned: 10, version: 1 });
    expect(await facts()).toMatchObject({ serving: 1, state: { rows: 10 } });
  });

  it('refuses a state that breaks the policy, goes on serving the last good one and loses no reward', async () => {
    await insertPolicy(db.database, {
      key: 'memory',
      reward: { outcomes: [{ name: 'play', value: 'value' }], combine: 'sum' },
    });
    await insertDecisions(db.database, [{ n: 1 }]);
    await learner.run('artwork', CLOSED);
    await insertDecisions(db.database, [{ n: 2 }]);
    await insertEvents(db.database, [{ id: 'x', n: 2, value: 1e6 }]);
    const refused = await learner.run('artwork', CLOSED);
    expect(refused).toMatchObject({ rewards: 1, learned: 0, version: 2 });
    expect(refused.rejected).toContain('probability of action 0 is NaN');
    expect(await facts()).toMatchObject({ version: 2, serving: 1, state: { rows: 1 } });
    // Not tried again at once, but after a minute; and not for ever in vain once the cause is gone.
    expect(await learner.run('artwork', new Date(CLOSED.getTime() + 59_000))).toMatchObject({
      version: null,
    });
    expect(await learner.run('artwork', new Date(CLOSED.getTime() + 60_000))).toMatchObject({
      version: 3,
      learned: 0,
    });
    expect(await learner.run('artwork', new Date(CLOSED.getTime() + 120_000))).toMatchObject({
      version: null,
    });
    await db.database.query(`update reward set reward = 1 where version = 0`);
    expect(await learner.run('artwork', new Date(CLOSED.getTime() + 180_000))).toMatchObject({
      version: 4,
      learned: 1,
    });
    expect(await facts()).toMatchObject({ serving: 4, state: { rows: 2 } });
  });

  it('learns everything again when the parameters change', async () => {
    await insertPolicy(db.database, { key: 'memory', params: { rate: 0.1 } });
    await load(50);
    await learner.run('artwork', CLOSED);
    await load(50, 50);
    await learner.run('artwork', CLOSED);
    await db.database.query(`update policy set params = '{"rate": 0.5}'`);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({ version: 3, learned: 0 });
    const head = await readHead(db.database, 'artwork');
    expect(head?.state).toMatchObject({ rows: 100 });
    expect(await replayed('artwork', { rate: 0.5 })).toBe(head?.sha256);
    expect(await replayed()).not.toBe(head?.sha256);
  });

  it('settles policies that do not learn online without making versions', async () => {
    await insertPolicy(db.database, { key: 'uniform-random' });
    await load(10);
    expect(await learner.run('artwork', CLOSED)).toMatchObject({ rewards: 10, learned: 0, version: null });
    expect((await facts()).rewards.every((line) => line.endsWith('@-1'))).toBe(true);
  });

  it('tells the serving processes in the same transaction, and says nothing when there is nothing new', async () => {
    const heard: string[] = [];
    const stop = db.database.listen(['marquee_snapshot'], (_channel, payload) => heard.push(payload));
    while (heard.length === 0) await sleep(5);
    await insertPolicy(db.database);
    await load(10);
    await learner.run('artwork', CLOSED);
    await learner.run('artwork', CLOSED);
    await db.database.query(`select pg_notify('marquee_snapshot', 'end')`);
    while (!heard.includes('end')) await sleep(5);
    await stop();
    expect(heard).toEqual(['', 'artwork', 'end']);
  });

  it('learns a dropped version again from an earlier one', async () => {
    await insertPolicy(db.database, { key: 'memory' });
    await load(30);
    const small = new LearnPolicy(db.database, registry, { rows: 3 });
    for (let i = 0; i < 10; i++) await small.run('artwork', CLOSED);
    const snapshot = async (version: number): Promise<SnapshotRow> =>
      (await readSnapshot(db.database, 'artwork', version)) as SnapshotRow;
    const [third, eighth] = [await snapshot(3), await snapshot(8)];
    const again = await db.database.transaction((tx) => {
      const range = { from: stateOf(third), after: 3, through: 8 };
      return replay(tx, memory as BanditPolicy, 'artwork', { rate: 0.1 }, range);
    });
    expect(again.sha256).toBe(eighth.sha256);
    expect(again.sha256).not.toBe(third.sha256);
  });
});
