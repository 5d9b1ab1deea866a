import { Module } from '@nestjs/common';
import { ExperimentStore } from './experiment-store.js';
import { ExperimentsController } from './experiments.controller.js';
import { ExperimentsService } from './experiments.service.js';

@Module({ controllers: [ExperimentsController], providers: [ExperimentStore, ExperimentsService] })
export class ExperimentsModule {}
