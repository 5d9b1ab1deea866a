import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import type { LearnJob } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { LearnPolicy } from './learn-policy.js';

/** Transactions of one job; what remains is picked up by the next. */
const MOST_ROUNDS = 40;

/** Queue `learn`: one job settles one policy and learns what is due. */
@Processor(QUEUES.learn, WORKER_OPTIONS.learn)
export class LearnProcessor extends WorkerHost {
  private readonly logger = new Logger('Learn');

  constructor(@Inject(LearnPolicy) private readonly learn: LearnPolicy) {
    super();
  }

  async process(job: Job<LearnJob>): Promise<{ readonly learned: number; readonly version: number | null }> {
    const { policyId } = job.data;
    let learned = 0;
    let version: number | null = null;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const result = await this.learn.run(policyId, new Date());
      learned += result.learned;
      version = result.version ?? version;
      if (result.rejected !== null) {
        this.logger.error(
          `policy "${policyId}": version ${String(result.version)} is refused, rewards wait: ${result.rejected}`,
        );
      }
      if (!result.more || result.rejected !== null) break;
    }
    return { learned, version };
  }
}
