import { Module } from '@nestjs/common';
import { ExperimentStore } from '../experiments/experiment-store.js';
import { ExperimentsService } from '../experiments/experiments.service.js';
import { Evidence } from '../lifecycle/evidence.js';
import { ReportsCoreModule } from '../reports/reports.module.js';
import { GuardrailEvidence } from './guardrail-evidence.js';
import { GuardrailWatch } from './guardrail-watch.js';
import { GuardrailsController } from './guardrails.controller.js';
import { GuardrailsProcessor } from './guardrails.processor.js';
import { GuardrailsService } from './guardrails.service.js';

/** Settings and findings over HTTP. */
@Module({
  controllers: [GuardrailsController],
  providers: [ExperimentStore, ExperimentsService, GuardrailsService],
})
export class GuardrailsModule {}

/** The look itself, from the queue. */
@Module({
  imports: [ReportsCoreModule],
  providers: [
    ExperimentStore,
    ExperimentsService,
    GuardrailEvidence,
    GuardrailWatch,
    Evidence,
    GuardrailsProcessor,
  ],
})
export class GuardrailWorkerModule {}
