import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { Database } from '../persistence/database.js';
import { QUEUES } from '../queues/jobs.js';
import type { LearnJob } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { ingestLagMs } from './ingest-lag.js';
import { LearnPolicy } from './learn-policy.js';

/** Transactions of one job; what remains is picked up by the next. */
const MOST_ROUNDS = 40;

/** Queue `learn`: one job settles one policy and learns what is due. */
@Processor(QUEUES.learn, WORKER_OPTIONS.learn)
export class LearnProcessor extends WorkerHost {
  private readonly logger = new Logger('Learn');

  constructor(
    @Inject(LearnPolicy) private readonly learn: LearnPolicy,
    @Inject(Database) private readonly db: Database,
    @InjectQueue(QUEUES.ingest) private readonly ingest: Queue,
  ) {
    super();
  }

  async process(job: Job<LearnJob>): Promise<{ readonly learned: number; readonly version: number | null }> {
    const { policyId } = job.data;
    let learned = 0;
    let version: number | null = null;
    // One moment for all rounds: how far storage lags is known for this one only.
    const now = new Date();
    const lagMs = await ingestLagMs(this.db, this.ingest, now);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const result = await this.learn.run(policyId, now, lagMs);
      learned += result.learned;
      version = result.version ?? version;
      if (result.rejected !== null) {
        const what =
          result.version === null
            ? 'its warm start failed'
            : `version ${result.version} is refused, rewards wait`;
        this.logger.error(`policy "${policyId}": ${what}: ${result.rejected}`);
      }
      if (!result.more || result.rejected !== null) break;
    }
    return { learned, version };
  }
}
