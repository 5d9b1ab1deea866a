import { isUtf8 } from 'node:buffer';
import { Logger } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import secureJson from 'secure-json-parse';
import type { Config } from '../config/config.js';
import { Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { TEXT_ROUTES } from './write-key.js';
import { newUlid } from './ulid.js';

/** On every answer. */
export const COMMON_HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const;

/** Ids unique per process and request; a random one for each would cost more than the routing. */
export function requestIds(): () => string {
  const prefix = `req_${newUlid(Date.now())}_`;
  let count = 0;
  return () => `${prefix}${(++count).toString(36)}`;
}

/** The HTTP server: limits, a JSON parser that refuses bad UTF-8, and problem documents below Nest as well. */
export function createAdapter(config: Config): FastifyAdapter {
  const logger = new Logger('Http');
  const adapter = new FastifyAdapter({
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 256 },
    trustProxy: false,
    genReqId: requestIds(),
    return503OnClosing: true,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(error, request, reply, logger),
    logger: false,
  });
  const server = adapter.getInstance();
  server.removeContentTypeParser(['application/json', 'text/plain']);
  for (const type of ['application/json', 'text/plain'])
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      try {
        refuseUnreadable(request, type);
        done(null, parseJson(body as Buffer));
      } catch (error) {
        done(error as Error, undefined);
      }
    });
  server.addHook('onSend', (request, reply, payload, done) => {
    // What may be kept says so itself.
    const kept = reply.getHeader('cache-control');
    void reply.header('x-request-id', request.id).headers(COMMON_HEADERS);
    if (kept !== undefined) void reply.header('cache-control', kept);
    done(null, payload);
  });
  return adapter;
}

/** @throws Problem 415 for a compressed body, and for text where only JSON may come. */
function refuseUnreadable(request: FastifyRequest, type: string): void {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new Problem(415, 'unsupported_encoding', 'Send the body without content-encoding');
  if (type === 'text/plain' && !TEXT_ROUTES.has(request.routeOptions.url ?? ''))
    throw new Problem(415, 'unsupported_media_type', 'Send the body as application/json');
}

/**
 * JSON with `__proto__` and `constructor.prototype` keys dropped, so that no value can reach a prototype.
 * @throws Problem 400 when it is no JSON, or no UTF-8.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  if (!isUtf8(body)) throw new Problem(400, 'malformed_utf8', 'The body is not valid UTF-8');
  const text = body.toString('utf8');
  try {
    // Neither written out nor as escapes: then there is nothing to drop, and looking closer costs as much as the parsing.
    const isMarked = text.charCodeAt(0) === 0xfeff;
    if (!isMarked && !text.includes('__proto__') && !text.includes('constructor') && !text.includes('\\u'))
      return JSON.parse(text) as unknown;
    return secureJson.parse(text, undefined, { protoAction: 'remove', constructorAction: 'remove' });
  } catch {
    throw new Problem(400, 'malformed_json', 'The body is not valid JSON');
  }
}
