import type pg from 'pg';
import { policyRegistry } from '#policies';
import { Database } from '../../apps/api/src/persistence/database.js';
import { createDataSource } from '../../apps/api/src/persistence/data-source.js';
import { replay } from '../../apps/api/src/policies/learning-log.js';
import { readSnapshot } from '../../apps/api/src/policies/snapshot-store.js';
import type { Json } from '#experiments';
import type { StoredEvent } from './audit-events.js';
import { POLICY } from './load.js';

export interface LearningAudit {
  readonly rewards: number;
  /** Rewards that are missing, that should not be there, or that have another value than the play they come from. */
  readonly wrongRewards: number;
  /** Rewards that no snapshot has used yet. */
  readonly notLearned: number;
  /** Difference between the rewards that snapshots say they used and the rewards there are. */
  readonly usedTwice: number;
  /** Tallies of the serving state that differ from counting the raw plays. */
  readonly wrongTallies: number;
  /** Learning the whole log again ends in the serving state, bit for bit. */
  readonly replays: boolean;
}

interface RewardRow {
  readonly decision_id: string;
  readonly action_id: string;
  readonly subject: string | null;
  readonly reward: number;
  readonly version: number;
}

const EXPECTED = `
select id, chosen #>> '{}' as action, subject from decision where policy_id = $1 and fallback is null`;

/** Counts the raw plays of the policy's decisions again and compares rewards and serving state with them. */
export async function auditLearning(
  client: pg.Client,
  databaseUrl: string,
  events: readonly StoredEvent[],
): Promise<LearningAudit> {
  const { rows: decisions } = await client.query<{ id: string; action: string; subject: string | null }>(
    EXPECTED,
    [POLICY],
  );
  const plays = new Map(
    events.filter(({ name }) => name === 'play').map((event) => [event.decision_id, event.value ?? 0]),
  );
  const { rows: rewards } = await client.query<RewardRow>(
    'select decision_id, action_id, subject, reward, version from reward where policy_id = $1',
    [POLICY],
  );
  const expected = new Map(
    decisions.filter(({ id }) => plays.has(id)).map((decision) => [decision.id, decision]),
  );
  const right = rewards.filter((row) => {
    const decision = expected.get(row.decision_id);
    return (
      decision?.action === row.action_id &&
      decision.subject === row.subject &&
      plays.get(row.decision_id) === row.reward
    );
  }).length;
  const { rows: used } = await client.query<{ n: number }>(
    `select coalesce(sum(rows_used), 0)::int as n from policy_snapshot where policy_id = $1 and status = 'accepted'`,
    [POLICY],
  );
  const counted = new Map<string, { weight: number; sum: number }>();
  for (const { id, action, subject } of expected.values()) {
    const key = JSON.stringify([subject, action]);
    const tally = counted.get(key) ?? { weight: 0, sum: 0 };
    counted.set(key, { weight: tally.weight + 1, sum: tally.sum + (plays.get(id) ?? 0) });
  }
  return {
    rewards: rewards.length,
    wrongRewards: rewards.length - right + (expected.size - right),
    notLearned: rewards.filter(({ version }) => version <= 0).length,
    usedTwice: (used[0]?.n ?? 0) - rewards.length,
    ...(await auditState(databaseUrl, counted)),
  };
}

type Tallies = ReadonlyMap<string, { readonly weight: number; readonly sum: number }>;

async function auditState(
  databaseUrl: string,
  counted: Tallies,
): Promise<Pick<LearningAudit, 'wrongTallies' | 'replays'>> {
  const source = createDataSource(databaseUrl, { poolSize: 1, name: 'marquee-audit' });
  await source.initialize();
  try {
    return await new Database(source, databaseUrl).transaction(async (tx) => {
      const [row] = await tx.query<{ serving_version: number | null; latest_version: number; params: Json }>(
        'select serving_version, latest_version, params from policy where id = $1',
        [POLICY],
      );
      const snapshot =
        typeof row?.serving_version !== 'number'
          ? undefined
          : await readSnapshot(tx, POLICY, row.serving_version);
      const policy = policyRegistry.get('thompson-beta');
      if (!row || !snapshot || policy.learns !== 'online') throw new Error('the policy serves no snapshot');
      const params = policy.params.parse(row.params);
      const state = await replay(tx, policy, POLICY, params, {
        from: null,
        after: 0,
        through: row.latest_version,
      });
      const { tallies } = (policy.decode(snapshot.state) as { inner: { tallies: Tallies } }).inner;
      const right = [...counted].filter(([key, tally]) => {
        const learned = tallies.get(key);
        return learned?.weight === tally.weight && learned.sum === tally.sum;
      }).length;
      return {
        wrongTallies: tallies.size - right + (counted.size - right),
        replays: state.sha256 === snapshot.sha256,
      };
    });
  } finally {
    await source.destroy();
  }
}
