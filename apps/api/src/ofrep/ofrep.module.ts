import { Module } from '@nestjs/common';
import { ServingModule } from '../serving/serving.module.js';
import { OfrepController } from './ofrep.controller.js';

@Module({ imports: [ServingModule], controllers: [OfrepController] })
export class OfrepModule {}
