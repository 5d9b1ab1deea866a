import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { newUlid } from '../http/ulid.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvents } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import type { Database, Transaction } from './database.js';
import { FactStore } from './fact-store.js';

const decision = (more: Partial<DecisionRecord> = {}): DecisionRecord => {
  const at = more.at ?? Date.now();
  return {
    id: newUlid(at),
    at,
    unitId: 'm_1',
    unitType: 'member',
    surface: 'title.artwork',
    subject: 't1',
    experiment: 'x',
    arm: 'bandit',
    phase: 1,
    kind: 'action',
    chosen: 'a',
    propensity: 0.25,
    armPropensity: 0.5,
    policyId: 'window',
    policyVersion: 3,
    candidates: ['a', 'b "quoted"', 'c,{}'],
    probabilities: [0.25, 0.5, 0.25],
    context: { device: 'tv', hour: 21 },
    features: { a: { bright: 0.5 } },
    seed: 's',
    reason: 'SPLIT',
    fallback: null,
    holdout: null,
    exposed: true,
    latencyMicros: 12,
    rewardWindowSeconds: 600,
    ...more,
  };
};
let events = 0;
const outcome = (decisionId: string, more: Partial<ClientEvent> = {}): ClientEvent => ({
  id: `e${events++}`,
  kind: 'outcome',
  unitId: 'm_1',
  at: Date.now(),
  receivedAt: Date.now(),
  decisionId,
  name: 'play',
  value: 1,
  actionId: null,
  itemId: null,
  position: null,
  properties: null,
  ...more,
});

