import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { metricRegistry } from '#metrics';
import { AllowRole } from '../http/api-key.guard.js';

@ApiTags('metrics')
@Controller('v1/metrics')
@AllowRole('secret')
export class MetricsController {
  @Get()
  @ApiOperation({ summary: 'The metrics that experiments can use' })
  list() {
    return { items: metricRegistry.list(), nextCursor: null };
  }
}
