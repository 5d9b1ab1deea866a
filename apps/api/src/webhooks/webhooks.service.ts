import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ANNOUNCED_TYPES, TEST_TYPE } from '../access/announced.js';
import { writeAudit } from '../access/audit.js';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { announce } from '../persistence/announce.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { Sealer } from '../persistence/sealer.js';
import { AllowList, RefusedAddress, checkedTarget } from './address.js';
import { WebhookDeliveries } from './deliveries.js';
import type { Attempt } from './deliveries.js';
import { sealedFor } from './seal-secrets.js';
import { newSecret } from './signature.js';
import type { Secret } from './signature.js';
import type { CreateWebhook, PatchWebhook, Rotate } from './webhook.schemas.js';

const MOST_ENDPOINTS = 20;

export interface WebhookView {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: string | null;
  /** Failed attempts since the last success. */
  readonly failures: number;
  readonly failingSince: Date | null;
  /** Never the secrets: when they were made, and until when they sign. */
  readonly secrets: readonly Omit<Secret, 'secret'>[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface DeliveryView {
  readonly id: string;
  /** The `webhook-id` header. */
  readonly messageId: string;
  readonly type: string;
  readonly at: Date;
  readonly status: 'pending' | 'delivered' | 'failed';
  /** When it is tried next; null: not any more. */
  readonly nextAt: Date | null;
  readonly attempts: readonly Attempt[];
  readonly data: unknown;
}

type Row = Omit<WebhookView, 'secrets'> & { readonly secrets: readonly Secret[] } & Record<string, unknown>;

const ENDPOINT = `id, url, description, events, status, disabled_reason as "disabledReason", failures,
  failing_since as "failingSince", secrets, created_at as "createdAt", updated_at as "updatedAt"`;

const DELIVERIES = `
select d.id, m.id as "messageId", m.type, m.at, d.status, case d.status when 'pending' then d.next_at end as "nextAt",
  d.attempts, m.data
from webhook_delivery d join webhook_message m on m.id = d.message_id`;

/** Endpoints of webhooks: who is told what. */
@Injectable()
export class WebhooksService {
  private readonly allow: AllowList;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(WebhookDeliveries) private readonly deliveries: WebhookDeliveries,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(CONFIG) config: Pick<Config, 'webhookAllow'>,
  ) {
    this.allow = new AllowList(config.webhookAllow);
  }

  async list(): Promise<WebhookView[]> {
    return (await this.db.query<Row>(`select ${ENDPOINT} from webhook_endpoint order by created_at, id`)).map(
      viewOf,
    );
  }

  types(): readonly string[] {
    return ANNOUNCED_TYPES;
  }

  /** @returns the endpoint with its secret, which no later answer has. @throws Problem 400, 409 `too_many`. */
  async create(body: CreateWebhook, acting: Acting): Promise<WebhookView & { readonly secret: string }> {
    requireTypes(body.events);
    await this.requireAddress(body.url);
    const id = `whk_${randomBytes(9).toString('base64url')}`;
    const secret = newSecret();
    const secrets = [this.sealed(id, secret, new Date())];
    return this.db.transaction(async (tx) => {
      const [counted] = await tx.query<{ count: number }>(
        `select count(*)::int as count from webhook_endpoint`,
      );
      if ((counted?.count ?? 0) >= MOST_ENDPOINTS)
        throw Problem.conflict('too_many', `There can be at most ${MOST_ENDPOINTS} webhooks`);
      const [row] = await tx.query<Row>(
        `insert into webhook_endpoint (id, url, description, events, secrets) values ($1, $2, $3, $4, $5::jsonb)
         returning ${ENDPOINT}`,
        [id, body.url, body.description, body.events, JSON.stringify(secrets)],
      );
      const view = viewOf(row as Row);
      await this.audit(tx, acting, { verb: 'create', id, after: view });
      return { ...view, secret };
    });
  }

  /** Fields left out stay as they are; enabling forgets the failures. @throws Problem 400, 404. */
  async patch(id: string, body: PatchWebhook, acting: Acting): Promise<WebhookView> {
    if (body.events !== undefined) requireTypes(body.events);
    if (body.url !== undefined) await this.requireAddress(body.url);
    return this.db.transaction(async (tx) => {
      const before = await lock(tx, id);
      const enabled = body.enabled ?? before.status === 'enabled';
      const revived = enabled && before.status === 'disabled';
      const [row] = await tx.query<Row>(
        `update webhook_endpoint set url = $2, description = $3, events = $4, status = $5,
           disabled_reason = case when $5 = 'enabled' then null else coalesce(disabled_reason, 'Switched off by hand.') end,
           failures = case when $6 then 0 else failures end,
           failing_since = case when $6 then null else failing_since end, updated_at = now()
         where id = $1 returning ${ENDPOINT}`,
        [
          ...[
            id,
            body.url ?? before.url,
            body.description ?? before.description,
            body.events ?? before.events,
          ],
          ...[enabled ? 'enabled' : 'disabled', revived],
        ],
      );
      const after = viewOf(row as Row);
      await this.audit(tx, acting, { verb: 'change', id, before: viewOf(before), after });
      return after;
    });
  }

  /** @throws Problem 404. */
  async remove(id: string, acting: Acting): Promise<WebhookView> {
    return this.db.transaction(async (tx) => {
      const before = viewOf(await lock(tx, id));
      await tx.query(`delete from webhook_endpoint where id = $1`, [id]);
      await this.audit(tx, acting, { verb: 'remove', id, before });
      return before;
    });
  }

  /** A new secret; the old one signs as well for a while. @throws Problem 404. */
  async rotate(
    id: string,
    { overlapHours }: Rotate,
    acting: Acting,
  ): Promise<WebhookView & { readonly secret: string }> {
    const secret = newSecret();
    const now = Date.now();
    const until = new Date(now + overlapHours * 3_600_000).toISOString();
    return this.db.transaction(async (tx) => {
      const before = await lock(tx, id);
      const old = before.secrets
        .filter(({ expiresAt }) => expiresAt === null)
        .map((one) => ({ ...one, expiresAt: until }));
      const secrets = [this.sealed(id, secret, new Date(now)), ...old];
      const [row] = await tx.query<Row>(
        `update webhook_endpoint set secrets = $2::jsonb, updated_at = now() where id = $1 returning ${ENDPOINT}`,
        [id, JSON.stringify(secrets)],
      );
      const after = viewOf(row as Row);
      await this.audit(tx, acting, { verb: 'rotate', id, before: viewOf(before), after });
      return { ...after, secret };
    });
  }

  private sealed(id: string, secret: string, at: Date): Secret {
    return {
      secret: this.sealer.seal(secret, sealedFor(id)),
      createdAt: at.toISOString(),
      expiresAt: null,
    };
  }

  /** Sends a test event now. @returns the delivery with what came of it. @throws Problem 404, 409 `webhook_disabled`. */
  async test(id: string, acting: Acting): Promise<DeliveryView> {
    const [delivery] = await this.db.transaction(async (tx) => {
      await lock(tx, id);
      await this.audit(tx, acting, { verb: 'test', id });
      const data = { entity: 'webhook', key: id, actor: acting.actor, before: null, after: null };
      const ids = await announce(tx, { type: TEST_TYPE, data, endpointId: id });
      // Sent below: not by the worker at the same time.
      await tx.query(`update webhook_delivery set next_at = now() + interval '1 minute' where id = any($1)`, [
        ids,
      ]);
      return ids;
    });
    if (delivery === undefined)
      throw Problem.conflict('webhook_disabled', 'This webhook is disabled: enable it before you test it');
    await this.deliveries.deliver([delivery], new Date());
    return this.delivery(id, delivery);
  }

  async log(id: string, limit: number): Promise<DeliveryView[]> {
    const [known] = await this.db.query(`select 1 from webhook_endpoint where id = $1`, [id]);
    if (!known) throw Problem.notFound('Webhook', id);
    return this.db.query<DeliveryView & Record<string, unknown>>(
      `${DELIVERIES} where d.endpoint_id = $1 order by d.message_id desc limit $2`,
      [id, limit],
    );
  }

  /** Another attempt of a delivery, as soon as a worker comes to it. @throws Problem 404, 409 `already_pending`. */
  async retry(id: string, delivery: string, acting: Acting): Promise<DeliveryView> {
    await this.db.transaction(async (tx) => {
      await lock(tx, id);
      const [found] = await tx.query<{ status: string }>(
        `select status from webhook_delivery where id = $1 and endpoint_id = $2 for update`,
        [delivery, id],
      );
      if (!found) throw Problem.notFound('Delivery', delivery);
      await tx.query(`update webhook_delivery set status = 'pending', next_at = now() where id = $1`, [
        delivery,
      ]);
      await this.audit(tx, acting, { verb: 'redeliver', id, after: { delivery } });
    });
    return this.delivery(id, delivery);
  }

  private async delivery(id: string, delivery: string): Promise<DeliveryView> {
    const [row] = await this.db.query<DeliveryView & Record<string, unknown>>(
      `${DELIVERIES} where d.id = $1 and d.endpoint_id = $2`,
      [delivery, id],
    );
    if (!row) throw Problem.notFound('Delivery', delivery);
    return row;
  }

  private async requireAddress(url: string): Promise<void> {
    try {
      await checkedTarget(url, this.allow);
    } catch (error) {
      if (error instanceof RefusedAddress) throw Problem.invalid('/url', error.code, error.message);
      throw error;
    }
  }

  private audit(
    tx: Sql,
    { actor, requestId }: Acting,
    { verb, id, before, after }: { verb: string; id: string; before?: object; after?: object },
  ): Promise<void> {
    return writeAudit(tx, {
      ...{ actor, requestId, action: `webhook.${verb}`, entity: 'webhook', entityKey: id },
      ...(before === undefined ? {} : { before: JSON.parse(JSON.stringify(before)) }),
      ...(after === undefined ? {} : { after: JSON.parse(JSON.stringify(after)) }),
    });
  }
}

async function lock(tx: Sql, id: string): Promise<Row> {
  const [row] = await tx.query<Row>(`select ${ENDPOINT} from webhook_endpoint where id = $1 for update`, [
    id,
  ]);
  if (!row) throw Problem.notFound('Webhook', id);
  return row;
}

function viewOf({ secrets, ...row }: Row): WebhookView {
  return { ...row, secrets: secrets.map(({ createdAt, expiresAt }) => ({ createdAt, expiresAt })) };
}

/** @throws Problem 400 for a type or an area that does not exist. */
function requireTypes(events: readonly string[]): void {
  const areas = ANNOUNCED_TYPES.map((type) => `${type.split('.')[0] ?? ''}.*`);
  const known = new Set(['*', ...ANNOUNCED_TYPES, ...areas]);
  const place = events.findIndex((event) => !known.has(event));
  if (place !== -1)
    throw Problem.invalid(
      `/events/${place}`,
      'unknown_type',
      `"${events[place] ?? ''}" is not an event; there are ${ANNOUNCED_TYPES.join(', ')}`,
    );
}
