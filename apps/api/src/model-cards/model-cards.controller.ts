import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { ModelCards } from './model-cards.js';

@ApiTags('policies')
@Controller('v1/policies/:id/model-card')
export class ModelCardsController {
  constructor(@Inject(ModelCards) private readonly cards: ModelCards) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({
    summary: 'The model card: what it is, what it learned from, how it was judged, and its limits',
  })
  card(@Param('id') id: string) {
    return this.cards.card(id);
  }
}
