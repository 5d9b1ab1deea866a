import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import type { TrainJob } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { TrainPolicy } from './train-policy.js';

/** Least time between two notes of progress, in milliseconds. */
const QUIET_MS = 500;

/** Queue `train`: one job is one training run. The arithmetic runs in a process of its own; this one keeps the job's lock. */
@Processor(QUEUES.train, WORKER_OPTIONS.train)
export class TrainProcessor extends WorkerHost {
  private readonly logger = new Logger('Train');

  constructor(@Inject(TrainPolicy) private readonly train: TrainPolicy) {
    super();
  }

  async process(job: Job<TrainJob>): Promise<{ readonly status: string }> {
    const { trainingRunId } = job.data;
    let told = 0;
    const status = await this.train.run(trainingRunId, (share, curve) => {
      const now = Date.now();
      if (now - told < QUIET_MS) return;
      told = now;
      const note = async (): Promise<void> => {
        await this.train.note(trainingRunId, share, curve);
        await job.updateProgress(share);
      };
      // Progress is news, not work: a run does not fail because nobody could be told.
      note().catch((error: Error) => this.logger.warn(`progress of ${trainingRunId}: ${error.message}`));
    });
    this.logger.log(`training run ${trainingRunId}: ${status}`);
    return { status };
  }
}
