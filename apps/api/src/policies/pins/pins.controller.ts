import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Acting } from '../../http/acting.js';
import { AllowRole } from '../../http/api-key.guard.js';
import { idField, textField } from '../../http/fields.js';
import { Database } from '../../persistence/database.js';
import { listPins, putPin, removePin } from './pins.js';

const pinSchema = z.strictObject({
  id: idField.describe('Id of the title.'),
  position: z.int().min(1).max(100).optional().describe('Place it stands at, from 1.'),
  by: z.number().min(-10).max(10).optional().describe('Boost in spreads of the scores; negative sinks it.'),
  until: z.iso.datetime({ offset: true }).describe('When it ends by itself.'),
  reason: textField(500).min(1).optional(),
});
type PinBody = z.output<typeof pinSchema>;

/** What people put where, until when; each change is one row of the audit log. */
@ApiTags('policies')
@Controller('v1/policies/:id/pins')
export class PinsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Titles that people pinned or boosted, and until when' })
  list(@Param('id') id: string) {
    return listPins(this.db, id, new Date());
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Pin a title to a place, or boost it, until a date' })
  put(@Param('id') id: string, @Body({ schema: pinSchema }) body: PinBody, @Acting() acting: Acting) {
    return putPin(this.db, id, body, acting, new Date());
  }

  @Delete(':title')
  @ApiOperation({ summary: 'End a pin or boost now' })
  remove(@Param('id') id: string, @Param('title') title: string, @Acting() acting: Acting) {
    return removePin(this.db, id, title, acting, new Date());
  }
}
