import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { tap } from 'rxjs';
import type { Observable } from 'rxjs';
import { Problem } from './problem.js';

/** Strong ETag of a version counter. */
export const etagOf = (version: number): string => `"${version}"`;

/** Answers that carry a `version`, or a `revision` of their configuration, get it as their ETag. */
@Injectable()
export class EtagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((answer) => {
        const counted = answer as { version?: unknown; revision?: unknown } | null | undefined;
        const version = counted?.version ?? counted?.revision;
        if (typeof version === 'number') void reply.header('etag', etagOf(version));
      }),
    );
  }
}

/** Whether an If-Match header (a list, or `*`) names this version. */
function matches(header: string, version: number): boolean {
  return header.split(',').some((part) => part.trim() === '*' || part.trim() === etagOf(version));
}

/**
 * Optimistic concurrency.
 * @throws Problem 428 when the header is missing but required, 412 when it names another version.
 */
export function requireMatch(header: string | undefined, version: number, required: boolean): void {
  if (header === undefined) {
    if (!required) return;
    throw new Problem(
      428,
      'precondition_required',
      'Send If-Match with the ETag of the version that you changed',
    );
  }
  if (!matches(header, version)) {
    const detail = `If-Match names ${header.slice(0, 64)}, but the current version is ${etagOf(version)}: read it again and repeat the change`;
    throw new Problem(412, 'version_conflict', detail, [], { etag: etagOf(version) });
  }
}
