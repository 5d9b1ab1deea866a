import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../../http/acting.js';
import { AllowRole } from '../../http/api-key.guard.js';
import { listTradeOffsSchema, tradeOffCandidateSchema, tradeOffSchema } from './trade-off.schemas.js';
import type { ListTradeOffs, TradeOffBody, TradeOffCandidate } from './trade-off.schemas.js';
import { TradeOffsService } from './trade-offs.service.js';

@ApiTags('policies')
@Controller('v1/policies/:id/trade-offs')
export class TradeOffsController {
  constructor(@Inject(TradeOffsService) private readonly runs: TradeOffsService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Runs that asked what other weights would bring, the newest first, without their curves',
  })
  list(@Param('id') id: string, @Query({ schema: listTradeOffsSchema }) query: ListTradeOffs) {
    return this.runs.list(id, query);
  }

  @Get(':run')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One run with its curve' })
  get(@Param('id') id: string, @Param('run') run: string) {
    return this.runs.get(id, run);
  }

  @Post()
  @ApiOperation({
    summary: 'Ask in the background what play, completion, return and diversity would be under other weights',
  })
  start(
    @Param('id') id: string,
    @Body({ schema: tradeOffSchema }) body: TradeOffBody,
    @Acting() acting: Acting,
  ) {
    return this.runs.start(id, body, acting);
  }

  @Post(':run/candidate')
  @ApiOperation({ summary: 'Make a policy of one point of the curve; it serves nobody yet' })
  candidate(
    @Param('id') id: string,
    @Param('run') run: string,
    @Body({ schema: tradeOffCandidateSchema }) body: TradeOffCandidate,
    @Acting() acting: Acting,
  ) {
    return this.runs.candidate(id, run, body, acting);
  }
}
