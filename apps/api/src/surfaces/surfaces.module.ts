import { Module } from '@nestjs/common';
import { SurfacesController } from './surfaces.controller.js';
import { SurfacesService } from './surfaces.service.js';

@Module({ controllers: [SurfacesController], providers: [SurfacesService] })
export class SurfacesModule {}
