import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { HoldoutLifts } from './holdout-lifts.js';
import { holdoutQuerySchema, portfolioQuerySchema } from './portfolio.schemas.js';
import type { HoldoutQuery, PortfolioQuery } from './portfolio.schemas.js';
import { Portfolios } from './portfolios.js';

@ApiTags('reports')
@Controller('v1/portfolio')
@AllowRole('secret')
export class PortfolioController {
  constructor(
    @Inject(Portfolios) private readonly portfolios: Portfolios,
    @Inject(HoldoutLifts) private readonly holdouts: HoldoutLifts,
  ) {}

  @Get()
  @ApiOperation({ summary: "Finished experiments with lifts shrunken against the winner's curse" })
  portfolio(@Query({ schema: portfolioQuerySchema }) query: PortfolioQuery) {
    return this.portfolios.portfolio(query, new Date());
  }

  @Get('holdouts')
  @ApiOperation({ summary: 'All other units against those held out, by one metric, from the facts' })
  async measured(@Query({ schema: holdoutQuerySchema }) query: HoldoutQuery) {
    return { items: await this.holdouts.measure(query, new Date()), nextCursor: null };
  }
}
