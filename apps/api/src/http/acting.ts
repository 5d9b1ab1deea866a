import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { AuthenticatedRequest } from './api-key.guard.js';

/** Who changes something, for the audit log. */
export interface Acting {
  readonly actor: string;
  readonly requestId: string;
}

/** Handler parameter: the calling key and the request's id. */
export const Acting = createParamDecorator((_data: unknown, context: ExecutionContext): Acting => {
  const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
  const { caller } = request;
  return { actor: caller ? `${caller.name} (${caller.keyId})` : 'anonymous', requestId: request.id };
});
