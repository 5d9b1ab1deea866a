import { Module } from '@nestjs/common';
import { ExperimentStore } from './experiment-store.js';
import { ExperimentsService } from './experiments.service.js';
import { ScheduleProcessor } from './schedule.processor.js';
import { ScheduleService } from './schedule.service.js';

/** Carries out what is planned for experiments, from the queue. */
@Module({ providers: [ExperimentStore, ExperimentsService, ScheduleService, ScheduleProcessor] })
export class ScheduleModule {}
