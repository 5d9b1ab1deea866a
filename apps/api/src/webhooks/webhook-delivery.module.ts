import { Module } from '@nestjs/common';
import { SEALER } from '../persistence/sealer.js';
import { WebhookDeliveries } from './deliveries.js';
import { WebhookProcessor } from './webhook.processor.js';

/** Worker role `webhooks`. */
@Module({ providers: [SEALER, WebhookDeliveries, WebhookProcessor] })
export class WebhookDeliveryModule {}
