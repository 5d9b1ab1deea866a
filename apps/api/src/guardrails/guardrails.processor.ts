import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Evidence } from '../lifecycle/evidence.js';
import { QUEUES } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { GuardrailWatch } from './guardrail-watch.js';
import type { Acted } from './guardrail-watch.js';

const EVERY_MS = 60_000;

/** Queue `guardrails`: every minute a look at every running experiment, and evidence of those that ended. */
@Processor(QUEUES.guardrails, WORKER_OPTIONS.guardrails)
export class GuardrailsProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly logger = new Logger('Guardrails');

  constructor(
    @Inject(GuardrailWatch) private readonly watch: GuardrailWatch,
    @Inject(Evidence) private readonly evidence: Evidence,
    @InjectQueue(QUEUES.guardrails) private readonly queue: Queue,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.upsertJobScheduler('guardrails', { every: EVERY_MS }, { name: 'guardrails' });
  }

  async process(): Promise<Acted[]> {
    const acted = await this.watch.run(new Date());
    for (const { experiment, done, why } of acted) this.logger.warn(`"${experiment}": ${done}: ${why}`);
    for (const key of await this.evidence.captureMissing(new Date()))
      this.logger.log(`"${key}": the report as it stood at its end is kept`);
    return acted;
  }
}
