import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import { AccessModule } from './access/access.module.js';
import type { KeyRing } from './access/keys.js';
import { AudiencesModule } from './audiences/audiences.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import type { Config } from './config/config.js';
import { ConfigFilesModule } from './config-files/config-files.module.js';
import { CoreModule } from './core.module.js';
import { EventsModule } from './events/events.module.js';
import { ExposuresModule } from './exposures/exposures.module.js';
import { ExperimentsModule } from './experiments/experiments.module.js';
import { FeaturesModule } from './features/features.module.js';
import { GrowthBookModule } from './growthbook/growthbook.module.js';
import { GuardrailsModule } from './guardrails/guardrails.module.js';
import { ApiKeyGuard } from './http/api-key.guard.js';
import { ZodPipe } from './http/zod-pipe.js';
import { IdentitiesModule } from './identities/identities.module.js';
import { ItemsModule } from './items/items.module.js';
import { LayersModule } from './layers/layers.module.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { MembersModule } from './members/members.module.js';
import { SearchModule } from './search/search.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ModelCardsModule } from './model-cards/model-cards.module.js';
import { HeartbeatModule } from './operations/heartbeat.js';
import { OfrepModule } from './ofrep/ofrep.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { PagesModule } from './pages/pages.module.js';
import type { Database } from './persistence/database.js';
import { IdentityMapModule } from './persistence/identity-map.js';
import { PoliciesModule } from './policies/policies.module.js';
import { PolicyAuditsModule } from './policy-audits/policy-audits.module.js';
import { PortfolioModule } from './portfolio/portfolio.module.js';
import type { QueueBackend } from './queues/backend.js';
import { QueuesModule } from './queues/queues.module.js';
import { ReplaysModule } from './replays/replays.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { ServingModule } from './serving/serving.module.js';
import { SurfacesModule } from './surfaces/surfaces.module.js';
import { TestersModule } from './testers/testers.module.js';
import { UnitsModule } from './units/units.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** Features of the HTTP process; one line each. */
const features: readonly (Type | DynamicModule)[] = [
  EventsModule,
  ServingModule,
  ExposuresModule,
  OfrepModule,
  GrowthBookModule,
  AccessModule,
  ExperimentsModule,
  ItemsModule,
  LayersModule,
  MetricsModule,
  SurfacesModule,
  FeaturesModule,
  UnitsModule,
  IdentitiesModule,
  AudiencesModule,
  TestersModule,
  MembersModule,
  SearchModule,
  PagesModule,
  PoliciesModule,
  PolicyAuditsModule,
  ModelCardsModule,
  ReplaysModule,
  CatalogModule,
  ConfigFilesModule,
  ReportsModule,
  PortfolioModule,
  GuardrailsModule,
  LifecycleModule,
  OperationsModule,
  WebhooksModule,
];

/** Composition root of the HTTP process. */
@Module({})
export class ApiModule {
  static of(config: Config, database: Database, keys: KeyRing, queues: QueueBackend): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        CoreModule.of(config, database, keys),
        QueuesModule.of(config, queues, 'api'),
        IdentityMapModule,
        HeartbeatModule.of('api'),
        ...features,
      ],
      providers: [
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        { provide: APP_PIPE, useClass: ZodPipe },
      ],
    };
  }
}
