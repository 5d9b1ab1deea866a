import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { IdentitiesService } from './identities.service.js';
import { linkSchema, unitIdField } from './link.schema.js';

@ApiTags('units')
@Controller('v1/identities')
export class IdentitiesController {
  constructor(@Inject(IdentitiesService) private readonly identities: IdentitiesService) {}

  @Post()
  @HttpCode(200)
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Tell that an anonymous unit has signed in: the id that was seen first stands for both',
  })
  link(@Body({ schema: linkSchema }) body: z.output<typeof linkSchema>, @Acting() acting: Acting) {
    return this.identities.link(body, acting);
  }

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'How many aliases there are, and identity switches of the last seven days' })
  summary() {
    return this.identities.summary();
  }

  @Get(':id')
  @ApiOperation({ summary: 'The ids of one unit, and its identity switches' })
  get(@Param('id', { schema: unitIdField }) id: string) {
    return this.identities.get(id);
  }
}
