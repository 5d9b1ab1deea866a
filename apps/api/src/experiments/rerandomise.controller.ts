import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { rerandomiseSchema } from './rerandomise.schemas.js';
import type { RerandomiseBody } from './rerandomise.schemas.js';
import { RerandomiseService } from './rerandomise.service.js';

@ApiTags('experiments')
@Controller('v1/experiments/:key/rerandomise')
@UseInterceptors(EtagInterceptor)
export class RerandomiseController {
  constructor(@Inject(RerandomiseService) private readonly service: RerandomiseService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'How many units would get another arm if they were dealt anew' })
  preview(@Param('key') key: string) {
    return this.service.preview(key);
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Deal the units anew: a new seed and a new phase. If-Match is required; the report starts anew',
  })
  rerandomise(
    @Param('key') key: string,
    @Body({ schema: rerandomiseSchema }) body: RerandomiseBody,
    @Acting() acting: Acting,
  ) {
    return this.service.rerandomise(key, body.reason, acting);
  }
}
