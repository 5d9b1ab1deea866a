import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { AllowRole } from '../http/api-key.guard.js';
import { Forecasts } from './forecasts.js';
import { ReportStore } from './report-store.js';
import { retentionReport } from './retention-curve.js';
import { forecastQuerySchema, retentionQuerySchema, survivalQuerySchema } from './retention.schemas.js';
import type { ForecastQuery, RetentionQuery, SurvivalQuery } from './retention.schemas.js';
import { RetentionStore } from './retention-store.js';
import { experimentSurvival } from './survival.js';

@ApiTags('reports')
@Controller('v1/experiments/:key')
@AllowRole('secret')
export class RetentionController {
  constructor(
    @Inject(ReportStore) private readonly reports: ReportStore,
    @Inject(RetentionStore) private readonly store: RetentionStore,
    @Inject(Forecasts) private readonly forecasts: Forecasts,
    @Inject(CONFIG) private readonly config: Pick<Config, 'retentionDays'>,
  ) {}

  @Get('report/retention')
  @ApiOperation({
    summary: 'Retention of each arm by day, rolling or by week, and its lift, matured units only',
  })
  retention(@Param('key') key: string, @Query({ schema: retentionQuerySchema }) query: RetentionQuery) {
    return retentionReport({ reports: this.reports, retention: this.store }, key, query, new Date());
  }

  @Get('survival')
  @ApiOperation({
    summary: 'Time from first exposure to an outcome such as cancel: curves, restricted means, tests',
  })
  survival(@Param('key') key: string, @Query({ schema: survivalQuerySchema }) query: SurvivalQuery) {
    return experimentSurvival({ reports: this.reports, retention: this.store }, key, query, {
      now: new Date(),
      keepDays: this.config.retentionDays,
    });
  }

  @Get('forecast')
  @ApiOperation({
    summary:
      'Forecast of the effect on long-term retention from the first days, with its record; no decision',
  })
  forecast(@Param('key') key: string, @Query({ schema: forecastQuerySchema }) query: ForecastQuery) {
    return this.forecasts.forecast(key, query, new Date());
  }
}
