import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Database } from '../persistence/database.js';
import { QUEUES } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { ExperimentStore } from './experiment-store.js';
import { ScheduleService } from './schedule.service.js';
import type { Made } from './schedule.service.js';
import { keepLateUnits, sampleTraffic } from './traffic-samples.js';

const EVERY_MS = 10_000;

/** Queue `schedule`: every ten seconds what is due of the experiments' plans, and samples of their traffic. */
@Processor(QUEUES.schedule, WORKER_OPTIONS.schedule)
export class ScheduleProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly logger = new Logger('Schedule');

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
    @Inject(ScheduleService) private readonly schedules: ScheduleService,
    @InjectQueue(QUEUES.schedule) private readonly queue: Queue,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.upsertJobScheduler('schedule', { every: EVERY_MS }, { name: 'schedule' });
  }

  async process(): Promise<Made[]> {
    const now = new Date();
    const made = await this.schedules.run(now);
    for (const { experiment, move, why } of made) {
      const line = `"${experiment}": ${move}: ${why}`;
      if (move === 'failed') this.logger.warn(line);
      else this.logger.log(line);
    }
    await keepLateUnits(this.db, this.store, now);
    await sampleTraffic(this.db, now);
    return made;
  }
}
