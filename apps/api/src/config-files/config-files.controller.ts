import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Acting } from '../http/acting.js';
import { AllowRole, Public } from '../http/api-key.guard.js';
import {
  applyConfigSchema,
  exportConfigSchema,
  importGrowthBookSchema,
  planConfigSchema,
  releaseSchema,
} from './config-files.schemas.js';
import type {
  ApplyConfig,
  ExportConfig,
  ImportGrowthBook,
  PlanConfig,
  ReleaseBody,
} from './config-files.schemas.js';
import { ConfigFilesService } from './config-files.service.js';
import { configJsonSchema } from './json-schema.js';

/** Of a run over a thousand things on a busy machine; the server's own limit for silent sockets is shorter. */
const LONGEST_RUN_MS = 600_000;

/** A connection that is given up would hide what a run has done. */
function waitFor({ raw }: FastifyRequest): void {
  // Requests that are injected have no socket of this kind.
  (raw.socket as Partial<typeof raw.socket>).setTimeout?.(LONGEST_RUN_MS);
}

@ApiTags('configuration')
@Controller('v1/config')
export class ConfigFilesController {
  constructor(@Inject(ConfigFilesService) private readonly files: ConfigFilesService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Everything that files can hold, as one file' })
  export(@Query({ schema: exportConfigSchema }) query: ExportConfig) {
    return this.files.export(query);
  }

  @Get('schema')
  @Public()
  @ApiOperation({ summary: 'JSON Schema of a file, for editors' })
  schema() {
    return configJsonSchema();
  }

  @Get('managed')
  @AllowRole('secret')
  @ApiOperation({ summary: 'What is managed from files, and from which' })
  async managed() {
    return { items: await this.files.managed(), nextCursor: null };
  }

  @Post('plan')
  @HttpCode(200)
  @AllowRole('secret')
  @ApiOperation({ summary: 'What files would change, and what that does to traffic; nothing is written' })
  plan(
    @Body({ schema: planConfigSchema }) body: PlanConfig,
    @Acting() acting: Acting,
    @Req() request: FastifyRequest,
  ) {
    waitFor(request);
    return this.files.plan(body, acting);
  }

  @Post('apply')
  @HttpCode(200)
  @ApiOperation({ summary: 'Apply files as they were planned: all of it or nothing' })
  apply(
    @Body({ schema: applyConfigSchema }) body: ApplyConfig,
    @Acting() acting: Acting,
    @Req() request: FastifyRequest,
  ) {
    waitFor(request);
    return this.files.apply(body, acting);
  }

  @Post('release')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let something that is managed from files be changed by hand again' })
  release(@Body({ schema: releaseSchema }) body: ReleaseBody, @Acting() acting: Acting) {
    return this.files.release(body, acting);
  }

  @Post('import/growthbook')
  @HttpCode(200)
  @AllowRole('secret')
  @ApiOperation({
    summary: 'What of an export of GrowthBook can be taken over, as a file; nothing is written',
  })
  importGrowthBook(@Body({ schema: importGrowthBookSchema }) body: ImportGrowthBook) {
    return this.files.importGrowthBook(body);
  }
}
