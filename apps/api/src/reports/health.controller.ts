import { Body, Controller, Delete, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { textField } from '../http/fields.js';
import { HealthMutes } from './health-mutes.js';

const muteSchema = z.strictObject({
  reason: textField(500)
    .regex(/\S/, 'say why it may be passed over')
    .describe('Kept in the audit log and shown beside the check'),
});
type MuteBody = z.output<typeof muteSchema>;

@ApiTags('reports')
@Controller('v1/experiments/:key/health')
export class HealthController {
  constructor(@Inject(HealthMutes) private readonly mutes: HealthMutes) {}

  @Post('show-blocked')
  @HttpCode(204)
  @AllowRole('secret')
  @ApiOperation({ summary: 'Note in the audit log that blocked results were looked at' })
  seenWhileBlocked(@Param('key') key: string, @Acting() acting: Acting) {
    return this.mutes.seenWhileBlocked(key, acting);
  }

  @Post(':check/mute')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take the banner of a check away for seven days, with a reason; it changes no verdict',
  })
  mute(
    @Param('key') key: string,
    @Param('check') check: string,
    @Body({ schema: muteSchema }) body: MuteBody,
    @Acting() acting: Acting,
  ) {
    return this.mutes.mute(key, check, body.reason.trim(), acting);
  }

  @Delete(':check/mute')
  @HttpCode(204)
  @ApiOperation({ summary: 'Show the warning of a check again' })
  unmute(@Param('key') key: string, @Param('check') check: string, @Acting() acting: Acting) {
    return this.mutes.unmute(key, check, acting);
  }
}
