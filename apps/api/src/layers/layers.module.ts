import { Module } from '@nestjs/common';
import { LayersController } from './layers.controller.js';
import { LayersService } from './layers.service.js';

@Module({ controllers: [LayersController], providers: [LayersService] })
export class LayersModule {}
