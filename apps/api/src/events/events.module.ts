import { Module } from '@nestjs/common';
import { EventIntake } from './event-intake.js';
import { EventsController } from './events.controller.js';

/** Takes events in over HTTP. */
@Module({ controllers: [EventsController], providers: [EventIntake] })
export class EventsModule {}
