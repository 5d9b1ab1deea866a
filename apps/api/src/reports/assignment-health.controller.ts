import { Body, Controller, Get, Inject, Param, Patch, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { patchAssignmentRulesSchema } from './assignment-health.schemas.js';
import type { PatchAssignmentRules } from './assignment-health.schemas.js';
import { AssignmentHealth } from './assignment-health.js';
import { AssignmentRulesService } from './assignment-rules.service.js';

@ApiTags('reports')
@Controller('v1')
@UseInterceptors(EtagInterceptor)
export class AssignmentHealthController {
  constructor(
    @Inject(AssignmentHealth) private readonly health: AssignmentHealth,
    @Inject(AssignmentRulesService) private readonly rules: AssignmentRulesService,
  ) {}

  @Get('experiments/:key/assignment')
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Units whose assignment went wrong, by state, with the report without and with them',
  })
  get(@Param('key') key: string) {
    return this.health.of(key, new Date());
  }

  @Patch('experiments/:key/assignment-rules')
  @ApiOperation({
    summary: 'Set which units the report leaves out. If-Match is required once something is set',
  })
  patch(
    @Param('key') key: string,
    @Body({ schema: patchAssignmentRulesSchema }) body: PatchAssignmentRules,
    @Acting() acting: Acting,
  ) {
    return this.rules.patchExperiment(key, body, acting);
  }

  @Get('assignment-rules')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Which units reports leave out, unless an experiment has rules of its own' })
  getProject() {
    return this.rules.ofProject();
  }

  @Patch('assignment-rules')
  @ApiOperation({ summary: 'Set the rules of the project. If-Match is required once something is set' })
  patchProject(
    @Body({ schema: patchAssignmentRulesSchema }) body: PatchAssignmentRules,
    @Acting() acting: Acting,
  ) {
    return this.rules.patchProject(body, acting);
  }
}
