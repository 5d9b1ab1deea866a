import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { policyRegistry } from '#policies';
import type { BanditPolicy } from '#policies';
import { insertPolicy } from '../../test/learning.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { insertSnapshot, pruneSnapshots, readSnapshot, stateOf } from './snapshot-store.js';
import { NO_STATE, storeState } from './snapshot-state.js';
import { compileState } from '../persistence/stored-state.js';

const NOW = Date.UTC(2026, 4, 20, 12);
const HOUR = 3_600_000;

describe('stored snapshots', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
    await insertPolicy(db.database);
  });
  afterAll(() => db.drop());

  const versions = async (): Promise<number[]> =>
    (
      await db.database.query<{ version: number }>(`select version from policy_snapshot order by version`)
    ).map((row) => row.version);

  it('of an earlier version with the same shape serve, of any other version do not', () => {
    const policy = policyRegistry.get('linear-thompson') as BanditPolicy;
    const params = policy.params.parse({});
    const { json: state, sha256 } = storeState(policy, policy.initialState(params));
    const compiled = (stateVersion: number) =>
      compileState(policy, { params: {} }, { stateVersion, params: {}, state, sha256 });
    expect(policy.readableStateVersions).toContain(3);
    expect(compiled(3)?.decides).toBe('action');
    expect(() => compiled(2)).toThrow('state version 2');
    expect(() => compiled(99)).toThrow('state version 99');
  });

  it('are pruned to the newest fifty, one an hour for a week, one a day for good, and those that matter', async () => {
    // Two versions an hour, over the last twenty days: version v was made (960 - v) half hours ago.
    const count = 960;
    for (let version = 1; version <= count; version++) {
      await insertSnapshot(db.database, {
        policyId: 'artwork',
        version,
        stateVersion: 1,
        params: {},
        state: NO_STATE,
        status: 'accepted',
        reason: version === 77 ? 'rolled forward by hand' : null,
        rowsUsed: 1,
        meanReward: null,
        learnedThrough: null,
        now: new Date(NOW - ((count - version) * HOUR) / 2),
      });
    }
    await db.database.query(`update policy set serving_version = 99, latest_version = 960`);
    await pruneSnapshots(db.database, 'artwork', count, 10_000_000, new Date(NOW));
    const left = await versions();
    expect(left.slice(-50)).toEqual(Array.from({ length: 50 }, (_, i) => count - 49 + i));
    expect(left).toContain(77);
    expect(left).toContain(99);
    const weekOld = count - 2 * 24 * 7;
    const lastWeek = left.filter((version) => version >= weekOld && version <= count - 50);
    expect(Math.abs(lastWeek.length - (24 * 7 - 25))).toBeLessThanOrEqual(2);
    const before = left.filter((version) => version < weekOld && version !== 77 && version !== 99);
    expect(before.length).toBeGreaterThanOrEqual(12);
    expect(before.length).toBeLessThanOrEqual(14);
  });

  it('show that they were altered', async () => {
    await db.database.query(`update policy_snapshot set state = '{"sum": 1}' where version = 960`);
    const row = await readSnapshot(db.database, 'artwork', 960);
    expect(() => stateOf(row as never)).toThrow('snapshot 960 does not match its checksum');
  });
});
