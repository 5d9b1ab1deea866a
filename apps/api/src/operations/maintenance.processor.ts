import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { PolicyAudits } from '../policy-audits/policy-audits.js';
import { Maintenance } from './maintenance.js';
import type { MaintenanceResult } from './maintenance.js';

const EVERY_MS = 10 * 60_000;

/** Queue `maintenance`: housekeeping and audits every ten minutes, and partitions once at the start. */
@Processor(QUEUES.maintenance, WORKER_OPTIONS.maintenance)
export class MaintenanceProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly logger = new Logger('Audit');

  constructor(
    @Inject(Maintenance) private readonly maintenance: Maintenance,
    @Inject(PolicyAudits) private readonly audits: PolicyAudits,
    @InjectQueue(QUEUES.maintenance) private readonly queue: Queue,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.maintenance.ensurePartitions(new Date());
    await this.queue.upsertJobScheduler('maintenance', { every: EVERY_MS }, { name: 'maintenance' });
  }

  async process(): Promise<MaintenanceResult> {
    const result = await this.maintenance.run(new Date());
    for (const { policyId, status, reasons, rolledBackTo } of await this.audits.run(new Date())) {
      if (reasons.length === 0) continue;
      const done =
        rolledBackTo === null ? '' : ` Version ${rolledBackTo} serves again, and learning is frozen.`;
      this.logger.error(
        `policy "${policyId}": the audit of propensities says ${status}: ${reasons.join(' ')}${done}`,
      );
    }
    return result;
  }
}
