import { Inject, Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { checkPolicies } from './boot-check.js';
import { PolicyInsightsController } from './insights/insights.controller.js';
import { PolicyListsController } from './lists/lists.controller.js';
import { OffPolicyController } from '../off-policy/off-policy.controller.js';
import { OffPolicyService } from '../off-policy/off-policy.service.js';
import { PinsController } from './pins/pins.controller.js';
import { PoliciesController } from './policies.controller.js';
import { PoliciesService } from './policies.service.js';
import { PolicyReads } from './policy-reads.js';
import { ShadowReport } from './shadow-report.js';
import { SnapshotsService } from './snapshots.service.js';
import { TradeOffsController } from './trade-offs/trade-offs.controller.js';
import { TradeOffsService } from './trade-offs/trade-offs.service.js';
import { TrainingRunsService } from './training-runs.service.js';
import { WarmStartsController } from './warm-start/warm-starts.controller.js';
import { WarmStartsService } from './warm-start/warm-starts.service.js';

/** Administration of policies, in the HTTP process. */
@Module({
  controllers: [
    PoliciesController,
    PolicyInsightsController,
    PolicyListsController,
    PinsController,
    OffPolicyController,
    TradeOffsController,
    WarmStartsController,
  ],
  providers: [
    PoliciesService,
    SnapshotsService,
    PolicyReads,
    ShadowReport,
    TrainingRunsService,
    OffPolicyService,
    TradeOffsService,
    WarmStartsService,
  ],
})
export class PoliciesModule implements OnModuleInit {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** The process refuses to start when a running experiment needs a policy that is not there. */
  onModuleInit(): Promise<void> {
    return checkPolicies(this.db);
  }
}
