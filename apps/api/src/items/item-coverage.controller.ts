import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { idField } from '../http/fields.js';
import { ItemCoverages } from './item-coverage.js';
import { coverageDetailSchema, coverageSchema } from './item.schemas.js';
import type { CoverageDetailQuery, CoverageQuery } from './item.schemas.js';

@ApiTags('items')
@Controller('v1/item-coverage')
@AllowRole('secret')
export class ItemCoverageController {
  constructor(@Inject(ItemCoverages) private readonly coverages: ItemCoverages) {}

  @Get()
  @ApiOperation({
    summary: 'What is known, seen and used of the items of a kind: features, exposures, cold ones',
  })
  page(@Query({ schema: coverageSchema }) query: CoverageQuery) {
    return this.coverages.page(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One item with its features, its variants and the policies that showed it' })
  detail(
    @Param('id', { schema: idField }) id: string,
    @Query({ schema: coverageDetailSchema }) query: CoverageDetailQuery,
  ) {
    return this.coverages.detail(id, query);
  }
}
