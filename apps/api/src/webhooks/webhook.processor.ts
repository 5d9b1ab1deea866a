import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { QUEUES } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { WebhookDeliveries } from './deliveries.js';

const EVERY_MS = 2_000;
const FORGET_EVERY_MS = 3_600_000;

/** Queue `webhooks`: what is due, every two seconds. */
@Processor(QUEUES.webhooks, WORKER_OPTIONS.webhooks)
export class WebhookProcessor extends WorkerHost implements OnApplicationBootstrap {
  private forgotAt = 0;

  constructor(
    @Inject(WebhookDeliveries) private readonly deliveries: WebhookDeliveries,
    @InjectQueue(QUEUES.webhooks) private readonly queue: Queue,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.upsertJobScheduler('webhooks', { every: EVERY_MS }, { name: 'webhooks' });
  }

  async process(): Promise<number> {
    const now = new Date();
    if (now.getTime() - this.forgotAt > FORGET_EVERY_MS) {
      this.forgotAt = now.getTime();
      await this.deliveries.forget(now);
    }
    return this.deliveries.run(now);
  }
}
