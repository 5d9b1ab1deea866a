import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { T0, clearLearning, insertDecisions, insertPolicy } from '../../test/learning.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { createQueueBackend } from '../queues/backend.js';
import type { QueueBackend } from '../queues/backend.js';
import { LearnTicker } from './learn-ticker.js';
import { TrainSweeper } from './train-sweeper.js';

const at = (ms: number): Date => new Date(T0 + ms);
const CLOSED = 3_600_000;

describe('what finds work for the queue', () => {
  let db: TestDatabase;
  let backend: QueueBackend;
  let learnQueue: Queue;
  let trainQueue: Queue;
  beforeAll(async () => {
    db = await createTestDatabase();
    backend = createQueueBackend({ databaseUrl: db.url, redisUrl: null, redisClusterNodes: [] }, 'work');
    await backend.prepare();
    learnQueue = new Queue('learn', backend.optionsFor('learn'));
    trainQueue = new Queue('train', backend.optionsFor('train'));
  });
  beforeEach(async () => {
    await clearLearning(db.database);
    await learnQueue.obliterate({ force: true });
    await trainQueue.obliterate({ force: true });
  });
  afterAll(async () => {
    await learnQueue.close();
    await trainQueue.close();
    await backend.close();
    await db.drop();
  });

  const ticker = (): LearnTicker => new LearnTicker(db.database, learnQueue);

  it('adds one job for each policy with a closed window, however often and wherever it looks', async () => {
    for (const id of ['due', 'open', 'idle']) await insertPolicy(db.database, { id });
    await insertDecisions(db.database, [
      { n: 1, policyId: 'due' },
      { n: 2, policyId: 'due' },
      { n: 3, policyId: 'open', dueAt: T0 + CLOSED + 1 },
    ]);
    const [one, other] = [ticker(), ticker()];
    expect(await one.tick(at(CLOSED))).toEqual(['due']);
    expect(await other.tick(at(CLOSED))).toEqual(['due']);
    const jobs = await learnQueue.getJobs(['waiting']);
    expect(jobs.map((job) => job.data as unknown)).toEqual([{ policyId: 'due' }]);
  });

  it('lets a second pass between jobs of a policy with a window, and none without', async () => {
    await insertPolicy(db.database, { id: 'slow' });
    await insertPolicy(db.database, { id: 'fast', windowSeconds: 0 });
    await insertDecisions(db.database, [
      { n: 1, policyId: 'slow' },
      { n: 2, policyId: 'fast' },
    ]);
    const one = ticker();
    expect([...(await one.tick(at(CLOSED)))].sort()).toEqual(['fast', 'slow']);
    expect(await one.tick(at(CLOSED + 999))).toEqual(['fast']);
    expect([...(await one.tick(at(CLOSED + 1000)))].sort()).toEqual(['fast', 'slow']);
  });

  it('finds rewards that wait, unless their policy is frozen', async () => {
    await insertPolicy(db.database, { id: 'waiting' });
    await insertPolicy(db.database, { id: 'frozen', learning: false });
    for (const [n, id] of ['waiting', 'frozen'].entries()) {
      await db.database.query(
        `insert into reward (decision_id, position, policy_id, action_id, reward, propensity, decision_at, settled_at, version)
         values ($1, 0, $2, 'a', 1, 0.5, now(), now(), 0)`,
        [`d${n}`, id],
      );
    }
    expect(await ticker().tick(at(0))).toEqual(['waiting']);
  });

  it('gives a training run without a job a new one, and ends a run whose job was given up', async () => {
    await insertPolicy(db.database, { id: 'titles', key: 'implicit-als' });
    const insertRun = (id: string): Promise<unknown> =>
      db.database.query(
        `insert into training_run (id, policy_id, status, seed, cut_at, created_at)
         values ($1, 'titles', 'queued', 's', now(), now() - interval '1 minute')`,
        [id],
      );
    await insertRun('lost');
    const sweeper = new TrainSweeper(db.database, trainQueue);
    await sweeper.sweep();
    await sweeper.sweep();
    expect((await trainQueue.getJobs(['waiting'])).map((job) => job.id)).toEqual(['lost']);
    const worker = new Worker(
      'train',
      () => Promise.reject(new Error('no memory')),
      backend.optionsFor('train'),
    );
    await new Promise((resolve) => worker.on('failed', resolve));
    await worker.close();
    await sweeper.sweep();
    const runs = await db.database.query(`select id, status, error from training_run`);
    expect(runs).toEqual([{ id: 'lost', status: 'failed', error: 'no memory' }]);
  });
});
