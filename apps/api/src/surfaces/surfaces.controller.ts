import { Body, Controller, Get, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { jsonField, keyField, textField } from '../http/fields.js';
import { Problem } from '../http/problem.js';
import { SurfacesService } from './surfaces.service.js';

export const surfaceSchema = z.strictObject({
  key: keyField,
  title: textField(200).min(1),
  kind: z.enum(['value', 'action', 'slate']),
  defaultValue: jsonField.default(null),
  candidateKind: textField(100).min(1).nullable().default(null),
});
export type SurfaceBody = z.output<typeof surfaceSchema>;

@ApiTags('surfaces')
@Controller('v1/surfaces')
export class SurfacesController {
  constructor(@Inject(SurfacesService) private readonly surfaces: SurfacesService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'All surfaces' })
  async list() {
    return { items: await this.surfaces.list(), nextCursor: null };
  }

  @Get(':key')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One surface' })
  get(@Param('key') key: string) {
    return this.surfaces.get(key);
  }

  @Post()
  @ApiOperation({ summary: 'Add a place in the product where treatments show' })
  create(@Body({ schema: surfaceSchema }) body: SurfaceBody, @Acting() acting: Acting) {
    return this.surfaces.create(body, acting);
  }

  @Put(':key')
  @ApiOperation({ summary: 'Add or replace a surface. Its kind stays while experiments are live on it' })
  put(
    @Param('key') key: string,
    @Body({ schema: surfaceSchema }) body: SurfaceBody,
    @Acting() acting: Acting,
  ) {
    if (body.key !== key)
      throw Problem.invalid('/key', 'key_mismatch', `the key in the URL is "${key.slice(0, 100)}"`);
    return this.surfaces.put(body, acting);
  }
}
