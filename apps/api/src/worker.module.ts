import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import type { KeyRing } from './access/keys.js';
import type { Config } from './config/config.js';
import { CoreModule } from './core.module.js';
import { IngestModule } from './events/ingest.module.js';
import { ScheduleModule } from './experiments/schedule.module.js';
import { GuardrailWorkerModule } from './guardrails/guardrails.module.js';
import { HeartbeatModule } from './operations/heartbeat.js';
import { MaintenanceModule } from './operations/maintenance.module.js';
import type { Database } from './persistence/database.js';
import { LearnModule } from './policies/learn.module.js';
import { TrainModule } from './policies/train.module.js';
import type { QueueBackend } from './queues/backend.js';
import { QueuesModule } from './queues/queues.module.js';
import { RollupModule } from './rollups/rollup.module.js';
import { WebhookDeliveryModule } from './webhooks/webhook-delivery.module.js';

/** What a worker runs, by role (MARQUEE_ROLES); one line each. */
const byRole: Readonly<Record<string, readonly (Type | DynamicModule)[]>> = {
  ingest: [IngestModule],
  learn: [LearnModule],
  train: [TrainModule],
  rollup: [RollupModule],
  maintenance: [MaintenanceModule, ScheduleModule, GuardrailWorkerModule],
  webhooks: [WebhookDeliveryModule],
};

/** Composition root of a queue process. */
@Module({})
export class WorkerModule {
  /** @throws Error when the configuration names a role that does not exist. */
  static of(config: Config, database: Database, keys: KeyRing, queues: QueueBackend): DynamicModule {
    const modules = config.roles.flatMap((role) => {
      const found = byRole[role];
      if (!found)
        throw new Error(
          `MARQUEE_ROLES: "${role}" is not a role; known are ${Object.keys(byRole).join(', ')}`,
        );
      return found;
    });
    return {
      module: WorkerModule,
      imports: [
        CoreModule.of(config, database, keys),
        QueuesModule.of(config, queues, 'worker'),
        HeartbeatModule.of('worker'),
        ...new Set(modules),
      ],
    };
  }
}
