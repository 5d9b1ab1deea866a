import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { KeyRing } from '../access/keys.js';
import { authenticate } from '../http/api-key.guard.js';
import { COMMON_HEADERS, parseJson, requestIds } from '../http/fastify.js';
import { answerTo, sendProblem } from '../http/problem.filter.js';
import { TreatmentService } from './treatment-service.js';
import { parseTreatments } from './treatments.validator.js';

const PATH = '/v1/treatments';
const JSON_TYPE = 'application/json; charset=utf-8';
/** Of a body that needs no more than a few parts. */
const PLAIN_BYTES = 65_536;

/**
 * Answers `POST /v1/treatments`. The route is declared by TreatmentsController, as any other; here it is answered past
 * Nest's pipeline, and a plain request past Fastify as well (see docs/decisions/0010-treatments-fast-lane.md for what
 * that costs). Plain is what clients send: JSON of a known and moderate length, neither compressed nor from another
 * origin. Everything else takes Fastify's way, with its limits and its parser; key check, JSON, validation, problem
 * documents and headers are the same on both.
 *
 * The answers of one turn of the event loop leave together, after the one write that records their decisions.
 */
@Injectable()
export class FastLane implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Http');
  private readonly cors: boolean;
  private readonly mostBytes: number;
  private readonly nextId = requestIds();
  private closing = false;

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(TreatmentService) private readonly treatments: TreatmentService,
    @Inject(CONFIG) config: Config,
  ) {
    this.cors = config.corsOrigins.length > 0;
    this.mostBytes = Math.min(config.bodyLimitBytes, PLAIN_BYTES);
    const fastify = host.httpAdapter?.getInstance() as FastifyInstance | undefined;
    if (fastify === undefined) return;
    fastify.addHook('onRoute', (route) => {
      if (route.url === PATH && route.method === 'POST')
        route.handler = (request, reply) => void this.answer(request, reply);
    });
    this.standBefore(fastify.server);
  }

  /** A server that ends refuses new requests, which is Fastify's to say. */
  beforeApplicationShutdown(): void {
    this.closing = true;
  }

  private standBefore(server: Server): void {
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.isPlain(request)) this.take(request, response);
      else for (const listener of listeners) listener.call(server, request, response);
    });
  }

  private isPlain({ url, method, headers }: IncomingMessage): boolean {
    if (url !== PATH || method !== 'POST' || this.closing) return false;
    const type = headers['content-type'];
    if (type !== 'application/json' && type !== JSON_TYPE) return false;
    // Absent: NaN, which is not smaller than anything.
    if (!(Number(headers['content-length']) <= this.mostBytes)) return false;
    return headers['content-encoding'] === undefined && !(this.cors && headers.origin !== undefined);
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    // Joined once: a sender of single bytes would have the whole copied for each of them.
    request.on('end', () => {
      const [only = Buffer.alloc(0), ...more] = parts;
      void this.answerPlain(request, more.length === 0 ? only : Buffer.concat(parts), response);
    });
  }

  private async answerPlain(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const id = this.nextId();
    // As Fastify says where answers depend on who asks.
    if (this.cors) response.setHeader('vary', 'Origin');
    try {
      const text = await this.treat(request, parseJson(body), body.length);
      write(response, id, text);
    } catch (error) {
      const answer = answerTo(error, { id, url: PATH }, this.logger);
      if (response.headersSent) return;
      for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
      write(response, id, JSON.stringify(answer.body), answer.status, answer.contentType);
    }
  }

  /** What Fastify has parsed. */
  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      const text = await this.treat(request, request.body, sizeOf(request));
      // Past Fastify's reply, whose hooks and checks cost a fifth of the whole request.
      reply.hijack();
      if (this.cors)
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) reply.raw.setHeader(name, value);
      write(reply.raw, request.id, text);
    } catch (error) {
      sendProblem(error, request, reply, this.logger);
    }
  }

  /** @returns the answer as JSON. @throws Problem. */
  private async treat(
    request: Pick<IncomingMessage, 'headers'>,
    body: unknown,
    bytes: number | undefined,
  ): Promise<string> {
    authenticate(this.keys, request, 'publishable');
    return JSON.stringify({ treatments: await this.treatments.serve(parseTreatments(body, bytes)) });
  }
}

/** Bytes of the body; undefined when it came in chunks. */
function sizeOf(request: FastifyRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function write(raw: ServerResponse, id: string, text: string, status = 200, type = JSON_TYPE): void {
  // Spelt out, because spreading an object costs microseconds.
  raw.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'x-request-id': id,
    'x-content-type-options': COMMON_HEADERS['x-content-type-options'],
    'cache-control': COMMON_HEADERS['cache-control'],
  });
  raw.end(text);
}
