import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { idParam, killSwitchSchema, quarantineQuery } from './operations.schemas.js';
import type { KillSwitch, QuarantineQuery } from './operations.schemas.js';
import { OperationsService } from './operations.service.js';
import { QuarantineService } from './quarantine.service.js';

@ApiTags('operations')
@Controller('v1')
export class OperationsController {
  constructor(
    @Inject(OperationsService) private readonly operations: OperationsService,
    @Inject(QuarantineService) private readonly quarantine: QuarantineService,
  ) {}

  @Get('operations')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Queues, rates, spool, quarantine, policies, processes' })
  read() {
    return this.operations.read();
  }

  @Post('operations/kill-switch')
  @HttpCode(200)
  @ApiOperation({ summary: 'Serve the default everywhere, or go back to normal' })
  killSwitch(@Body({ schema: killSwitchSchema }) body: KillSwitch, @Acting() acting: Acting) {
    return this.operations.setKillSwitch(body, acting);
  }

  @Get('quarantine')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Records that could not be stored, newest first' })
  list(@Query({ schema: quarantineQuery }) query: QuarantineQuery) {
    return this.quarantine.list(query);
  }

  @Post('quarantine/:id/replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Try to store a quarantined record again' })
  replay(@Param('id', { schema: idParam }) id: string, @Acting() acting: Acting) {
    return this.quarantine.replay(id, acting);
  }

  @Post('quarantine/:id/discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a quarantined record go' })
  discard(@Param('id', { schema: idParam }) id: string, @Acting() acting: Acting) {
    return this.quarantine.discard(id, acting);
  }
}
