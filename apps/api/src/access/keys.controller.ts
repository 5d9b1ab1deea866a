import { Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Acting } from '../http/acting.js';
import { textField } from '../http/fields.js';
import { KeysService } from './keys.service.js';

const createKeySchema = z.strictObject({
  name: textField(100).min(1),
  role: z.enum(['publishable', 'secret', 'admin']),
});
type CreateKey = z.output<typeof createKeySchema>;

@ApiTags('access')
@Controller('v1/keys')
export class KeysController {
  constructor(@Inject(KeysService) private readonly keys: KeysService) {}

  @Get()
  @ApiOperation({ summary: 'Keys, without their secrets' })
  async list() {
    return { items: await this.keys.list(), nextCursor: null };
  }

  @Post()
  @ApiOperation({ summary: 'Make a key; the answer is the only time its secret is shown' })
  create(@Body({ schema: createKeySchema }) body: CreateKey, @Acting() acting: Acting) {
    return this.keys.create(body.name, body.role, acting);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Revoke a key in every process, at once' })
  revoke(@Param('id') id: string, @Acting() acting: Acting) {
    return this.keys.revoke(id, acting);
  }
}
