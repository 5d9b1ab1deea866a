import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Caller } from '../access/keys.js';
import type { AuthenticatedRequest } from './api-key.guard.js';
import { Problem } from './problem.js';

/** Who changes something, for the audit log, and which version they believe to change. */
export interface Acting {
  readonly actor: string;
  readonly requestId: string;
  /** The If-Match header; see etag.ts. */
  readonly ifMatch?: string | undefined;
  /** Why something that is managed from files is changed by hand; the header `marquee-override`. */
  readonly override?: string | undefined;
  /** The files themselves are applied. */
  readonly fromFiles?: boolean;
}

const LONGEST_REASON = 500;

/** Headers are Latin letters; others come percent-encoded, as browsers encode a part of an address. */
function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    // "50 % of members" is meant as it is.
    return header;
  }
}

/** @throws Problem 400 for a reason that cannot be stored. */
function overrideOf(header: string | string[] | undefined): string | undefined {
  const reason = typeof header === 'string' ? decoded(header).trim() : '';
  if (reason === '') return undefined;
  if (reason.includes('\0'))
    throw Problem.invalid('/headers/marquee-override', 'invalid_text', 'must not contain NUL characters');
  if (reason.length > LONGEST_REASON)
    throw Problem.invalid(
      '/headers/marquee-override',
      'too_long',
      `must have at most ${LONGEST_REASON} characters`,
    );
  return reason;
}

/** Handler parameter: the calling key, the request's id and its If-Match. */
export const Acting = createParamDecorator((_data: unknown, context: ExecutionContext): Acting => {
  const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
  const { caller } = request;
  const actor = caller ? `${caller.name} (${caller.keyId})` : 'anonymous';
  const { headers } = request;
  return {
    actor,
    requestId: request.id,
    ifMatch: headers['if-match'],
    override: overrideOf(headers['marquee-override']),
  };
});

/** Handler parameter: the calling key, for what belongs to a key. @throws Problem 401 on a route without keys. */
export const Calling = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!caller) throw new Problem(401, 'unauthenticated', 'Send an API key as "Authorization: Bearer <key>"');
  return caller;
});
