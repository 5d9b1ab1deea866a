import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { EtagInterceptor } from '../http/etag.js';
import { listExperimentsSchema } from './experiment-list.js';
import type { ListExperiments } from './experiment-list.js';
import {
  actionSchema,
  createExperimentSchema,
  explainSchema,
  pauseSchema,
  patchExperimentSchema,
  shipSchema,
  startSchema,
} from './experiment.schemas.js';
import type {
  ActionBody,
  CreateExperiment,
  ExplainBody,
  PatchExperiment,
  PauseBody,
  ShipBody,
  StartBody,
} from './experiment.schemas.js';
import { ExperimentsService } from './experiments.service.js';

@ApiTags('experiments')
@Controller('v1/experiments')
@UseInterceptors(EtagInterceptor)
export class ExperimentsController {
  constructor(@Inject(ExperimentsService) private readonly experiments: ExperimentsService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({
    summary:
      'Experiments, each with the summary of its last report; filtered, sorted, the newest first unless asked otherwise',
  })
  list(@Query({ schema: listExperimentsSchema }) query: ListExperiments) {
    return this.experiments.list(query);
  }

  @Post()
  @ApiOperation({ summary: 'Write a draft. It may be incomplete; starting it asks for the rest' })
  create(@Body({ schema: createExperimentSchema }) body: CreateExperiment, @Acting() acting: Acting) {
    return this.experiments.create(body, acting);
  }

  @Get(':key')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One experiment, with its version as ETag' })
  get(@Param('key') key: string) {
    return this.experiments.get(key);
  }

  @Patch(':key')
  @ApiOperation({
    summary: 'Change fields. If-Match is required; a changed allocation or targeting starts a new phase',
  })
  patch(
    @Param('key') key: string,
    @Body({ schema: patchExperimentSchema }) body: PatchExperiment,
    @Acting() acting: Acting,
  ) {
    return this.experiments.patch(key, body, acting);
  }

  @Post(':key/preview')
  @HttpCode(200)
  @AllowRole('secret')
  @ApiOperation({
    summary: 'What a PATCH would do to the units in the experiment: new phase, new units only, or blocked',
  })
  preview(
    @Param('key') key: string,
    @Body({ schema: patchExperimentSchema }) body: PatchExperiment,
    @Acting() acting: Acting,
  ) {
    return this.experiments.preview(key, body, acting);
  }

  @Get(':key/phases')
  @AllowRole('secret')
  @ApiOperation({ summary: 'The spans with unchanged targeting and allocation' })
  phases(@Param('key') key: string) {
    return this.experiments.phases(key);
  }

  @Post(':key/explain')
  @HttpCode(200)
  @AllowRole('secret')
  @ApiOperation({
    summary: 'Every step that leads a unit to its arm, or away from it; a draft is treated as if it ran',
  })
  explain(@Param('key') key: string, @Body({ schema: explainSchema }) body: ExplainBody) {
    return this.experiments.explain(key, body);
  }

  @Post(':key/start')
  @HttpCode(200)
  @ApiOperation({ summary: 'Start a draft; 422 names everything that is missing' })
  start(@Param('key') key: string, @Body({ schema: startSchema }) body: StartBody, @Acting() acting: Acting) {
    return this.experiments.act(key, 'start', body, acting);
  }

  @Post(':key/pause')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Pause: its units get the default of the surface, or one arm, and stay its units',
  })
  pause(@Param('key') key: string, @Body({ schema: pauseSchema }) body: PauseBody, @Acting() acting: Acting) {
    return this.experiments.act(key, 'pause', body, acting);
  }

  @Post(':key/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Resume in the same phase' })
  resume(
    @Param('key') key: string,
    @Body({ schema: actionSchema }) body: ActionBody,
    @Acting() acting: Acting,
  ) {
    return this.experiments.act(key, 'resume', body, acting);
  }

  @Post(':key/stop')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop for good; its part of the layer becomes free' })
  stop(
    @Param('key') key: string,
    @Body({ schema: actionSchema }) body: ActionBody,
    @Acting() acting: Acting,
  ) {
    return this.experiments.act(key, 'stop', body, acting);
  }

  @Post(':key/ship')
  @HttpCode(200)
  @ApiOperation({ summary: 'End the experiment and give one arm to every targeted unit' })
  ship(@Param('key') key: string, @Body({ schema: shipSchema }) body: ShipBody, @Acting() acting: Acting) {
    return this.experiments.act(key, 'ship', body, acting);
  }

  @Post(':key/archive')
  @HttpCode(200)
  @ApiOperation({ summary: 'Archive; a shipped arm is no longer served' })
  archive(
    @Param('key') key: string,
    @Body({ schema: actionSchema }) body: ActionBody,
    @Acting() acting: Acting,
  ) {
    return this.experiments.act(key, 'archive', body, acting);
  }
}
