import { Body, Controller, Get, Inject, Param, Patch, Post, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { createHoldoutSchema, createLayerSchema, patchHoldoutSchema } from './layer.schemas.js';
import type { CreateHoldout, CreateLayer, PatchHoldout } from './layer.schemas.js';
import { LayersService } from './layers.service.js';

@ApiTags('layers')
@Controller('v1')
@UseInterceptors(EtagInterceptor)
export class LayersController {
  constructor(@Inject(LayersService) private readonly service: LayersService) {}

  @Get('layers')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Layers, each with the parts that experiments own' })
  async layers() {
    return { items: await this.service.layers(), nextCursor: null };
  }

  @Post('layers')
  @ApiOperation({ summary: 'Add a layer; experiments in one layer never overlap' })
  createLayer(@Body({ schema: createLayerSchema }) body: CreateLayer, @Acting() acting: Acting) {
    return this.service.createLayer(body, acting);
  }

  @Get('holdouts')
  @AllowRole('secret')
  @ApiOperation({ summary: 'Holdouts' })
  async holdouts() {
    return { items: await this.service.holdouts(), nextCursor: null };
  }

  @Post('holdouts')
  @ApiOperation({ summary: 'Add a holdout: its units get the default, also of what has been shipped' })
  createHoldout(@Body({ schema: createHoldoutSchema }) body: CreateHoldout, @Acting() acting: Acting) {
    return this.service.createHoldout(body, acting);
  }

  @Patch('holdouts/:key')
  @ApiOperation({ summary: 'Change a holdout' })
  patchHoldout(
    @Param('key') key: string,
    @Body({ schema: patchHoldoutSchema }) body: PatchHoldout,
    @Acting() acting: Acting,
  ) {
    return this.service.patchHoldout(key, body, acting);
  }
}
