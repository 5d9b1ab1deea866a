import { Module } from '@nestjs/common';
import { ItemCoverageController } from './item-coverage.controller.js';
import { ItemCoverages } from './item-coverage.js';
import { ItemsController } from './items.controller.js';
import { ItemsService } from './items.service.js';

@Module({ controllers: [ItemsController, ItemCoverageController], providers: [ItemsService, ItemCoverages] })
export class ItemsModule {}
