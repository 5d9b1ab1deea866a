import { Module } from '@nestjs/common';
import { WebhookDeliveries } from './deliveries.js';
import { WebhookProcessor } from './webhook.processor.js';

/** Worker role `webhooks`. */
@Module({ providers: [WebhookDeliveries, WebhookProcessor] })
export class WebhookDeliveryModule {}
