import { Module } from '@nestjs/common';
import { ReportsCoreModule } from '../reports/reports.module.js';
import { RollUp } from './roll-up.js';
import { RollupProcessor } from './rollup.processor.js';

/** Keeps rollups and summaries up to date, from the queue. */
@Module({ imports: [ReportsCoreModule], providers: [RollUp, RollupProcessor] })
export class RollupModule {}
