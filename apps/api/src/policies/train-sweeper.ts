import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Database } from '../persistence/database.js';
import { QUEUES } from '../queues/jobs.js';
import type { TrainJob } from '../queues/jobs.js';

const SWEEP_MS = 10_000;

/**
 * Brings rows and jobs together again: a run whose job was lost with the queue gets a new one, and a run whose job
 * was given up is recorded as failed, so that no run stays open for ever.
 */
@Injectable()
export class TrainSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Train');
  private timer: NodeJS.Timeout | null = null;
  private sweeping: Promise<void> | null = null;

  constructor(
    @Inject(Database) private readonly db: Database,
    @InjectQueue(QUEUES.train) private readonly queue: Queue<TrainJob>,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.sweeping ??= this.sweep()
        .catch((error: Error) => this.logger.warn(`cannot look for open training runs: ${error.message}`))
        .finally(() => (this.sweeping = null));
    }, SWEEP_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.sweeping;
  }

  async sweep(): Promise<void> {
    await this.sweepTable('training_run', (id) =>
      this.queue.add('train', { trainingRunId: id }, { jobId: id }),
    );
    await this.sweepTable('trade_off_run', (id) =>
      this.queue.add('trade-off', { tradeOffRunId: id }, { jobId: id }),
    );
  }

  private async sweepTable(
    table: 'training_run' | 'trade_off_run',
    add: (id: string) => Promise<unknown>,
  ): Promise<void> {
    const open = await this.db.query<{ id: string }>(
      `select id from ${table} where status in ('queued', 'running') and created_at < now() - interval '5 seconds'`,
    );
    for (const { id } of open) {
      const job = await this.queue.getJob(id);
      if (!job) {
        await add(id);
      } else if (await job.isFailed()) {
        await this.db.query(
          `update ${table} set status = 'failed', error = $2, finished_at = now()
           where id = $1 and status in ('queued', 'running')`,
          [id, job.failedReason ?? 'the job was given up'],
        );
      }
    }
  }
}
