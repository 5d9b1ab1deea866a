import { createHmac, randomBytes } from 'node:crypto';

/** A secret of an endpoint; while it is being rotated there are two. */
export interface Secret {
  readonly secret: string;
  readonly createdAt: string;
  /** Null: until it is rotated. */
  readonly expiresAt: string | null;
}

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** 256 random bits, as Standard Webhooks writes them. */
export const newSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

/**
 * The headers of Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, one signature per valid secret, so that a
 * receiver may change over at any time.
 * @param at Unix milliseconds of this attempt.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureHeaders(
  { id, body, secrets }: { id: string; body: string; secrets: readonly Secret[] },
  at: number,
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets
    .filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > at)
    .map(({ secret }) => {
      const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
