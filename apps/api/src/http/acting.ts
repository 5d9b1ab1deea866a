import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { AuthenticatedRequest } from './api-key.guard.js';

/** Who changes something, for the audit log, and which version they believe to change. */
export interface Acting {
  readonly actor: string;
  readonly requestId: string;
  /** The If-Match header; see etag.ts. */
  readonly ifMatch?: string | undefined;
}

/** Handler parameter: the calling key, the request's id and its If-Match. */
export const Acting = createParamDecorator((_data: unknown, context: ExecutionContext): Acting => {
  const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
  const { caller } = request;
  const actor = caller ? `${caller.name} (${caller.keyId})` : 'anonymous';
  return { actor, requestId: request.id, ifMatch: request.headers['if-match'] };
});
