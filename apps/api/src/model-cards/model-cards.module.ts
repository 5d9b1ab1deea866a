import { Module } from '@nestjs/common';
import { ModelCardsController } from './model-cards.controller.js';
import { ModelCards } from './model-cards.js';

@Module({ controllers: [ModelCardsController], providers: [ModelCards] })
export class ModelCardsModule {}