describe('the fact store', () => {
  let db: TestDatabase;
  let facts: FactStore;
  beforeAll(async () => {
    db = await createTestDatabase();
    for (const [id, window, grace] of [
      ['window', 600, 30],
      ['windowless', 0, 0],
    ] as const) {
      await db.database.query(
        `insert into policy (id, key, title, exploration, window_seconds, grace_seconds) values ($1, 'thompson-beta', $1, '{}', $2, $3)`,
        [id, window, grace],
      );
    }
    facts = new FactStore(db.database);
  }, 60_000);
  afterAll(() => db.drop());

  const insertDecisions = (records: readonly DecisionRecord[]) =>
    facts.insertDecisions(records.map(encodeDecision));

  const due = (id: string) =>
    db.database.query<{ policy_id: string; seconds: number; now: boolean }>(
      `select policy_id, extract(epoch from due_at - decision_at)::float8 as seconds, due_at <= now() as now from reward_due where decision_id = $1`,
      [id],
    );

  it('does not let a batch that may go elsewhere wait long, for a lock or for a process that is gone', async () => {
    const limits: object[] = [];
    // The same database; what holds in its transactions is looked up at their ends.
    const watched = Object.assign(Object.create(db.database) as Database, {
      transaction: <T>(work: (tx: Transaction) => Promise<T>) =>
        db.database.transaction(async (tx) => {
          const result = await work(tx);
          limits.push(
            ...(await tx.query(
              `select name, setting::int as ms from pg_settings where name ~ '^(lock|statement|idle_in_transaction.*)_timeout$' order by name`,
            )),
          );
          return result;
        }),
    });
    await new FactStore(watched).dislikeWaiting().insertNewDecisions(encodeDecision(decision()));
    expect(limits).toEqual([
      { name: 'idle_in_transaction_session_timeout', ms: 5000 },
      { name: 'lock_timeout', ms: 1000 },
      { name: 'statement_timeout', ms: 5000 },
    ]);
  });

  it('stores a decision once, with everything in it, and the time when its reward is due', async () => {
    const one = decision();
    expect(await insertDecisions([one, decision({ policyId: null, rewardWindowSeconds: null })])).toEqual({
      stored: 2,
      duplicates: 0,
      erased: 0,
    });
    expect(await insertDecisions([one])).toEqual({ stored: 0, duplicates: 1, erased: 0 });
    const [row] = await db.database.query('select * from decision where id = $1', [one.id]);
    expect(row).toMatchObject({
      at: new Date(one.at),
      unit_id: 'm_1',
      chosen: 'a',
      propensity: 0.25,
      candidates: one.candidates,
      probabilities: one.probabilities,
      context: one.context,
      features: one.features,
      seed: 's',
      exposed: true,
      latency_micros: 12,
      policy_version: 3,
    });
    expect(await due(one.id)).toEqual([{ policy_id: 'window', seconds: 630, now: false }]);
  });

  it('puts a decision back on the list when an event about it comes after its window was settled', async () => {
    await db.database.query(`update policy set reward = '{"outcomes": []}' where id = 'window'`);
    const fresh = new FactStore(db.database);
    const [old, young] = [decision({ at: Date.now() - 700_000 }), decision({ at: Date.now() - 620_000 })];
    await insertDecisions([old, young]);
    await db.database.query('delete from reward_due where decision_id = any($1)', [[old.id, young.id]]);
    const late = [outcome(old.id), outcome(young.id), outcome('not an id')];
    await fresh.insertEvents(encodeEvents(late));
    expect(await due(old.id)).toMatchObject([{ policy_id: 'window', now: true }]);
    expect(await due(young.id)).toEqual([]);
    // Sent again after a crash between storing and linking: harmless, and it links.
    await db.database.query('delete from reward_due where decision_id = $1', [old.id]);
    expect(await fresh.insertEvents(encodeEvents(late))).toMatchObject({ stored: 0 });
    expect(await due(old.id)).toHaveLength(1);
  });

  it('keeps awkward texts as they are, and stores what is new of a batch with a copy in it', async () => {
    const awkward = 'tab\there, "quoted", {braced}, back\\slash, \\N, line\nbreak, ünïcode';
    const odd = decision({
      unitId: awkward,
      candidates: [awkward, 'b'],
      probabilities: [1e-9, 1 - 1e-9],
      chosen: awkward,
      context: { [awkward]: awkward },
      fallback: awkward,
      seed: awkward,
    });
    expect(await insertDecisions([odd])).toEqual({ stored: 1, duplicates: 0, erased: 0 });
    const other = decision();
    expect(await insertDecisions([odd, other, other])).toEqual({ stored: 1, duplicates: 2, erased: 0 });
    const rows = await db.database.query<Record<string, unknown>>(
      `select unit_id, candidates, probabilities, chosen, context, fallback, seed from decision where id = any($1) order by id = $2 desc`,
      [[odd.id, other.id], odd.id],
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual({
      unit_id: awkward,
      candidates: [awkward, 'b'],
      probabilities: [1e-9, 1 - 1e-9],
      chosen: awkward,
      context: { [awkward]: awkward },
      fallback: awkward,
      seed: awkward,
    });
  });

  it('does not put a settled decision on the list again when its job runs twice', async () => {
    const one = decision();
    await insertDecisions([one]);
    await db.database.query('delete from reward_due where decision_id = $1', [one.id]);
    await insertDecisions([one]);
    expect(await due(one.id)).toEqual([]);
  });

  const windowless = (): DecisionRecord => decision({ policyId: 'windowless', rewardWindowSeconds: 0 });

  it('without a window: due when the outcome comes after the decision', async () => {
    const one = windowless();
    await insertDecisions([one]);
    expect(await due(one.id)).toEqual([]);
    await facts.insertEvents(encodeEvents([outcome(one.id, { kind: 'exposure', name: null })]));
    expect(await due(one.id)).toEqual([]);
    await facts.insertEvents(encodeEvents([outcome(one.id)]));
    expect((await due(one.id))[0]).toMatchObject({ policy_id: 'windowless', now: true });
  });

  it('without a window: due when the outcome came before the decision', async () => {
    const one = windowless();
    await facts.insertEvents(encodeEvents([outcome(one.id)]));
    expect(await due(one.id)).toEqual([]);
    await insertDecisions([one]);
    expect((await due(one.id))[0]).toMatchObject({ now: true });
  });

  it('without a window: due whichever of the two commits last', async () => {
    const all = Array.from({ length: 40 }, windowless);
    await Promise.all(
      all.flatMap((one, i) => {
        const work = [
          () => insertDecisions([one]),
          () => facts.insertEvents(encodeEvents([outcome(one.id)])),
        ];
        return (i % 2 ? work.reverse() : work).map((run) => run());
      }),
    );
    const [row] = await db.database.query<{ n: number }>(
      'select count(*)::int as n from reward_due where decision_id = any($1)',
      [all.map((one) => one.id)],
    );
    expect(row?.n).toBe(40);
  });

  it('never lists a fallback, and survives a decision id that is none', async () => {
    const one = { ...windowless(), fallback: 'policy_failed' };
    await insertDecisions([one]);
    await facts.insertEvents(
      encodeEvents([outcome(one.id), outcome("'; drop table decision; --"), outcome('9'.repeat(26))]),
    );
    expect(await due(one.id)).toEqual([]);
  });

  it('counts one id once under fire from ten writers', async () => {
    const batch = encodeEvents(Array.from({ length: 100 }, () => outcome('d')));
    const results = await Promise.all(Array.from({ length: 8 }, () => facts.insertEvents(batch)));
    expect(results.reduce((sum, { stored }) => sum + stored, 0)).toBe(100);
    expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(700);
  });

  it('adds up counters', async () => {
    await facts.count(
      new Map([
        ['a', 2],
        ['b', 0],
      ]),
    );
    await facts.count(new Map([['a', 3]]));
    expect(await db.database.query('select name, value::int from counter order by name')).toEqual([
      { name: 'a', value: 5 },
    ]);
  });
});
