import path from 'node:path';
import { Inject, Logger, Module } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { Database } from '../persistence/database.js';
import { Spool } from '../queues/spool.js';
import { CatalogStore } from './catalog-store.js';
import { DecisionInspector } from './decision-inspector.js';
import { DecisionSpool } from './decision-spool.js';
import { DecisionsController, StoredEventsController } from './decisions.controller.js';
import { DecisionsStore } from './decisions.store.js';
import { DiskCache } from './disk-cache.js';
import { ExperimentCatalog } from './experiment-catalog.js';
import { FastLane } from './fast-lane.js';
import { FlagService } from './flag-service.js';
import { RecentDecisions } from './recent-decisions.js';
import { catalogAge, spoolAge, spoolDropped, spoolPending } from './serving-metrics.js';
import { SnapshotCache } from './snapshot-cache.js';
import { SnapshotStore } from './snapshot-store.js';
import { TreatmentService } from './treatment-service.js';
import { TreatmentsController } from './treatments.controller.js';

const METRICS_MS = 2000;

/** Loads the catalogue before the first request and publishes its age. */
class ServingLifecycle implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(ExperimentCatalog) private readonly catalog: ExperimentCatalog,
    @Inject(Database) private readonly database: Database,
    @Inject(Spool) private readonly spool: Spool,
    @Inject(TreatmentService) private readonly treatments: TreatmentService,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.catalog.start(this.database);
    this.timer = setInterval(() => this.publish(), METRICS_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.catalog.stop();
  }

  private publish(): void {
    this.treatments.publish();
    const { pending, oldestAgeSeconds, dropped } = this.spool.status();
    spoolPending.set(pending);
    spoolAge.set(oldestAgeSeconds);
    spoolDropped.set(dropped);
    catalogAge.set(this.catalog.status().ageSeconds);
  }
}

/** The hot path, `POST /v1/treatments` with what it needs in memory, and the questions asked about it afterwards. */
@Module({
  controllers: [TreatmentsController, DecisionsController, StoredEventsController],
  providers: [
    {
      provide: DiskCache,
      inject: [CONFIG],
      useFactory: (config: Config) => new DiskCache(path.join(config.stateDir, 'catalog')),
    },
    {
      provide: CatalogStore,
      inject: [Database],
      useFactory: (database: Database) => new CatalogStore(database),
    },
    {
      provide: SnapshotStore,
      inject: [Database],
      useFactory: (database: Database) => new SnapshotStore(database),
    },
    {
      provide: SnapshotCache,
      inject: [SnapshotStore, DiskCache],
      useFactory: (store: SnapshotStore, disk: DiskCache) =>
        new SnapshotCache(store, disk, new Logger('Snapshots')),
    },
    {
      provide: ExperimentCatalog,
      inject: [CatalogStore, SnapshotCache, DiskCache],
      useFactory: (store: CatalogStore, snapshots: SnapshotCache, disk: DiskCache) =>
        new ExperimentCatalog(store, snapshots, disk, new Logger('Catalog')),
    },
    {
      provide: DecisionsStore,
      inject: [Database],
      useFactory: (database: Database) => new DecisionsStore(database),
    },
    {
      provide: DecisionInspector,
      inject: [DecisionsStore, SnapshotStore, ExperimentCatalog],
      useFactory: (decisions: DecisionsStore, snapshots: SnapshotStore, catalog: ExperimentCatalog) =>
        new DecisionInspector(decisions, snapshots, catalog),
    },
    DecisionSpool,
    TreatmentService,
    FlagService,
    RecentDecisions,
    FastLane,
    ServingLifecycle,
  ],
  exports: [TreatmentService, FlagService, RecentDecisions, ExperimentCatalog, SnapshotCache, DecisionsStore],
})
export class ServingModule {}
