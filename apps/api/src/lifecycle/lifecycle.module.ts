import { Module } from '@nestjs/common';
import { ExperimentStore } from '../experiments/experiment-store.js';
import { ExperimentsModule } from '../experiments/experiments.module.js';
import { ReportsCoreModule, ReportsModule } from '../reports/reports.module.js';
import { ApprovalsService } from './approvals.service.js';
import { Checklist } from './checklist.js';
import { Evidence } from './evidence.js';
import { LifecycleController } from './lifecycle.controller.js';
import { NotesService } from './notes.service.js';

/** What people do around the life of an experiment: checklist, approval, notes, evidence, calendar. */
@Module({
  imports: [ExperimentsModule, ReportsModule, ReportsCoreModule],
  controllers: [LifecycleController],
  providers: [ExperimentStore, ApprovalsService, NotesService, Evidence, Checklist],
})
export class LifecycleModule {}
