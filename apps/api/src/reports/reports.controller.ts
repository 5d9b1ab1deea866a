import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { LiftReports } from './lift-reports.js';
import { reportQuerySchema, seriesQuerySchema } from './report.schemas.js';
import type { ReportQueryBody, SeriesQueryBody } from './report.schemas.js';
import { ReportStore } from './report-store.js';

@ApiTags('reports')
@Controller('v1/experiments/:key')
@AllowRole('secret')
export class ReportsController {
  constructor(
    @Inject(LiftReports) private readonly reports: LiftReports,
    @Inject(ReportStore) private readonly store: ReportStore,
  ) {}

  @Get('report')
  @ApiOperation({ summary: 'Health, verdict and the lift of every metric and arm' })
  report(@Param('key') key: string, @Query({ schema: reportQuerySchema }) query: ReportQueryBody) {
    return this.reports.report(key, query, new Date());
  }

  @Get('report/series')
  @ApiOperation({ summary: 'The cumulative effect of one metric as it was known on each day' })
  series(@Param('key') key: string, @Query({ schema: seriesQuerySchema }) query: SeriesQueryBody) {
    return this.reports.series(key, query.metric ?? null, query);
  }

  @Get('segments')
  @ApiOperation({ summary: 'Attributes and values by which the report can be filtered' })
  async segments(@Param('key') key: string) {
    await this.store.experiment(key);
    return { items: await this.store.segments(key) };
  }
}
