import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import type { FeatureEntity } from '../persistence/feature-rules.js';
import { entityField, featureSchema, nameField, settingsSchema } from './feature.schemas.js';
import type { FeatureBody, SettingsBody } from './feature.schemas.js';
import { FeaturesService } from './features.service.js';

/** What policies may know. */
@ApiTags('features')
@Controller('v1/features')
export class FeaturesController {
  constructor(@Inject(FeaturesService) private readonly features: FeaturesService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'All registered features with who reads them, and what is in use unregistered' })
  list() {
    return this.features.list();
  }

  @Put('settings')
  @ApiOperation({ summary: 'Whether policies get what nobody registered; raises the version of the schema' })
  settings(@Body({ schema: settingsSchema }) body: SettingsBody, @Acting() acting: Acting) {
    return this.features.settings(body, acting);
  }

  @Get(':entity/:name')
  @AllowRole('secret')
  @ApiOperation({ summary: 'One feature with its history' })
  get(
    @Param('entity', { schema: entityField }) entity: FeatureEntity,
    @Param('name', { schema: nameField }) name: string,
  ) {
    return this.features.get({ entity, name });
  }

  @Put(':entity/:name')
  @ApiOperation({ summary: 'Register a feature or change it; a change raises the version of the schema' })
  put(
    @Param('entity', { schema: entityField }) entity: FeatureEntity,
    @Param('name', { schema: nameField }) name: string,
    @Body({ schema: featureSchema }) body: FeatureBody,
    @Acting() acting: Acting,
  ) {
    return this.features.put({ entity, name }, body, acting);
  }

  @Delete(':entity/:name')
  @HttpCode(200)
  @ApiOperation({ summary: 'Retire a feature: policies do not get it any more; its history stays' })
  retire(
    @Param('entity', { schema: entityField }) entity: FeatureEntity,
    @Param('name', { schema: nameField }) name: string,
    @Acting() acting: Acting,
  ) {
    return this.features.retire({ entity, name }, acting);
  }
}
