import { Module } from '@nestjs/common';
import { IdentitiesModule } from '../identities/identities.module.js';
import { BeaconController } from './beacon.controller.js';
import { EventIntake } from './event-intake.js';
import { EventsController } from './events.controller.js';
import { SegmentController } from './segment.controller.js';

/** Takes events in over HTTP. */
@Module({
  imports: [IdentitiesModule],
  controllers: [EventsController, BeaconController, SegmentController],
  providers: [EventIntake],
  exports: [EventIntake],
})
export class EventsModule {}
