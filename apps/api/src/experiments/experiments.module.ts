import { Module } from '@nestjs/common';
import { ExperimentStore } from './experiment-store.js';
import { ExperimentsController } from './experiments.controller.js';
import { ExperimentsService } from './experiments.service.js';
import { ReachController } from './reach.controller.js';
import { ReachSamples } from './reach-sample.js';
import { ReachService } from './reach.service.js';
import { RerandomiseController } from './rerandomise.controller.js';
import { RerandomiseService } from './rerandomise.service.js';
import { ScheduleController } from './schedule.controller.js';
import { ScheduleService } from './schedule.service.js';
import { ExperimentViewsController } from './views.controller.js';
import { ViewsService } from './views.service.js';

@Module({
  controllers: [
    ExperimentsController,
    ExperimentViewsController,
    ReachController,
    RerandomiseController,
    ScheduleController,
  ],
  providers: [
    ExperimentStore,
    ExperimentsService,
    ReachSamples,
    ReachService,
    RerandomiseService,
    ScheduleService,
    ViewsService,
  ],
  exports: [ReachService],
})
export class ExperimentsModule {}
