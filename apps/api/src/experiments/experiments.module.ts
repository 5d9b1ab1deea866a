import { Module } from '@nestjs/common';
import { ExperimentStore } from './experiment-store.js';
import { ExperimentsController } from './experiments.controller.js';
import { ExperimentsService } from './experiments.service.js';
import { RerandomiseController } from './rerandomise.controller.js';
import { RerandomiseService } from './rerandomise.service.js';
import { ScheduleController } from './schedule.controller.js';
import { ScheduleService } from './schedule.service.js';

@Module({
  controllers: [ExperimentsController, ScheduleController, RerandomiseController],
  providers: [ExperimentStore, ExperimentsService, ScheduleService, RerandomiseService],
})
export class ExperimentsModule {}
