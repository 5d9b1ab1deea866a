import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Acting } from '../http/acting.js';
import {
  createWebhookSchema,
  listDeliveriesSchema,
  patchWebhookSchema,
  rotateSchema,
} from './webhook.schemas.js';
import type { CreateWebhook, ListDeliveries, PatchWebhook, Rotate } from './webhook.schemas.js';
import { WebhooksService } from './webhooks.service.js';

/** For admins only: an address may contain a token of the receiver. */
@ApiTags('webhooks')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(@Inject(WebhooksService) private readonly webhooks: WebhooksService) {}

  @Get()
  @ApiOperation({ summary: 'Webhooks, and the types of events that there are' })
  async list() {
    return { items: await this.webhooks.list(), nextCursor: null, types: this.webhooks.types() };
  }

  @Post()
  @ApiOperation({ summary: 'Add a webhook; the answer is the only time its secret is shown' })
  create(@Body({ schema: createWebhookSchema }) body: CreateWebhook, @Acting() acting: Acting) {
    return this.webhooks.create(body, acting);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change, enable or disable a webhook' })
  patch(
    @Param('id') id: string,
    @Body({ schema: patchWebhookSchema }) body: PatchWebhook,
    @Acting() acting: Acting,
  ) {
    return this.webhooks.patch(id, body, acting);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Remove a webhook with its log' })
  remove(@Param('id') id: string, @Acting() acting: Acting) {
    return this.webhooks.remove(id, acting);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Make a new secret; both sign for a while' })
  rotate(@Param('id') id: string, @Body({ schema: rotateSchema }) body: Rotate, @Acting() acting: Acting) {
    return this.webhooks.rotate(id, body, acting);
  }

  @Post(':id/test')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send a test event now, and say what came of it' })
  test(@Param('id') id: string, @Acting() acting: Acting) {
    return this.webhooks.test(id, acting);
  }

  @Get(':id/deliveries')
  @ApiOperation({ summary: 'The latest deliveries of a webhook with their attempts' })
  async deliveries(
    @Param('id') id: string,
    @Query({ schema: listDeliveriesSchema }) { limit }: ListDeliveries,
  ) {
    return { items: await this.webhooks.log(id, limit), nextCursor: null };
  }

  @Post(':id/deliveries/:delivery/retry')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a delivery again, with the same webhook-id' })
  retry(@Param('id') id: string, @Param('delivery') delivery: string, @Acting() acting: Acting) {
    return this.webhooks.retry(id, delivery, acting);
  }
}
