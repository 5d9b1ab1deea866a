import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { newUlid } from '../http/ulid.js';
import { clearLearning } from '../../test/learning.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import type { DecisionRecord } from '../queues/jobs.js';
import type { ServingState } from '../serving/serve-treatments.js';
import { serveTreatments } from '../serving/serve-treatments.js';
import {
  arm,
  ask,
  byPolicy,
  experiment,
  item,
  policy,
  seededHooks,
  stateOf,
  surface,
} from '../serving/testing.js';
import { PolicyAudits, readAudits } from './policy-audits.js';

// With the ids it seeds the draws that are audited, each at a level of its own.
const NOW = new Date('2026-11-21T12:00:00Z');
const AT = NOW.getTime() - 1_800_000;
const ITEMS = ['a', 'b', 'c', 'd'];
const FLOOR = 0.02;
const HOOKS = seededHooks('audits');

/** A policy that has something to be wrong about: epsilon-greedy before anything was learned plays uniformly. */
const state: ServingState = stateOf({
  surfaces: [surface('art', 'action', 'artwork'), surface('rows', 'slate', 'artwork')],
  items: ITEMS.map((id) => item(id, 'artwork')),
  policies: [policy('front', 'thompson-beta', { floor: FLOOR })],
  experiments: [experiment('x', 'art', [arm('bandit', byPolicy('front'))])],
});

