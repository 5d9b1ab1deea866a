import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { LiftReports } from '../reports/lift-reports.js';
import { RollUp } from './roll-up.js';

const EVERY_MS = 2_000;

/** Queue `rollup`: a tick that brings rollups and the summaries of the experiments list up to the facts. */
@Processor(QUEUES.rollup, WORKER_OPTIONS.rollup)
export class RollupProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly logger = new Logger('Rollup');

  constructor(
    @Inject(RollUp) private readonly rollUp: RollUp,
    @Inject(LiftReports) private readonly reports: LiftReports,
    @InjectQueue(QUEUES.rollup) private readonly queue: Queue,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.upsertJobScheduler('rollup', { every: EVERY_MS }, { name: 'rollup' });
  }

  async process(): Promise<void> {
    const now = new Date();
    const { experiments } = await this.rollUp.run(now);
    for (const key of experiments) {
      await this.reports
        .storeSummary(key, now)
        .catch((error: Error) => this.logger.warn(`summary of "${key}": ${error.message}`));
    }
  }
}
