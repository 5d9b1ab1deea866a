import type {
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  Server,
  ServerResponse,
} from 'node:http';
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
import type { PlainAnswer } from './plain-connection.js';
import { PlainConnections } from './plain-connections.js';
import { PlainHeads } from './plain-head.js';
import type { Treatment } from './treatment.js';
import { TreatmentService } from './treatment-service.js';
import { parseTreatments } from './treatments.validator.js';

const PATH = '/v1/treatments';
const JSON_TYPE = 'application/json; charset=utf-8';
/** Of a body that needs no more than a few parts. */
const PLAIN_BYTES = 65_536;

type Headed = Pick<IncomingMessage, 'headers'>;

/**
 * Answers `POST /v1/treatments`. The route is declared by TreatmentsController, as any other; here it is answered past
 * Nest's pipeline, and a plain request past Fastify as well, from its connection's bytes where the connection has carried
 * nothing else (see docs/decisions/0010-treatments-fast-lane.md for what that costs). Plain is what clients send: JSON of
 * a known and moderate length, neither compressed nor from another origin. Everything else takes Fastify's way, with its
 * limits and its parser; key check, JSON, validation, problem documents and headers are the same on all of them.
 *
 * The answers of one turn of the event loop leave together, after the one write that records their decisions.
 */
@Injectable()
export class FastLane implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Http');
  private readonly cors: boolean;
  private readonly mostBytes: number;
  private readonly nextId = requestIds();
  private readonly connections: PlainConnections | null = null;
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
    const heads = new PlainHeads(`POST ${PATH} HTTP/1.1\r\n`, (headers) => this.isPlain(headers));
    this.connections = new PlainConnections(
      fastify.server,
      heads,
      (head, body, send) => void this.answerPlain(head, body, send),
    );
  }

  /** A server that ends refuses new requests, which is Fastify's to say. */
  beforeApplicationShutdown(): void {
    this.closing = true;
    this.connections?.finish();
  }

  private standBefore(server: Server): void {
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { url, method, headers } = request;
      if (url === PATH && method === 'POST' && !this.closing && this.isPlain(headers))
        this.take(request, response);
      else for (const listener of listeners) listener.call(server, request, response);
    });
  }

  private isPlain(headers: IncomingHttpHeaders): boolean {
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
      void this.answerPlain(request, more.length === 0 ? only : Buffer.concat(parts), (answer) =>
        write(response, answer),
      );
    });
  }

  private async answerPlain(
    request: Headed,
    body: Buffer,
    send: (answer: PlainAnswer) => void,
  ): Promise<void> {
    const id = this.nextId();
    let answer: PlainAnswer;
    try {
      const treatments = await this.treat(request, parseJson(body), body.length);
      answer = { status: 200, headers: this.headersOf(id, JSON_TYPE), text: textOf(treatments) };
    } catch (error) {
      const { status, contentType, headers, body: problem } = answerTo(error, { id, url: PATH }, this.logger);
      answer = {
        status,
        headers: { ...this.headersOf(id, contentType), ...headers },
        text: JSON.stringify(problem),
      };
    }
    send(answer);
  }

  private headersOf(id: string, type: string): Record<string, string> {
    // Spelt out, because spreading an object costs microseconds.
    const headers: Record<string, string> = {
      'content-type': type,
      'x-request-id': id,
      'x-content-type-options': COMMON_HEADERS['x-content-type-options'],
      'cache-control': COMMON_HEADERS['cache-control'],
    };
    // As Fastify says where answers depend on who asks.
    if (this.cors) headers['vary'] = 'Origin';
    return headers;
  }

  /** What Fastify has parsed. */
  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      const text = textOf(await this.treat(request, request.body, sizeOf(request)));
      // Past Fastify's reply, whose hooks and checks cost a fifth of the whole request.
      reply.hijack();
      if (this.cors)
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) reply.raw.setHeader(name, value);
      write(reply.raw, { status: 200, headers: this.headersOf(request.id, JSON_TYPE), text });
    } catch (error) {
      sendProblem(error, request, reply, this.logger);
    }
  }

  /** @throws Problem, at once or later. */
  private treat(request: Headed, body: unknown, bytes: number | undefined): Promise<readonly Treatment[]> {
    authenticate(this.keys, request, 'publishable');
    return this.treatments.serve(parseTreatments(body, bytes));
  }
}

const textOf = (treatments: readonly Treatment[]): string => JSON.stringify({ treatments });

/** Bytes of the body; undefined when it came in chunks. */
function sizeOf(request: FastifyRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function write(raw: ServerResponse, { status, headers, text }: PlainAnswer): void {
  if (raw.headersSent) return;
  const all: Record<string, string | number> = headers;
  raw.writeHead(status, { ...all, 'content-length': Buffer.byteLength(text) });
  raw.end(text);
}
