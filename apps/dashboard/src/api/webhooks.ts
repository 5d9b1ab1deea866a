import { segment } from './http.js';
import { useRead } from './queries.js';
import type { Json, Page } from './types.js';

export interface Webhook {
  id: string;
  url: string;
  description: string;
  events: string[];
  status: 'enabled' | 'disabled';
  disabledReason: string | null;
  failures: number;
  failingSince: string | null;
  secrets: { createdAt: string; expiresAt: string | null }[];
  createdAt: string;
  updatedAt: string;
}

export interface WebhookDelivery {
  id: string;
  messageId: string;
  type: string;
  at: string;
  status: 'pending' | 'delivered' | 'failed';
  nextAt: string | null;
  attempts: { at: string; status: number | null; error: string | null; ms: number }[];
  data: Json;
}

/** The answers to making one and to a new secret. */
export type WebhookWithSecret = Webhook & { secret: string };

export const useWebhooks = () => useRead<Page<Webhook> & { types: string[] }>('/v1/webhooks');
export const useWebhookDeliveries = (id: string) =>
  useRead<Page<WebhookDelivery>>(`/v1/webhooks/${segment(id)}/deliveries`, { every: 5_000 });
