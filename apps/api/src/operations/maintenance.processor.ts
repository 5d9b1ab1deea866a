import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { Maintenance } from './maintenance.js';
import type { MaintenanceResult } from './maintenance.js';

const EVERY_MS = 10 * 60_000;

/** Queue `maintenance`: housekeeping every ten minutes, and partitions once at the start. */
@Processor(QUEUES.maintenance, WORKER_OPTIONS.maintenance)
export class MaintenanceProcessor extends WorkerHost implements OnApplicationBootstrap {
  constructor(
    @Inject(Maintenance) private readonly maintenance: Maintenance,
    @InjectQueue(QUEUES.maintenance) private readonly queue: Queue,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.maintenance.ensurePartitions(new Date());
    await this.queue.upsertJobScheduler('maintenance', { every: EVERY_MS }, { name: 'maintenance' });
  }

  process(): Promise<MaintenanceResult> {
    return this.maintenance.run(new Date());
  }
}
