import { Module } from '@nestjs/common';
import { AnalysesController } from './analyses.controller.js';
import { AssignmentHealthController } from './assignment-health.controller.js';
import { AssignmentHealth } from './assignment-health.js';
import { AssignmentRulesService } from './assignment-rules.service.js';
import { EventCountStore } from './event-counts.js';
import { ClustersController } from './clusters.controller.js';
import { EventRatesController } from './event-rates.controller.js';
import { ExportController } from './export/export.controller.js';
import { Forecasts } from './forecasts.js';
import { HealthFactsReader } from './health-facts.js';
import { HealthController } from './health.controller.js';
import { HealthMutes } from './health-mutes.js';
import { LiftReports } from './lift-reports.js';
import { MetricReportsController } from './metric-reports.controller.js';
import { PowerController } from './power.controller.js';
import { PowerPlans } from './power-plans.js';
import { PowerStore } from './power-store.js';
import { ReportStore } from './report-store.js';
import { ReportsController } from './reports.controller.js';
import { RetentionController } from './retention.controller.js';
import { RetentionStore } from './retention-store.js';
import { SwitchbackController } from './switchback.controller.js';
import { SignalStore } from './signal-store.js';
import { Trends } from './trends.js';
import { UnitReportsController } from './unit-reports.controller.js';

/** Reports without HTTP, for the workers. */
@Module({
  providers: [EventCountStore, ReportStore, HealthFactsReader, LiftReports, Trends],
  exports: [EventCountStore, ReportStore, LiftReports, Trends],
})
export class ReportsCoreModule {}

@Module({
  imports: [ReportsCoreModule],
  controllers: [
    ReportsController,
    RetentionController,
    UnitReportsController,
    MetricReportsController,
    EventRatesController,
    ClustersController,
    SwitchbackController,
    ExportController,
    HealthController,
    AssignmentHealthController,
    AnalysesController,
    PowerController,
  ],
  providers: [
    RetentionStore,
    SignalStore,
    Forecasts,
    PowerPlans,
    PowerStore,
    HealthMutes,
    AssignmentHealth,
    AssignmentRulesService,
  ],
  exports: [PowerPlans],
})
export class ReportsModule {}
