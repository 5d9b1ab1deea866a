import { Inject, Injectable } from '@nestjs/common';
import { TEST_TYPE } from '../access/announced.js';
import { writeAudit } from '../access/audit.js';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { Sealer } from '../persistence/sealer.js';
import { AllowList } from './address.js';
import { sealedFor } from './seal-secrets.js';
import { send } from './send.js';
import type { Sent } from './send.js';
import { signatureHeaders } from './signature.js';
import type { Secret } from './signature.js';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
/** Waits after the first, second... failure: three days in all, as Standard Webhooks recommends. */
const RETRIES = [
  ...[5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR],
  ...[10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
];
export const MOST_ATTEMPTS = RETRIES.length + 1;
const JITTER = 0.2;
/** An endpoint without one success for so long, and with so many failures in a row, is disabled. */
const FAILING_MS = 5 * DAY;
const FAILING_ATTEMPTS = 10;
const GONE = 410;
/** Deliveries of one sweep, and of one endpoint among them: whoever hangs holds up few of the others. */
const SWEEP = 20;
const SWEEP_OF_ENDPOINT = 4;
/** A claimed delivery is left alone for so long; longer than an attempt can take. */
const LEASE_SECONDS = 60;
const KEEP_DAYS = 30;

export interface Attempt {
  readonly at: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly ms: number;
}

interface Due extends Record<string, unknown> {
  readonly id: string;
  readonly attempts: readonly Attempt[];
  readonly message_id: string;
  readonly type: string;
  readonly at: Date;
  readonly data: unknown;
  readonly endpoint_id: string;
  readonly url: string;
  readonly secrets: readonly Secret[];
}

const CLAIM = `
with ranked as (
  select d.id, row_number() over (partition by d.endpoint_id order by d.next_at) as place
  from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
  where d.status = 'pending' and d.next_at <= $1 and e.status = 'enabled'
), due as (
  select id from webhook_delivery
  where id in (select id from ranked where place <= $2) and status = 'pending' and next_at <= $1
  order by next_at limit $3 for update skip locked
)
update webhook_delivery d set next_at = $1::timestamptz + make_interval(secs => $4)
from due where d.id = due.id returning d.id`;

const LOAD = `
select d.id, d.attempts, m.id as message_id, m.type, m.at, m.data, e.id as endpoint_id, e.url, e.secrets
from webhook_delivery d join webhook_message m on m.id = d.message_id join webhook_endpoint e on e.id = d.endpoint_id
where d.id = any($1)`;

const RECORD = `
update webhook_delivery set status = $2, next_at = $3, attempts = attempts || $4::jsonb where id = $1`;

/** Sends webhooks that are due, keeps the log, and gives up on endpoints that are gone. */
@Injectable()
export class WebhookDeliveries {
  private readonly allow: AllowList;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(CONFIG) config: Pick<Config, 'webhookAllow'>,
  ) {
    this.allow = new AllowList(config.webhookAllow);
  }

  /** Sends what is due, in any number of processes at once. @returns how many attempts were made. */
  async run(now: Date): Promise<number> {
    const claimed = await this.db.query<{ id: string }>(CLAIM, [
      now,
      SWEEP_OF_ENDPOINT,
      SWEEP,
      LEASE_SECONDS,
    ]);
    if (claimed.length === 0) return 0;
    await this.deliver(
      claimed.map(({ id }) => id),
      now,
    );
    return claimed.length;
  }

  /** One attempt of each of these deliveries, now. */
  async deliver(ids: readonly string[], now: Date): Promise<void> {
    const due = await this.db.query<Due>(LOAD, [ids]);
    await Promise.all(
      due.map(async (one) => {
        await this.record(one, await this.attempt(one, now), now);
      }),
    );
  }

  private async attempt(due: Due, now: Date): Promise<Sent> {
    const body = JSON.stringify({ type: due.type, timestamp: due.at.toISOString(), data: due.data });
    let secrets: readonly Secret[];
    try {
      secrets = due.secrets.map((one) => ({
        ...one,
        secret: this.sealer.open(one.secret, sealedFor(due.endpoint_id)),
      }));
    } catch (error) {
      const detail = `The secret cannot be read: ${(error as Error).message}`;
      return { status: null, error: detail, ms: 0, retryAfterMs: 0 };
    }
    const headers = signatureHeaders({ id: due.message_id, body, secrets }, now.getTime());
    return send(due.url, { headers, body }, { allow: this.allow });
  }

  /** Drops messages that are older than 30 days, with their deliveries. */
  async forget(now: Date): Promise<void> {
    await this.db.query(
      `delete from webhook_message where at < $1::timestamptz - make_interval(days => $2)`,
      [now, KEEP_DAYS],
    );
  }

  private async record(due: Due, sent: Sent, now: Date): Promise<void> {
    const { status, error, ms } = sent;
    const attempt: Attempt = { at: now.toISOString(), status, error, ms };
    // A test is about now.
    const wait = due.type === TEST_TYPE ? null : waitAfter(due.attempts.length, sent);
    const result = error === null ? 'delivered' : wait === null ? 'failed' : 'pending';
    await this.db.transaction(async (tx) => {
      await tx.query(RECORD, [
        due.id,
        result,
        new Date(now.getTime() + (wait ?? 0)),
        JSON.stringify([attempt]),
      ]);
      if (error === null) {
        await tx.query(
          `update webhook_endpoint set failures = 0, failing_since = null where id = $1 and failures > 0`,
          [due.endpoint_id],
        );
      } else await this.countFailure(tx, due, sent, now);
    });
  }

  private async countFailure(tx: Sql, { endpoint_id: id, url }: Due, sent: Sent, now: Date): Promise<void> {
    const [endpoint] = await tx.query<{ failures: number; failing_since: Date }>(
      `update webhook_endpoint set failures = failures + 1, failing_since = coalesce(failing_since, $2)
       where id = $1 and status = 'enabled' returning failures, failing_since`,
      [id, now],
    );
    if (!endpoint) return;
    const long = now.getTime() - endpoint.failing_since.getTime() >= FAILING_MS;
    const reason =
      sent.status === GONE
        ? 'The receiver answered 410: it is gone.'
        : long && endpoint.failures >= FAILING_ATTEMPTS
          ? `No success since ${endpoint.failing_since.toISOString()}, in ${endpoint.failures} attempts.`
          : null;
    if (reason === null) return;
    await tx.query(
      `update webhook_endpoint set status = 'disabled', disabled_reason = $2, updated_at = $3 where id = $1`,
      [id, reason, now],
    );
    await tx.query(
      `update webhook_delivery set status = 'failed' where endpoint_id = $1 and status = 'pending'`,
      [id],
    );
    await writeAudit(tx, {
      ...{ actor: 'system: webhooks', action: 'webhook.disable', entity: 'webhook', entityKey: id },
      after: { url: new URL(url).origin, reason },
    });
  }
}

/** How long to wait before the next attempt, ms; null: there is none. */
function waitAfter(earlier: number, { status, retryAfterMs }: Sent): number | null {
  const wait = RETRIES[earlier];
  if (wait === undefined || status === GONE) return null;
  return Math.max(retryAfterMs, wait * (1 + JITTER * Math.random()));
}
