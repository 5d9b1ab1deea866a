import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { EventCountStore } from '../reports/event-counts.js';
import { LiftReports } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';
import { Trends } from '../reports/trends.js';
import { RollUp } from './roll-up.js';

const EVERY_MS = 2_000;
/** Rolling up takes at most this share of the time: with many units a run costs seconds, and ticks are passed over. */
const MOST_BUSY = 0.15;
const LONGEST_PAUSE_MS = 15_000;

/** Queue `rollup`: a tick that brings rollups and the summaries of the experiments list up to the facts. */
@Processor(QUEUES.rollup, WORKER_OPTIONS.rollup)
export class RollupProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly logger = new Logger('Rollup');
  private restUntil = 0;

  constructor(
    @Inject(RollUp) private readonly rollUp: RollUp,
    @Inject(LiftReports) private readonly reports: LiftReports,
    @Inject(Trends) private readonly trends: Trends,
    @Inject(EventCountStore) private readonly counts: EventCountStore,
    @Inject(ReportStore) private readonly store: ReportStore,
    @InjectQueue(QUEUES.rollup) private readonly queue: Queue,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.upsertJobScheduler('rollup', { every: EVERY_MS }, { name: 'rollup' });
  }

  async process(): Promise<void> {
    if (performance.now() < this.restUntil) return;
    const began = performance.now();
    await this.rollUpNow(new Date());
    const took = performance.now() - began;
    this.restUntil = performance.now() + Math.min(LONGEST_PAUSE_MS, took / MOST_BUSY - took - EVERY_MS);
  }

  private refreshTrend(key: string, now: Date): Promise<boolean> {
    return this.trends.refresh(key, now).catch((error: Error) => {
      this.logger.warn(`trend of "${key}": ${error.message}`);
      return false;
    });
  }

  private async refreshCounts(key: string, now: Date): Promise<boolean> {
    try {
      return await this.counts.refresh(await this.store.experiment(key), now);
    } catch (error) {
      this.logger.warn(`event counts of "${key}": ${(error as Error).message}`);
      return false;
    }
  }

  private async rollUpNow(now: Date): Promise<void> {
    const { experiments } = await this.rollUp.run(now);
    for (const key of experiments) {
      await this.reports
        .storeSummary(key, now)
        .catch((error: Error) => this.logger.warn(`summary of "${key}": ${error.message}`));
    }
    // One of each a tick, since each reads many events.
    for (const key of experiments) if (await this.refreshCounts(key, now)) break;
    for (const key of experiments) if (await this.refreshTrend(key, now)) break;
  }
}
