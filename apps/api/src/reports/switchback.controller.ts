import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AnswerCache } from '../http/answer-cache.js';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { ReportStore } from './report-store.js';
import { switchbackReport } from './switchback-report.js';
import { metricQuerySchema } from './unit-reports.schemas.js';
import type { MetricQueryBody } from './unit-reports.schemas.js';

/** Two thousand reassignments of every slot: kept for a minute; the answer says itself as of when it is. */
const KEEP_MS = 60_000;

@ApiTags('reports')
@Controller('v1/experiments/:key')
@AllowRole('secret')
export class SwitchbackController {
  private readonly cache = new AnswerCache(KEEP_MS);

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReportStore) private readonly store: ReportStore,
  ) {}

  @Get('report/switchback')
  @ApiOperation({
    summary: 'One metric of a switchback by slots of market and time: randomisation test and carry-over',
  })
  report(@Param('key') key: string, @Query({ schema: metricQuerySchema }) query: MetricQueryBody) {
    return this.cache.get(JSON.stringify([key, query]), () =>
      switchbackReport(this.db, this.store, key, query, new Date()),
    );
  }
}
