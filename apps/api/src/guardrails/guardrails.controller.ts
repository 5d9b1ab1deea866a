import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { patchGuardrailsSchema, undoSchema } from './guardrail.schemas.js';
import type { PatchGuardrails, UndoBody } from './guardrail.schemas.js';
import { GuardrailsService } from './guardrails.service.js';

@ApiTags('experiments')
@Controller('v1/experiments/:key/guardrails')
@UseInterceptors(EtagInterceptor)
export class GuardrailsController {
  constructor(@Inject(GuardrailsService) private readonly guardrails: GuardrailsService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'What is watched in an experiment, the last look, and every breach' })
  get(@Param('key') key: string) {
    return this.guardrails.get(key);
  }

  @Patch()
  @ApiOperation({
    summary: 'Set what a breach leads to. If-Match is required once something is set; fields left out stay',
  })
  patch(
    @Param('key') key: string,
    @Body({ schema: patchGuardrailsSchema }) body: PatchGuardrails,
    @Acting() acting: Acting,
  ) {
    return this.guardrails.patch(key, body, acting);
  }

  @Post('undo')
  @HttpCode(200)
  @ApiOperation({
    summary:
      'Take back what a breach led to; the tests that fired stay quiet until the next phase or until watched again',
  })
  undo(@Param('key') key: string, @Body({ schema: undoSchema }) body: UndoBody, @Acting() acting: Acting) {
    return this.guardrails.undo(key, body, acting);
  }

  @Post('watch-again')
  @HttpCode(200)
  @ApiOperation({ summary: 'Watch again what an undo has silenced, from the next look on' })
  watchAgain(
    @Param('key') key: string,
    @Body({ schema: undoSchema }) body: UndoBody,
    @Acting() acting: Acting,
  ) {
    return this.guardrails.watchAgain(key, body, acting);
  }
}
