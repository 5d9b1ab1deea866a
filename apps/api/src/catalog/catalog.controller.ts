import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { catalog } from './catalog.js';

@ApiTags('catalog')
@Controller('v1/catalog')
export class CatalogController {
  @Get()
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Everything registered: policies, explorations, estimators, metrics, operators, outcomes',
  })
  get() {
    return catalog;
  }
}
