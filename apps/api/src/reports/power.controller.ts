import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { PowerPlans } from './power-plans.js';
import { powerSchema } from './power.schemas.js';
import type { PowerBody } from './power.schemas.js';

@ApiTags('reports')
@Controller('v1/power')
@AllowRole('secret')
export class PowerController {
  constructor(@Inject(PowerPlans) private readonly plans: PowerPlans) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Size, duration and smallest detectable lift of an experiment before it starts' })
  plan(@Body({ schema: powerSchema }) body: PowerBody) {
    return this.plans.plan(body, new Date());
  }
}
