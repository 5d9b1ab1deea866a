import { Module } from '@nestjs/common';
import { ReportsCoreModule } from '../reports/reports.module.js';
import { HoldoutLifts } from './holdout-lifts.js';
import { PortfolioStore } from './portfolio-store.js';
import { PortfolioController } from './portfolio.controller.js';
import { Portfolios } from './portfolios.js';

@Module({
  imports: [ReportsCoreModule],
  controllers: [PortfolioController],
  providers: [PortfolioStore, Portfolios, HoldoutLifts],
})
export class PortfolioModule {}
