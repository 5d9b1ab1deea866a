import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { Problem } from '../http/problem.js';
import { changeMetricSchema, createMetricSchema, definitionOf, listMetricsSchema } from './metric.schemas.js';
import type { ChangeMetric, CreateMetric, ListMetrics } from './metric.schemas.js';
import { MetricsService } from './metrics.service.js';

@ApiTags('metrics')
@Controller('v1/metrics')
export class MetricsController {
  constructor(@Inject(MetricsService) private readonly metrics: MetricsService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'The metrics that experiments can use: those of the program and own ones' })
  async list(@Query({ schema: listMetricsSchema }) query: ListMetrics) {
    return { items: await this.metrics.list(query), nextCursor: null };
  }

  @Get(':key')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One metric with all its versions and the experiments that use it' })
  get(@Param('key') key: string) {
    return this.metrics.get(key);
  }

  @Post()
  @ApiOperation({ summary: 'Define a metric' })
  create(@Body({ schema: createMetricSchema }) body: CreateMetric, @Acting() acting: Acting) {
    return this.metrics.create(definitionOf(body), acting);
  }

  @Put(':key')
  @ApiOperation({ summary: 'A new version of an own metric. Experiments that have started keep theirs' })
  change(
    @Param('key') key: string,
    @Body({ schema: changeMetricSchema }) body: ChangeMetric,
    @Acting() acting: Acting,
  ) {
    if (body.key !== key)
      throw Problem.invalid('/key', 'key_mismatch', `the key in the URL is "${key.slice(0, 100)}"`);
    return this.metrics.change(definitionOf(body), body.version, acting);
  }

  @Post(':key/archive')
  @HttpCode(200)
  @ApiOperation({ summary: 'Offer an own metric no longer; experiments that use it go on' })
  archive(@Param('key') key: string, @Acting() acting: Acting) {
    return this.metrics.archive(key, true, acting);
  }

  @Post(':key/restore')
  @HttpCode(200)
  @ApiOperation({ summary: 'Offer an archived metric again' })
  restore(@Param('key') key: string, @Acting() acting: Acting) {
    return this.metrics.archive(key, false, acting);
  }
}
