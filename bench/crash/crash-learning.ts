import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRng } from '#experiments';
import { policyRegistry } from '#policies';
import { createDataSource } from '../../apps/api/src/persistence/data-source.js';
import { Database } from '../../apps/api/src/persistence/database.js';
import { FactStore } from '../../apps/api/src/persistence/fact-store.js';
import { replay } from '../../apps/api/src/policies/learning-log.js';
import { readHead } from '../../apps/api/src/policies/snapshot-store.js';
import { figureOf } from '../figure.js';
import type { Figure } from '../figure.js';
import { createDatabase } from '../stack.js';
import type { Ground } from '../stack.js';
import { streamRewards } from './learning-stream.js';

const POLICY = 'crash-fading';
/** Its tallies fade with time, so that another order of rewards gives other bits. */
const KEY = 'thompson-beta';
const REWARDS = 200_000;
const KILLS = 50;
const SECONDS = 180;
const MOST_SETTLE_SECONDS = 180;

export interface LearningCrash {
  readonly kills: number;
  /** Kills in the middle of a transaction of the learner, as PostgreSQL saw it. */
  readonly inTransaction: number;
  readonly rewards: number;
  readonly late: number;
  readonly versions: number;
  readonly corrections: number;
  /** Rewards that are missing, too many, or not what their play says. */
  readonly wrong: number;
  readonly notLearned: number;
  /** Difference between what versions say they used and what there is, of rewards and of corrections. */
  readonly usedTwice: number;
  /** The serving state equals the replay of the log, bit for bit. */
  readonly replays: boolean;
}

/** A learner that is started again whenever it dies. */
class Victim {
  private process: ChildProcess | null = null;

  constructor(private readonly databaseUrl: string) {}

  async start(): Promise<void> {
    const script = fileURLToPath(new URL('learner.js', import.meta.url));
    const child = fork(script, [this.databaseUrl, POLICY], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.process = child;
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the learner does not start'))),
    ]);
  }

  async kill(): Promise<void> {
    const child = this.process;
    this.process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null)
      throw new Error('the learner ended by itself');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

const IN_TRANSACTION = `
select count(*)::int as n from pg_stat_activity
where datname = current_database() and application_name like 'marquee-learner%' and xact_start is not null`;

/** Streams rewards while the learner is killed at random moments, lets it finish, and compares with the facts. */
export async function learningCrash(
  databaseUrl: string,
  rewards: number,
  kills: number,
  seconds: number,
): Promise<LearningCrash> {
  const source = createDataSource(databaseUrl, { poolSize: 3, name: 'marquee-crash' });
  await source.initialize();
  const db = new Database(source, databaseUrl);
  const victim = new Victim(databaseUrl);
  try {
    await createPolicy(db);
    await victim.start();
    let streaming = true;
    const stream = streamRewards(new FactStore(db), POLICY, rewards, seconds).finally(
      () => (streaming = false),
    );
    const rng = createRng('crash-learning-kills');
    const pause = (seconds * 1000) / kills;
    let inTransaction = 0;
    let killed = 0;
    const killing = async (): Promise<void> => {
      for (; killed < kills; killed++) {
        await sleep(rng.uniform() * (streaming ? 1.2 : 0.4) * pause);
        const [row] = await db.query<{ n: number }>(IN_TRANSACTION);
        inTransaction += row?.n ?? 0;
        await victim.kill();
        await victim.start();
      }
    };
    const [facts] = await Promise.all([stream, killing()]);
    await finished(db);
    await victim.kill();
    return { kills: killed, inTransaction, late: facts.late, ...(await audit(db, rewards, facts.played)) };
  } finally {
    await victim.kill().catch(() => undefined);
    await source.destroy();
  }
}

async function createPolicy(db: Database): Promise<void> {
  await db.query(
    `insert into policy (id, key, title, params, exploration, floor, reward, window_seconds)
     values ($1, $2, 'Crash', '{"halfLifeDays": 7, "perSubject": false}', '{"key": "epsilon-mix", "params": {}}', 0.01,
       '{"outcomes": [{"name": "play", "value": "one"}], "combine": "any"}', 1)`,
    [POLICY, KEY],
  );
}

const LEFT = `
select (select count(*) from reward_due)::int + (select count(*) from reward where version = 0)::int
  + (select count(*) from reward_correction where version = 0)::int as n`;

async function finished(db: Database): Promise<void> {
  const deadline = Date.now() + MOST_SETTLE_SECONDS * 1000;
  for (let calm = 0; calm < 3 && Date.now() < deadline; await sleep(500)) {
    const [row] = await db.query<{ n: number }>(LEFT);
    calm = row?.n === 0 ? calm + 1 : 0;
  }
}

const USED = `
select count(*)::int as versions, coalesce(sum(rows_used), 0)::int as rewards,
  coalesce(sum(corrections_used), 0)::int as corrections
from policy_snapshot where policy_id = $1 and status = 'accepted'`;

type Audit = Omit<LearningCrash, 'kills' | 'inTransaction' | 'late'>;

async function audit(db: Database, expected: number, played: ReadonlySet<string>): Promise<Audit> {
  const rewards = await db.query<{ decision_id: string; reward: number; version: number }>(
    'select decision_id, reward, version from reward where policy_id = $1',
    [POLICY],
  );
  const [corrected] = await db.query<{ n: number }>('select count(*)::int as n from reward_correction');
  const [used] = await db.query<{ versions: number; rewards: number; corrections: number }>(USED, [POLICY]);
  const corrections = corrected?.n ?? 0;
  const wrongValues = rewards.filter((row) => row.reward !== (played.has(row.decision_id) ? 1 : 0)).length;
  return {
    rewards: rewards.length,
    versions: used?.versions ?? 0,
    corrections,
    wrong: Math.abs(rewards.length - expected) + wrongValues,
    notLearned: rewards.filter(({ version }) => version <= 0).length,
    usedTwice:
      Math.abs((used?.rewards ?? 0) - rewards.length) + Math.abs((used?.corrections ?? 0) - corrections),
    replays: await replays(db),
  };
}

function replays(db: Database): Promise<boolean> {
  return db.transaction(async (tx) => {
    const policy = policyRegistry.get(KEY);
    const head = await readHead(tx, POLICY);
    if (policy.learns !== 'online' || !head) throw new Error('the policy has learned nothing');
    const range = { from: null, after: 0, through: head.version };
    const state = await replay(tx, policy, POLICY, policy.params.parse(head.params), range);
    return state.sha256 === head.sha256;
  });
}

/** Fifty kills while 200,000 rewards stream in: the final state equals the replay of the log, bit for bit. */
export async function benchCrashLearning(ground: Ground): Promise<Figure[]> {
  const result = await learningCrash(
    await createDatabase(ground, 'bench_crash_learning'),
    REWARDS,
    KILLS,
    SECONDS,
  );
  const faults = result.wrong + result.notLearned + result.usedTwice + (result.replays ? 0 : 1);
  return [
    figureOf(
      {
        key: 'crash-learning',
        title: `faults of learning after ${KILLS} kills (wrong, twice, not learned, another state)`,
        unit: '',
        value: faults,
        ceiling: null,
        target: { of: 'value', atMost: 0 },
      },
      {
        kills: result.kills,
        'in a transaction': result.inTransaction,
        rewards: result.rewards,
        'late plays': result.late,
        corrections: result.corrections,
        versions: result.versions,
        'wrong rewards': result.wrong,
        'not learned': result.notLearned,
        'used twice': result.usedTwice,
        'replay equals serving': String(result.replays),
      },
    ),
  ];
}
