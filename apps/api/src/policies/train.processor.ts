import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import type { TrainJob } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { RunTradeOff } from './trade-offs/run-trade-off.js';
import { TrainPolicy } from './train-policy.js';

/** Least time between two notes of progress, in milliseconds. */
const QUIET_MS = 500;

/**
 * Queue `train`: one job is one training run, or one study of trade-offs. The arithmetic runs in a process of its own; this
 * one keeps the job's lock.
 */
@Processor(QUEUES.train, WORKER_OPTIONS.train)
export class TrainProcessor extends WorkerHost {
  private readonly logger = new Logger('Train');

  constructor(
    @Inject(TrainPolicy) private readonly train: TrainPolicy,
    @Inject(RunTradeOff) private readonly tradeOffs: RunTradeOff,
  ) {
    super();
  }

  async process(job: Job<TrainJob>): Promise<{ readonly status: string }> {
    const { data } = job;
    const id = 'tradeOffRunId' in data ? data.tradeOffRunId : data.trainingRunId;
    const quietly = this.quietly(id, job);
    const status = await ('tradeOffRunId' in data
      ? this.tradeOffs.run(id, (share) => quietly(share, () => this.tradeOffs.note(id, share)))
      : this.train.run(id, (share, curve) => quietly(share, () => this.train.note(id, share, curve))));
    this.logger.log(`${job.name} run ${id}: ${status}`);
    return { status };
  }

  /** Progress is news, not work: it is told now and then, and a run does not fail because nobody could be told. */
  private quietly(id: string, job: Job<TrainJob>): (share: number, note: () => Promise<void>) => void {
    let told = 0;
    return (share, note) => {
      const now = Date.now();
      if (now - told < QUIET_MS) return;
      told = now;
      note()
        .then(() => job.updateProgress(share))
        .catch((error: Error) => this.logger.warn(`progress of ${id}: ${error.message}`));
    };
  }
}
