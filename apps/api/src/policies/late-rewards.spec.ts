import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRegistry } from '#experiments';
import { policyRegistry } from '#policies';
import type { BanditPolicy, Policy } from '#policies';
import {
  T0,
  clearLearning,
  crashingAt,
  idOf,
  insertDecisions,
  insertEvents,
  insertPolicy,
} from '../../test/learning.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { LearnPolicy } from './learn-policy.js';
import type { LearnResult } from './learn-policy.js';
import { replay } from './learning-log.js';
import { settleAgain } from './reward-versions.js';
import { readHead } from './snapshot-store.js';

const thompson = policyRegistry.get('thompson-beta') as BanditPolicy;
/** The same policy, but its code does not know how to correct a reward. */
const { correct: _correct, ...rest } = thompson;
const rigid: BanditPolicy = { ...rest, key: 'rigid' };
const registry = createRegistry<Policy>('policy', [...policyRegistry.list(), rigid as Policy]);
const CLOSED = new Date(T0 + 3_600_000);
const TWO_DAYS = { halfLifeDays: 2 };

interface Tally {
  readonly weight: number;
  readonly sum: number;
}

describe('rewards that turn out to be others', () => {
  let db: TestDatabase;
  let learner: LearnPolicy;
  beforeAll(async () => {
    db = await createTestDatabase();
    learner = new LearnPolicy(db.database, registry);
  });
  afterAll(() => db.drop());
  beforeEach(() => clearLearning(db.database));

  const run = (): Promise<LearnResult> => learner.run('artwork', CLOSED);
  /** As storing an event does that comes after its decision was settled. */
  const comesLate = async (n: number, value?: number): Promise<void> => {
    await insertEvents(db.database, [
      { id: `late${n}-${value ?? ''}`, n, ...(value === undefined ? {} : { value }) },
    ]);
    await db.database.query(
      `insert into reward_due select id, at, policy_id, at from decision where id = $1 on conflict do nothing`,
      [idOf(n)],
    );
  };
  const replayed = (policy: BanditPolicy, params: unknown): Promise<string> =>
    db.database.transaction(async (tx) => {
      const range = { from: null, after: 0, through: 1_000_000 };
      return (await replay(tx, policy, 'artwork', policy.params.parse(params), range)).sha256;
    });
  const tallyOf = async (action: string): Promise<Tally | undefined> => {
    const head = await readHead(db.database, 'artwork');
    const state = thompson.decode(head?.state ?? null) as {
      inner: { tallies: ReadonlyMap<string, Tally> };
    };
    return state.inner.tallies.get(action);
  };
  const corrections = () =>
    db.database.query<{ previous: number; reward: number; version: number; revision: number }>(
      'select previous, reward, version, revision from reward_correction order by decision_id, position, revision',
    );

  it('are learned as compensating updates, and the log still replays bit for bit', async () => {
    await insertPolicy(db.database, { params: TWO_DAYS });
    const decisions = Array.from({ length: 40 }, (_, n) => ({ n, action: ['a', 'b', 'c'][n % 3] as string }));
    await insertDecisions(db.database, decisions);
    await insertEvents(db.database, [{ id: 'x', n: 3 }]);
    expect(await run()).toMatchObject({ learned: 40, corrections: 0, version: 1 });
    const before = await tallyOf('a');
    for (const n of [0, 6, 1]) await comesLate(n);
    await insertDecisions(db.database, [{ n: 90, action: 'b' }]);
    expect(await run()).toMatchObject({ rewards: 1, corrected: 3, learned: 1, corrections: 3, version: 2 });
    // Two more plays of a, each as much faded as the decision itself: T0 is a moment ago against two days.
    const after = await tallyOf('a');
    expect(after?.weight).toBeCloseTo(before?.weight ?? NaN, 9);
    expect(after?.sum).toBeCloseTo((before?.sum ?? NaN) + 2, 4);
    const head = await readHead(db.database, 'artwork');
    expect(await replayed(thompson, TWO_DAYS)).toBe(head?.sha256);
    expect(await corrections()).toEqual(
      [0, 1, 6].map(() => ({ previous: 0, reward: 1, version: 2, revision: 1 })),
    );
    // The same outcome again, or another copy of the due row, corrects nothing.
    await comesLate(0, 1);
    expect(await run()).toMatchObject({ decisions: 1, corrected: 0, version: null });
  });

  it('count once, whichever statement the process dies at', async () => {
    await insertPolicy(db.database);
    await insertDecisions(db.database, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    await run();
    await comesLate(2);
    await insertDecisions(db.database, [{ n: 4, action: 'b' }]);
    for (let at = 1; ; at++) {
      const crashing = new LearnPolicy(crashingAt(db.database, at).db, registry);
      const died = await crashing.run('artwork', CLOSED).then(
        () => false,
        (error: Error) => error.message === 'crash',
      );
      if (!died) break;
      expect(await corrections()).toEqual([]);
    }
    expect(await tallyOf('a')).toMatchObject({ weight: 3, sum: 1 });
    expect(await replayed(thompson, {})).toBe((await readHead(db.database, 'artwork'))?.sha256);
  });

  it('are simply changed while they wait, and corrected again when they change again', async () => {
    const reward = { outcomes: [{ name: 'play', value: 'value' }], combine: 'sum' };
    await insertPolicy(db.database, { reward, learning: false });
    await insertDecisions(db.database, [{ n: 1 }]);
    await run();
    await comesLate(1, 0.25);
    expect(await run()).toMatchObject({ corrected: 0 });
    await db.database.query('update policy set learning = true');
    await run();
    expect(await tallyOf('a')).toMatchObject({ weight: 1, sum: 0.25 });
    await comesLate(1, 0.5);
    await run();
    await comesLate(1, 0.125);
    await run();
    expect(await tallyOf('a')).toMatchObject({ weight: 1, sum: 0.875 });
    expect(await corrections()).toEqual([
      { previous: 0.25, reward: 0.75, version: 2, revision: 1 },
      { previous: 0.75, reward: 0.875, version: 3, revision: 2 },
    ]);
    expect(await replayed(thompson, {})).toBe((await readHead(db.database, 'artwork'))?.sha256);
  });

  it('wait where the policy cannot correct, until it learns everything again', async () => {
    await insertPolicy(db.database, { key: 'rigid' });
    await insertDecisions(db.database, [{ n: 1 }, { n: 2 }]);
    await run();
    const first = await readHead(db.database, 'artwork');
    await comesLate(1);
    expect(await run()).toMatchObject({ corrected: 1, corrections: 0, version: null });
    expect(await replayed(rigid, {})).toBe(first?.sha256);
    await db.database.query('update policy set relearn_since = now()');
    expect(await run()).toMatchObject({ version: 2, rejected: null });
    expect(await tallyOf('a')).toMatchObject({ weight: 2, sum: 1 });
    const head = await readHead(db.database, 'artwork');
    expect(await replayed(rigid, {})).toBe(head?.sha256);
    expect(await run()).toMatchObject({ version: null });
    expect(await corrections()).toMatchObject([{ version: -1 }]);
  });

  it('are settled again under a new definition, and carry its version', async () => {
    await insertPolicy(db.database);
    await insertDecisions(db.database, [{ n: 1 }, { n: 2, action: 'b' }, { n: 3, action: 'b' }]);
    await insertEvents(db.database, [{ id: 'x', n: 1 }]);
    await run();
    // Now a play counts half, and silence a tenth.
    await db.database.query(
      `update policy set reward_version = 2,
         reward = '{"outcomes": [{"name": "play", "value": "one", "scale": 0.5}], "combine": "max", "default": 0.1}'`,
    );
    await settleAgain(db.database, 'artwork');
    await db.database.query(`update reward_due set due_at = $1`, [CLOSED]);
    expect(await run()).toMatchObject({ decisions: 3, corrected: 3, corrections: 3, version: 2 });
    expect(await tallyOf('a')).toMatchObject({ weight: 1, sum: 0.5 });
    expect((await tallyOf('b'))?.sum).toBeCloseTo(0.2, 12);
    const versions = await db.database.query('select distinct definition from reward');
    expect(versions).toEqual([{ definition: 2 }]);
    expect(await replayed(thompson, {})).toBe((await readHead(db.database, 'artwork'))?.sha256);
  });

  it('come from what the unit did later, where the definition says so', async () => {
    const rule = { name: 'session_start', of: 'unit', value: 'one', afterSeconds: 10 };
    await insertPolicy(db.database, { reward: { outcomes: [rule], combine: 'any' } });
    // Units are n modulo 7, ten milliseconds apart; 8 is the unit of 1, and 14 that of 0.
    await insertDecisions(db.database, [{ n: 0 }, { n: 1, action: 'b' }, { n: 2, action: 'c' }]);
    await insertEvents(db.database, [
      { id: 'soon', n: 14, name: 'session_start', at: T0 + 5_000 },
      { id: 'back', n: 8, name: 'session_start', at: T0 + 20_000 },
      { id: 'outside', n: 9, name: 'session_start', at: T0 + 70_000 },
    ]);
    expect(await run()).toMatchObject({ rewards: 3, learned: 3 });
    for (const [action, sum] of [
      ['a', 0],
      ['b', 1],
      ['c', 0],
    ] as const)
      expect(await tallyOf(action)).toMatchObject({ weight: 1, sum });
  });
});
