import { Module } from '@nestjs/common';
import { ConfigFilesController } from './config-files.controller.js';
import { ConfigFilesService } from './config-files.service.js';

/** Configuration as code. Composes the features whose things files can hold. */
@Module({ controllers: [ConfigFilesController], providers: [ConfigFilesService] })
export class ConfigFilesModule {}
