import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../../http/acting.js';
import { AllowRole } from '../../http/api-key.guard.js';
import { warmStartSchema } from './warm-start.schemas.js';
import type { WarmStartBody } from './warm-start.schemas.js';
import { WarmStartsService } from './warm-starts.service.js';

@ApiTags('policies')
@Controller('v1/policies/:id/warm-starts')
export class WarmStartsController {
  constructor(@Inject(WarmStartsService) private readonly warmStarts: WarmStartsService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Learn from the log of another policy or of experiment arms before the first traffic',
  })
  start(
    @Param('id') id: string,
    @Body({ schema: warmStartSchema }) body: WarmStartBody,
    @Acting() acting: Acting,
  ) {
    return this.warmStarts.start(id, body, acting);
  }

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Warm starts of the policy, the newest first' })
  list(@Param('id') id: string) {
    return this.warmStarts.list(id);
  }

  @Get(':warmStart')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One warm start: what it reads, how far it is, what it learned' })
  get(@Param('id') id: string, @Param('warmStart') warmStart: string) {
    return this.warmStarts.get(id, warmStart);
  }
}
