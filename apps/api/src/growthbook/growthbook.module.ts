import { Module } from '@nestjs/common';
import { ServingModule } from '../serving/serving.module.js';
import { GrowthBookController } from './growthbook.controller.js';
import { RemoteEvaluation } from './remote-evaluation.js';

@Module({ imports: [ServingModule], controllers: [GrowthBookController], providers: [RemoteEvaluation] })
export class GrowthBookModule {}
