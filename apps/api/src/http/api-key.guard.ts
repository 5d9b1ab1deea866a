import { Inject, Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, CustomDecorator, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { KeyRing, allows } from '../access/keys.js';
import type { Caller, Role } from '../access/keys.js';
import { Problem } from './problem.js';
import { WRITE_KEY, writeKeyOf } from './write-key.js';

const ROLE = 'marquee:role';

/** Lowest role that may call this handler. Without it a handler is for admins only. */
export const AllowRole = (role: Role): CustomDecorator => SetMetadata(ROLE, role);
/** No key needed: probes and documentation. */
export const Public = (): CustomDecorator => SetMetadata(ROLE, 'public');

export interface AuthenticatedRequest extends FastifyRequest {
  caller?: Caller;
}

type WithHeaders = Pick<FastifyRequest, 'headers'>;

/** @returns who calls. @throws Problem 401 or 403. */
export function authenticate<R extends WithHeaders>(
  keys: KeyRing,
  request: R,
  needed: Role,
  keyOf: (request: R) => string | null = headerKeyOf,
): Caller {
  const key = keyOf(request);
  if (key === null) {
    throw new Problem(401, 'unauthenticated', 'Send an API key as "Authorization: Bearer <key>"');
  }
  return authenticateKey(keys, key, needed);
}

/** `X-API-Key` is what OpenFeature's providers send where they are told to. */
function headerKeyOf({ headers }: WithHeaders): string | null {
  const { authorization } = headers;
  if (authorization !== undefined)
    return authorization.startsWith('Bearer ') ? authorization.slice(7).trim() : null;
  const key = headers['x-api-key'];
  return typeof key === 'string' ? key.trim() : null;
}

/** @returns who calls with this key. @throws Problem 401 or 403. */
export function authenticateKey(keys: KeyRing, key: string, needed: Role): Caller {
  const caller = keys.find(key);
  if (!caller)
    throw new Problem(401, 'unauthenticated', 'This API key is not known, or it was revoked or has expired');
  if (!allows(caller.role, needed)) {
    throw new Problem(
      403,
      'forbidden',
      `This needs a key with the role "${needed}"; the key sent has the role "${caller.role}"`,
    );
  }
  return caller;
}

/**
 * For protocols that put the key into the address, where it is no secret any more.
 * @throws Problem 401 or 403, also for a key that may do more than publishable ones.
 */
export function authenticateClientKey(keys: KeyRing, key: string): Caller {
  const caller = authenticateKey(keys, key, 'publishable');
  if (caller.role !== 'publishable')
    throw new Problem(403, 'forbidden', 'Only a publishable key may stand in an address');
  return caller;
}

/** Global guard: every route needs a key unless it says otherwise (OWASP API2, API5). */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly roles = new WeakMap<object, Role | 'public'>();

  constructor(
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const needed = this.roleOf(context);
    if (needed === 'public') return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const caller = this.reflector.get<true | undefined>(WRITE_KEY, context.getHandler())
      ? authenticate(this.keys, request, needed, writeKeyOf)
      : authenticate(this.keys, request, needed);
    request.caller = caller;
    return true;
  }

  private roleOf(context: ExecutionContext): Role | 'public' {
    const handler = context.getHandler();
    const known = this.roles.get(handler);
    if (known) return known;
    const role =
      this.reflector.getAllAndOverride<Role | 'public' | undefined>(ROLE, [handler, context.getClass()]) ??
      'admin';
    this.roles.set(handler, role);
    return role;
  }
}
