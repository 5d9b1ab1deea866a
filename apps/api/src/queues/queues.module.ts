import path from 'node:path';
import { BullModule } from '@nestjs/bullmq';
import { Global, Inject, Logger, Module } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  OnApplicationShutdown,
  OnModuleInit,
  Provider,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { Config } from '../config/config.js';
import type { QueueBackend } from './backend.js';
import { DecisionShipping } from './decision-shipping.js';
import { IngestProducer } from './ingest-producer.js';
import { QUEUE_BACKEND } from './queue-backend.token.js';
import { JOB_OPTIONS, QUEUE_NAMES } from './queues.js';
import { RevivableWorker } from './revivable-worker.js';
import { Spool } from './spool.js';
import { Watchdog } from './watchdog.js';

const DRAIN_MS = 4000;
const LAST_TRY_MS = 500;

/** Starts the spool with the process and empties it as far as it can when the process ends. */
class SpoolLifecycle implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(Spool) private readonly spool: Spool,
    @Inject(DecisionShipping) private readonly shipping: DecisionShipping,
  ) {}

  onModuleInit(): Promise<void> {
    this.shipping.tally.start();
    return this.spool.start();
  }

  /** While the queue is still open: it closes in the next phase, in no order that could be relied on. */
  beforeApplicationShutdown(): Promise<void> {
    return this.spool.drain(DRAIN_MS);
  }

  /** What the last requests left goes to disk, for the next process. */
  async onApplicationShutdown(): Promise<void> {
    await this.spool.close(LAST_TRY_MS);
    await this.shipping.tally.stop();
  }
}

/**
 * The queues (`@InjectQueue(QUEUES.learn)`), the producer of facts and, in the HTTP process, the spool. Processors are
 * classes with `@Processor(QUEUES.x, WORKER_OPTIONS.x)` that extend WorkerHost, listed in the worker's modules.
 */
@Global()
@Module({})
export class QueuesModule {
  static of(config: Config, backend: QueueBackend, role: 'api' | 'worker'): DynamicModule {
    BullModule.workerClass = RevivableWorker;
    const queues = BullModule.registerQueue(
      ...QUEUE_NAMES.map((name) => ({
        name,
        ...backend.optionsFor(name),
        defaultJobOptions: JOB_OPTIONS[name],
      })),
    );
    const providers: Provider[] = [IngestProducer, { provide: QUEUE_BACKEND, useValue: backend }, Watchdog];
    if (role === 'api') providers.push(DecisionShipping, spoolOf(config), SpoolLifecycle);
    return {
      module: QueuesModule,
      imports: [queues, DiscoveryModule],
      providers,
      exports: [queues, IngestProducer, QUEUE_BACKEND, ...(role === 'api' ? [Spool, DecisionShipping] : [])],
    };
  }
}

function spoolOf(config: Config): Provider {
  return {
    provide: Spool,
    inject: [DecisionShipping],
    useFactory: (shipping: DecisionShipping) =>
      new Spool({
        directory: path.join(config.stateDir, 'spool'),
        name: 'api',
        ship: (batch) => shipping.ship(batch),
        logger: new Logger('Spool'),
      }),
  };
}
