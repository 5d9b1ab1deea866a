import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { AllowWriteKey } from '../http/write-key.js';
import { EventIntake } from './event-intake.js';
import type { EventsAnswer } from './events.schema.js';

/** Events that leave with a closing page: `navigator.sendBeacon` can set no header, so the key stands in the body. */
@ApiTags('events')
@Controller('v1/beacon')
export class BeaconController {
  constructor(@Inject(EventIntake) private readonly intake: EventIntake) {}

  @Post()
  @HttpCode(202)
  @AllowRole('publishable')
  @AllowWriteKey()
  @ApiOperation({
    summary: 'As POST /v1/events, for navigator.sendBeacon: {"key", "events"} as text',
    description:
      '202 for any batch: nobody reads the answer. Events that are not valid are listed in `rejected`.',
  })
  post(@Body() body: unknown): Promise<EventsAnswer> {
    return this.intake.take(body);
  }
}
