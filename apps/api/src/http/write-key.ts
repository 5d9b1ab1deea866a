import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

export const WRITE_KEY = 'marquee:write-key';

/**
 * The handler also takes its key where other senders put it: as the user name of Basic authentication (Segment), or as
 * `writeKey` or `key` of the body (Segment's browser library, beacons, which can carry no header).
 */
export const AllowWriteKey = (): CustomDecorator => SetMetadata(WRITE_KEY, true);

/** Routes whose JSON may come as text/plain: what a browser sends without a preflight. */
export const TEXT_ROUTES: ReadonlySet<string> = new Set(['/v1/beacon', '/v1/track', '/v1/batch']);

/** The key of a request to such a handler, or null. */
export function writeKeyOf(request: FastifyRequest): string | null {
  const { authorization } = request.headers;
  if (authorization?.startsWith('Basic ')) {
    const [user = ''] = Buffer.from(authorization.slice(6), 'base64').toString('utf8').split(':');
    return user;
  }
  if (authorization?.startsWith('Bearer ')) return authorization.slice(7).trim();
  if (authorization !== undefined) return null;
  const { writeKey, key } = (request.body ?? {}) as { writeKey?: unknown; key?: unknown };
  const given = writeKey ?? key;
  return typeof given === 'string' ? given : null;
}
