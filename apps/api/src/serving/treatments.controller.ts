import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { toOpenApi } from './openapi-schema.js';
import type { Treatment } from './serve-treatments.js';
import { TreatmentService } from './treatment-service.js';
import { treatmentsAnswer, treatmentsBody } from './treatments.schema.js';
import { parseTreatments } from './treatments.validator.js';

@ApiTags('treatments')
@Controller('v1/treatments')
export class TreatmentsController {
  constructor(@Inject(TreatmentService) private readonly treatments: TreatmentService) {}

  @Post()
  @HttpCode(200)
  @AllowRole('publishable')
  @ApiOperation({ summary: 'What a unit gets on each surface: a value, an action or a slate, and why' })
  @ApiBody({ schema: toOpenApi(treatmentsBody) })
  @ApiOkResponse({ schema: toOpenApi(treatmentsAnswer) })
  async serve(@Body() body: unknown): Promise<{ treatments: readonly Treatment[] }> {
    return { treatments: await this.treatments.serve(parseTreatments(body)) };
  }
}
