import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import { listItemsSchema, upsertItemsSchema } from './item.schemas.js';
import type { ListItems, UpsertItems } from './item.schemas.js';
import { ItemsService } from './items.service.js';

@ApiTags('items')
@Controller('v1/items')
export class ItemsController {
  constructor(@Inject(ItemsService) private readonly items: ItemsService) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Registered items by id, optionally of one kind or subject' })
  list(@Query({ schema: listItemsSchema }) query: ListItems) {
    return this.items.list(query);
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Add or replace up to 1,000 items' })
  upsert(@Body({ schema: upsertItemsSchema }) body: UpsertItems, @Acting() acting: Acting) {
    return this.items.upsert(body, acting);
  }
}
