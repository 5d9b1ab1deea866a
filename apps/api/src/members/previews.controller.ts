import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { previewSchema } from './member.schemas.js';
import type { PreviewBody } from './member.schemas.js';
import { Previews } from './previews.js';

/** It shows what is known of a member, so it is for admins only. */
@ApiTags('units')
@Controller('v1/previews')
export class PreviewsController {
  constructor(@Inject(Previews) private readonly previews: Previews) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'What a member would get at some moment, by one policy beside another; records no decision',
  })
  preview(@Body({ schema: previewSchema }) body: PreviewBody, @Acting() acting: Acting) {
    return this.previews.preview(body, acting);
  }
}
