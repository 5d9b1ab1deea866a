import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import { catalog } from './catalog.js';

@ApiTags('catalog')
@Controller('v1/catalog')
export class CatalogController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Everything registered: policies, explorations, estimators, metrics, operators, outcomes',
  })
  async get() {
    return { ...catalog, metrics: (await loadMetricCatalogue(this.db)).offered() };
  }
}
