import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { analysisSchema } from './analysis.schemas.js';
import type { AnalysisBody } from './analysis.schemas.js';
import { analyse } from './analyse.js';

@ApiTags('reports')
@Controller('v1/analyses')
@AllowRole('secret')
export class AnalysesController {
  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'The report engine over numbers of an experiment that ran elsewhere' })
  analyse(@Body({ schema: analysisSchema }) body: AnalysisBody) {
    return analyse(body);
  }
}
