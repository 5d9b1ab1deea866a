import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { reachSchema } from './reach.schemas.js';
import type { ReachBody } from './reach.schemas.js';
import { ReachService } from './reach.service.js';

@ApiTags('experiments')
@Controller('v1/reach')
@AllowRole('secret')
export class ReachController {
  constructor(@Inject(ReachService) private readonly reach: ReachService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'How many units a day a design would reach, by the recorded requests of its surface',
  })
  estimate(@Body({ schema: reachSchema }) body: ReachBody) {
    return this.reach.estimate(body, Date.now());
  }
}