describe('the audit of logged propensities', () => {
  let db: TestDatabase;
  let audits: PolicyAudits;
  beforeAll(async () => {
    db = await createTestDatabase();
    audits = new PolicyAudits(db.database);
  });
  afterAll(() => db.drop());
  beforeEach(async () => {
    await clearLearning(db.database);
    await db.database.query(
      `insert into policy (id, key, title, exploration, floor, reward, serving_version, latest_version, created_at, updated_at)
       values ('front', 'thompson-beta', 'Front', '{"key": "greedy", "params": {}}', $1, '{"outcomes": []}', 3, 3, $2, $2)`,
      [FLOOR, new Date(AT - 86_400_000)],
    );
    for (const version of [1, 2, 3])
      await db.database.query(
        `insert into policy_snapshot (policy_id, version, state_version, params, state, sha256, status)
         values ('front', $1, 1, '{}', '{}', $2, 'accepted')`,
        [version, '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'],
      );
  });

  /** Decisions as the product makes them, stored by the product's own store. */
  const decide = async (
    count: number,
    logged: (record: DecisionRecord) => DecisionRecord = (record) => record,
  ): Promise<void> => {
    const records = Array.from(
      { length: count },
      (_, n) => serveTreatments(state, ask(`m${n}`, 'art'), AT + n, HOOKS).records[0] as DecisionRecord,
    );
    await new FactStore(db.database).insertDecisions(records.map(logged).map(encodeDecision));
  };
  const policyRow = async () =>
    (await db.database.query(`select serving_version, learning from policy where id = 'front'`))[0];

  it('passes what the product logs, draws it again, and is kept', async () => {
    await decide(2500);
    const [audit] = await audits.run(NOW);
    expect(audit).toMatchObject({
      policyId: 'front',
      status: 'ok',
      reasons: [],
      rolledBackTo: null,
      findings: { decisions: 2500, failures: 0, repeated: 0, replays: { different: 0 } },
    });
    expect(audit?.findings.replays.sampled).toBeGreaterThan(30);
    // Not again within the hour.
    const soon = new Date(NOW.getTime() + 600_000);
    expect(await audits.run(soon)).toEqual([]);
    const [kept] = await readAudits(db.database, 'front', 5);
    expect(kept).toMatchObject({ status: 'ok', decisions: 2500, servingVersion: 3 });
    // Check by check. There was no slate to look at, and equal probabilities have nothing to be told apart by.
    expect(kept?.checks.filter(({ state }) => state !== 'ok').map(({ key, state }) => [key, state])).toEqual([
      ['slates', 'unknown'],
      ['slots', 'unknown'],
      ['probabilities', 'unknown'],
      ['inverse', 'unknown'],
      ['slot-law', 'unknown'],
    ]);
    expect(await policyRow()).toEqual({ serving_version: 3, learning: true });
    // But at once where decisions begin to fail.
    const failing = { reason: 'FALLBACK_INVALID', fallback: 'not a number' } as const;
    await decide(30, (record) => {
      const at = NOW.getTime() + 1000;
      return { ...record, ...failing, at, id: newUlid(at) };
    });
    expect(await audits.run(soon)).toMatchObject([{ status: 'failed', rolledBackTo: 2 }]);
    expect(await policyRow()).toEqual({ serving_version: 2, learning: false });
  });

  it('catches a bug that logs the propensity of another action, and takes the version out of service', async () => {
    const rng = createRng('seeded bug');
    await decide(400, (record) => ({
      ...record,
      policyVersion: 3,
      probabilities: [0.4, 0.3, 0.2, 0.1],
      propensity: [0.4, 0.3, 0.2, 0.1][rng.below(4)] as number,
    }));
    const audit = await audits.audit('front', NOW);
    expect(audit?.status).toBe('failed');
    expect(audit?.reasons.join()).toContain('another propensity than the probability of what was chosen');
    expect(audit?.rolledBackTo).toBe(2);
    const [kept] = await readAudits(db.database, 'front', 1);
    const broken = audit?.findings.choices.mismatched ?? 0;
    expect(broken).toBeGreaterThan(200);
    expect(kept?.checks.find(({ key }) => key === 'propensity')).toMatchObject({
      value: broken,
      threshold: 0,
      affected: broken,
      state: 'failed',
    });
    expect(await policyRow()).toEqual({ serving_version: 2, learning: false });
    const [entry] = await db.database.query(
      `select actor, after from audit where action = 'policy.rollback' order by id desc limit 1`,
    );
    expect(entry).toMatchObject({ actor: 'system: propensity audit', after: { servingVersion: 2 } });
    // Found once more within the same decisions, it does not go further back: a frozen policy is left alone.
    await db.database.query('delete from policy_audit');
    expect(await audits.audit('front', NOW)).toMatchObject({ status: 'failed', rolledBackTo: null });
  });

  it('catches a bug that logs a distribution that was not drawn from, though every record looks right', async () => {
    const skewed = [0.5, 0.25, 0.15, 0.1];
    await decide(2500, (record) => ({
      ...record,
      probabilities: skewed,
      propensity: skewed[record.candidates.indexOf(String(record.chosen))] as number,
    }));
    const audit = await audits.audit('front', NOW);
    expect(audit?.status).toBe('failed');
    expect(audit?.findings.choices).toMatchObject({ badSums: 0, belowFloor: 0, mismatched: 0 });
    expect(audit?.findings.choices.byAction?.p).toBeLessThan(1e-7);
    expect(audit?.findings.replays.different).toBeGreaterThan(0);
  });

  it('looks at slates place by place, at what failed, and counts steady draws once', async () => {
    await decide(300, (record) => ({
      ...record,
      kind: 'slate',
      chosen: [
        { id: 'a', propensity: 0.25 },
        { id: 'b', propensity: 1 / 3 },
      ],
      propensity: 0.25 / 3,
      seed: `${record.unitId.length} ${record.chosen?.toString() ?? ''}`,
      probabilities: null,
    }));
    await decide(30, (record) => ({ ...record, fallback: 'broken', reason: 'FALLBACK_ERROR' }));
    const audit = await audits.audit('front', NOW);
    expect(audit?.findings.repeated).toBeGreaterThan(250);
    expect(audit?.findings.failures).toBe(30);
    expect(audit?.findings.slates.slots.map(({ meanWeight }) => meanWeight)).toEqual([
      expect.closeTo(1, 9),
      expect.closeTo(1, 9),
    ]);
    expect(audit?.status).toBe('failed');
    expect(audit?.reasons.join()).toContain('30 decisions of 330 could not be made');
  });

  it('holds each place of a slate against its own law: the product alone can be right with wrong factors', async () => {
    // A chooser learns nothing here: its slates are drawn one by one from a uniform law, floor and all.
    const slates: ServingState = stateOf({
      surfaces: [surface('rows', 'slate', 'artwork')],
      items: ITEMS.map((id) => item(id, 'artwork')),
      policies: [policy('front', 'thompson-beta', { floor: FLOOR })],
      experiments: [experiment('y', 'rows', [arm('bandit', byPolicy('front'))])],
    });
    let n = 0;
    const served = (): DecisionRecord =>
      serveTreatments(slates, ask(`s${n++}`, 'rows', { limit: 3 }), AT + n, HOOKS)
        .records[0] as DecisionRecord;
    const log = async (records: readonly DecisionRecord[]): Promise<void> => {
      await db.database.query('delete from policy_audit');
      await db.database.query('delete from decision');
      await db.database.query('update policy set learning = true, serving_version = 3, updated_at = $1', [
        new Date(AT - 86_400_000),
      ]);
      await new FactStore(db.database).insertDecisions(records.map(encodeDecision));
    };
    const many = (): DecisionRecord[] => Array.from({ length: 500 }, served);
    await log(many());
    const good = await audits.audit('front', NOW);
    expect(good).toMatchObject({ status: 'ok', findings: { slotLaw: { slates: 500, mismatched: 0 } } });
    // Four actions have three degrees of freedom in each of three places.
    expect(good?.findings.slotLaw?.slots.map(({ chiSquare }) => chiSquare?.degreesOfFreedom)).toEqual([
      3, 3, 3,
    ]);

    const swapped = (record: DecisionRecord): DecisionRecord => {
      const [a, b, c] = record.chosen as unknown as { id: string; propensity: number }[];
      const chosen = [{ ...a, propensity: b?.propensity }, { ...b, propensity: a?.propensity }, c];
      return { ...record, chosen: chosen as never };
    };
    await log(many().map(swapped));
    const factors = await audits.audit('front', NOW);
    expect(factors).toMatchObject({
      status: 'failed',
      findings: { slates: { mismatched: 0 }, replays: { different: 0 }, slotLaw: { mismatched: 500 } },
    });

    // Draws that favour one action in the second place, logged as if they did not.
    await log(
      Array.from({ length: 500 }, () => {
        for (;;) {
          const record = served();
          const [, second] = record.chosen as unknown as { id: string }[];
          if (second?.id !== 'a' || n % 3 === 0) return record;
        }
      }),
    );
    const drawn = await audits.audit('front', NOW);
    expect(drawn?.findings.slotLaw?.mismatched).toBe(0);
    expect(drawn?.reasons.join()).toMatch(/Place \d of the slates is not filled as often/);
    const [kept] = await readAudits(db.database, 'front', 1);
    expect(kept?.checks.find(({ key }) => key === 'slot-law')?.state).not.toBe('ok');
  });
});
