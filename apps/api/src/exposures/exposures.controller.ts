import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { EventIntake } from '../events/event-intake.js';
import { AllowRole } from '../http/api-key.guard.js';
import { toOpenApi } from '../serving/openapi-schema.js';
import { Exposures } from './exposures.js';
import { exposuresBody } from './exposures.schema.js';
import type { ExposuresBody } from './exposures.schema.js';

@ApiTags('events')
@Controller('v1/exposures')
export class ExposuresController {
  constructor(
    @Inject(Exposures) private readonly exposures: Exposures,
    @Inject(EventIntake) private readonly intake: EventIntake,
  ) {}

  @Post()
  @HttpCode(202)
  @AllowRole('publishable')
  @ApiOperation({
    summary: 'Say that decisions were seen, by their ids alone',
    description:
      'Unit, experiment and arm are those of the decision. Each counts once, however often it is told.',
  })
  @ApiBody({ schema: toOpenApi(exposuresBody) })
  async post(@Body({ schema: exposuresBody }) body: ExposuresBody) {
    return this.intake.take({ events: await this.exposures.eventsOf(body) });
  }
}
