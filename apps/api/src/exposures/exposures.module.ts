import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { ServingModule } from '../serving/serving.module.js';
import { ExposuresController } from './exposures.controller.js';
import { Exposures } from './exposures.js';

@Module({
  imports: [EventsModule, ServingModule],
  controllers: [ExposuresController],
  providers: [Exposures],
})
export class ExposuresModule {}
