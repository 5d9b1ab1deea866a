import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { AnswerCache } from '../http/answer-cache.js';
import { distributionOf } from './distribution.js';
import { metricOf } from './metric-of.js';
import { noveltyReport } from './novelty-report.js';
import { ReportStore } from './report-store.js';
import { segmentScan } from './segment-scan.js';
import { metricQuerySchema, noveltyQuerySchema, scanQuerySchema } from './unit-reports.schemas.js';
import type { MetricQueryBody, NoveltyQueryBody, ScanQueryBody } from './unit-reports.schemas.js';

/** How old an answer may be; it says itself as of when it is. */
const KEEP_MS = 60_000;

/** Reports that need every unit, not moments only: their answers are kept for a minute. */
@ApiTags('reports')
@Controller('v1/experiments/:key')
@AllowRole('secret')
export class UnitReportsController {
  private readonly cache = new AnswerCache(KEEP_MS);

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReportStore) private readonly store: ReportStore,
  ) {}

  @Get('segments/scan')
  @ApiOperation({
    summary: 'Every metric in every segment, corrected for the size of the table; exploratory',
  })
  async scan(@Param('key') key: string, @Query({ schema: scanQuerySchema }) query: ScanQueryBody) {
    return this.kept(['scan', key, query], () => segmentScan(this.db, this.store, key, query, new Date()));
  }

  @Get('distribution')
  @ApiOperation({ summary: 'Histogram and quantiles of one metric over the units of each arm' })
  async distribution(
    @Param('key') key: string,
    @Query({ schema: metricQuerySchema }) query: MetricQueryBody,
  ) {
    const experiment = await this.store.experiment(key);
    const metric = metricOf(experiment, query.metric);
    return this.kept(['distribution', key, metric.key], () =>
      distributionOf(this.db, experiment, metric, new Date()),
    );
  }

  @Get('novelty')
  @ApiOperation({ summary: 'The lift of one metric by days since first exposure, and its trend' })
  async novelty(@Param('key') key: string, @Query({ schema: noveltyQuerySchema }) query: NoveltyQueryBody) {
    const experiment = await this.store.experiment(key);
    const metric = metricOf(experiment, query.metric);
    return this.kept(['novelty', key, metric.key, query.days ?? null], () =>
      noveltyReport(this.db, experiment, metric, query.days ?? null, new Date()),
    );
  }

  private kept<T>(key: unknown, compute: () => Promise<T>): Promise<T> {
    return this.cache.get(JSON.stringify(key), compute);
  }
}
