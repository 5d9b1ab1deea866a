import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { adjustmentsReport } from './adjustments.js';
import { AnswerCache } from '../http/answer-cache.js';
import { bayesianReport } from './bayesian-report.js';
import { cappingReport } from './capping.js';
import { adjustmentsQuerySchema, bayesianQuerySchema, cappingQuerySchema } from './metric-reports.schemas.js';
import type { AdjustmentsQueryBody, BayesianQueryBody, CappingQueryBody } from './metric-reports.schemas.js';
import { ReportStore } from './report-store.js';

/** How old an answer may be; it says itself as of when it is. */
const KEEP_MS = 60_000;

/** One metric of a report by other methods, side by side. */
@ApiTags('reports')
@Controller('v1/experiments/:key/report')
@AllowRole('secret')
export class MetricReportsController {
  private readonly cache = new AnswerCache(KEEP_MS);

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReportStore) private readonly store: ReportStore,
  ) {}

  @Get('adjustments')
  @ApiOperation({
    summary: 'One metric in every way of adjusting it for what was known before, side by side',
  })
  async adjustments(
    @Param('key') key: string,
    @Query({ schema: adjustmentsQuerySchema }) query: AdjustmentsQueryBody,
  ) {
    const experiment = await this.store.experiment(key);
    return this.kept(['adjustments', key, query], () =>
      adjustmentsReport(this.db, experiment, query, new Date()),
    );
  }

  @Get('capping')
  @ApiOperation({ summary: 'A capped metric with and without its cap' })
  async capping(@Param('key') key: string, @Query({ schema: cappingQuerySchema }) query: CappingQueryBody) {
    const experiment = await this.store.experiment(key);
    return this.kept(['capping', key, query], () => cappingReport(this.db, experiment, query, new Date()));
  }

  @Get('bayesian')
  @ApiOperation({
    summary: 'Shares and counts under conjugate models: chance to win, expected loss, best arm',
  })
  async bayesian(
    @Param('key') key: string,
    @Query({ schema: bayesianQuerySchema }) query: BayesianQueryBody,
  ) {
    const experiment = await this.store.experiment(key);
    return this.kept(['bayesian', key, query], () =>
      bayesianReport(this.store, experiment, query, new Date()),
    );
  }

  private kept<T>(key: unknown, compute: () => Promise<T>): Promise<T> {
    return this.cache.get(JSON.stringify(key), compute);
  }
}
