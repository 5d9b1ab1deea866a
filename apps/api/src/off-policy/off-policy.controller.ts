import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { listRunsSchema, offPolicySchema } from './off-policy.schemas.js';
import type { ListRuns, OffPolicyBody } from './off-policy.schemas.js';
import { OffPolicyService } from './off-policy.service.js';

@ApiTags('policies')
@Controller('v1/policies/:id/off-policy')
export class OffPolicyController {
  constructor(@Inject(OffPolicyService) private readonly runs: OffPolicyService) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    summary: 'What a candidate would have earned on the log of the policy, and the gate’s answer',
  })
  run(
    @Param('id') id: string,
    @Body({ schema: offPolicySchema }) body: OffPolicyBody,
    @Acting() acting: Acting,
  ) {
    return this.runs.run(id, body, acting);
  }

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Evaluations on the log of the policy, the newest first' })
  list(@Param('id') id: string, @Query({ schema: listRunsSchema }) query: ListRuns) {
    return this.runs.list(id, query);
  }

  @Get(':run')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One evaluation with all its numbers' })
  get(@Param('id') id: string, @Param('run') run: string) {
    return this.runs.get(id, run);
  }
}
