import { WorkerHost, getQueueToken } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import type { Job, Queue } from 'bullmq';
import { QUEUE_NAMES } from './queues.js';
import { RateLimitedLog } from './rate-limited-log.js';
import { RevivableWorker } from './revivable-worker.js';

const CHECK_EVERY_MS = 2_000;
/** A worker that has done nothing for this long while jobs wait is asleep. */
const PATIENCE_MS = 4_000;

/**
 * Wakes workers that are idle beside a backlog, drives jobs on that failed only because their worker died, and keeps
 * the log readable while a service is away.
 */
@Injectable()
export class Watchdog implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Queues');
  private readonly errors = new RateLimitedLog((message) => this.logger.warn(message));
  private timer: NodeJS.Timeout | null = null;
  private checking: Promise<void> | null = null;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  onApplicationBootstrap(): void {
    for (const name of QUEUE_NAMES)
      this.queue(name).on('error', (error: Error) => this.errors.report(`queue ${name}`, error));
    const workers = this.workers();
    for (const worker of workers)
      worker.on('error', (error) => this.errors.report(`worker ${worker.name}`, error));
    if (workers.length === 0) return;
    this.timer = setInterval(() => {
      this.checking ??= this.check(workers).finally(() => (this.checking = null));
    }, CHECK_EVERY_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.checking;
  }

  private async check(workers: readonly RevivableWorker[]): Promise<void> {
    for (const worker of workers) {
      try {
        const queue = this.queue(worker.name);
        await this.wake(worker, queue);
        await driveOn(queue);
      } catch (error) {
        this.errors.report(`watchdog ${worker.name}`, error as Error);
      }
    }
  }

  private async wake(worker: RevivableWorker, queue: Queue): Promise<void> {
    const idle = Date.now() - worker.lastProgressAt;
    if (worker.activeJobs > 0 || idle < PATIENCE_MS || worker.isPaused()) return;
    const counts = await queue.getJobCounts('waiting', 'prioritized');
    const waiting = (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0);
    if (waiting === 0 || Date.now() - worker.lastProgressAt < PATIENCE_MS) return;
    this.logger.warn(`worker ${worker.name} was idle beside ${waiting} waiting jobs: waking it`);
    await worker.revive();
  }

  private queue(name: string): Queue {
    return this.modules.get<Queue>(getQueueToken(name), { strict: false });
  }

  private workers(): RevivableWorker[] {
    return this.discovery
      .getProviders()
      .map(({ instance }) => instance as unknown)
      .filter((instance): instance is WorkerHost => instance instanceof WorkerHost)
      .map((host) => host.worker as unknown)
      .filter((worker): worker is RevivableWorker => worker instanceof RevivableWorker);
  }
}

/** Jobs that only ever failed because their workers died are tried again: they carry acknowledged work. */
export async function driveOn(queue: Queue): Promise<number> {
  const failed = (await queue.getFailed(0, 99)) as (Job | undefined)[];
  const stalled = failed.filter((job): job is Job => job?.failedReason?.includes('stalled') === true);
  for (const job of stalled) await job.retry('failed');
  return stalled.length;
}
