import { Body, Controller, Get, Inject, Param, Patch, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { patchScheduleSchema } from './schedule.schemas.js';
import type { PatchSchedule } from './schedule.schemas.js';
import { ScheduleService } from './schedule.service.js';

@ApiTags('experiments')
@Controller('v1/experiments/:key/schedule')
@UseInterceptors(EtagInterceptor)
export class ScheduleController {
  constructor(@Inject(ScheduleService) private readonly schedules: ScheduleService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Dates, ramp and goals of an experiment, and how far they have come' })
  get(@Param('key') key: string) {
    return this.schedules.get(key);
  }

  @Patch()
  @ApiOperation({
    summary:
      'Plan start, end, ramp and goals. If-Match is required once there is a plan; fields left out stay',
  })
  patch(
    @Param('key') key: string,
    @Body({ schema: patchScheduleSchema }) body: PatchSchedule,
    @Acting() acting: Acting,
  ) {
    return this.schedules.patch(key, body, acting);
  }
}
