import { Module } from '@nestjs/common';
import { SEALER } from '../persistence/sealer.js';
import { WebhookDeliveries } from './deliveries.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

@Module({ controllers: [WebhooksController], providers: [SEALER, WebhooksService, WebhookDeliveries] })
export class WebhooksModule {}
