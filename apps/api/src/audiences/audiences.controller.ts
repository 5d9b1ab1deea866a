import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import {
  createListSchema,
  createSegmentSchema,
  createUnitTypeSchema,
  entriesSchema,
  matchSchema,
  patchSegmentSchema,
} from './audience.schemas.js';
import type {
  CreateList,
  CreateSegment,
  CreateUnitType,
  EntriesBody,
  MatchBody,
  PatchSegment,
} from './audience.schemas.js';
import { SegmentsService } from './segments.service.js';
import { UnitListsService } from './unit-lists.service.js';
import { UnitTypesService } from './unit-types.service.js';

@ApiTags('audiences')
@Controller('v1/segments')
@UseInterceptors(EtagInterceptor)
export class SegmentsController {
  constructor(@Inject(SegmentsService) private readonly segments: SegmentsService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Saved segments, each with the experiments that use it' })
  async list() {
    return { items: await this.segments.list(), nextCursor: null };
  }

  @Post()
  @ApiOperation({ summary: 'Save a condition under a name' })
  create(@Body({ schema: createSegmentSchema }) body: CreateSegment, @Acting() acting: Acting) {
    return this.segments.create(body, acting);
  }

  @Get(':key')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One segment in its latest version, which is its ETag' })
  get(@Param('key') key: string) {
    return this.segments.get(key);
  }

  @Patch(':key')
  @ApiOperation({ summary: 'Change a segment. If-Match is required; another condition is another version' })
  patch(
    @Param('key') key: string,
    @Body({ schema: patchSegmentSchema }) body: PatchSegment,
    @Acting() acting: Acting,
  ) {
    return this.segments.patch(key, body, acting);
  }

  @Delete(':key')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a segment that nothing uses' })
  remove(@Param('key') key: string, @Acting() acting: Acting) {
    return this.segments.remove(key, acting);
  }

  @Get(':key/versions')
  @AllowRole('secret')
  @ApiOperation({ summary: 'All versions of a segment, the newest first' })
  async versions(@Param('key') key: string) {
    return { items: await this.segments.versions(key), nextCursor: null };
  }

  @Post(':key/match')
  @HttpCode(200)
  @AllowRole('secret')
  @ApiOperation({ summary: 'Whether a unit with a context is in the segment, clause by clause' })
  match(@Param('key') key: string, @Body({ schema: matchSchema }) body: MatchBody) {
    return this.segments.match(key, body);
  }
}

@ApiTags('audiences')
@Controller('v1/unit-lists')
export class UnitListsController {
  constructor(@Inject(UnitListsService) private readonly lists: UnitListsService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Lists of units with their sizes and users; only an export of configuration gives entries back',
  })
  async list() {
    return { items: await this.lists.list(), nextCursor: null };
  }

  @Post()
  @ApiOperation({ summary: 'Add an empty list; by default it keeps hashes of the ids' })
  create(@Body({ schema: createListSchema }) body: CreateList, @Acting() acting: Acting) {
    return this.lists.create(body, acting);
  }

  @Get(':key')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One list' })
  get(@Param('key') key: string) {
    return this.lists.get(key);
  }

  @Delete(':key')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a list that nothing uses' })
  remove(@Param('key') key: string, @Acting() acting: Acting) {
    return this.lists.remove(key, acting);
  }

  @Post(':key/add')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put ids on a list, as JSON or CSV; at most 50,000 at a time' })
  add(
    @Param('key') key: string,
    @Body({ schema: entriesSchema }) body: EntriesBody,
    @Acting() acting: Acting,
  ) {
    return this.lists.add(key, body, acting);
  }

  @Post(':key/take')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take ids off a list' })
  take(
    @Param('key') key: string,
    @Body({ schema: entriesSchema }) body: EntriesBody,
    @Acting() acting: Acting,
  ) {
    return this.lists.take(key, body, acting);
  }
}

@ApiTags('audiences')
@Controller('v1/unit-types')
export class UnitTypesController {
  constructor(@Inject(UnitTypesService) private readonly types: UnitTypesService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Kinds of units, and the field of a context that carries the id of each' })
  async list() {
    return { items: await this.types.list(), nextCursor: null };
  }

  @Post()
  @ApiOperation({ summary: 'Register a kind of unit' })
  create(@Body({ schema: createUnitTypeSchema }) body: CreateUnitType, @Acting() acting: Acting) {
    return this.types.create(body, acting);
  }
}
