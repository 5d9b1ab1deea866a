import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { EventCountStore } from './event-counts.js';
import { eventRatesReport } from './event-rates.js';
import { eventRatesQuerySchema } from './event-rates.schemas.js';
import type { EventRatesQuery } from './event-rates.schemas.js';
import { ReportStore } from './report-store.js';

@ApiTags('reports')
@Controller('v1/experiments/:key')
@AllowRole('secret')
export class EventRatesController {
  constructor(
    @Inject(Database) readonly db: Database,
    @Inject(ReportStore) readonly store: ReportStore,
    @Inject(EventCountStore) readonly counts: EventCountStore,
  ) {}

  @Get('report/rates')
  @ApiOperation({
    summary: 'How often an outcome happens in each arm against control over time, valid at any look',
  })
  rates(@Param('key') key: string, @Query({ schema: eventRatesQuerySchema }) query: EventRatesQuery) {
    return eventRatesReport(this, key, query, new Date());
  }
}
