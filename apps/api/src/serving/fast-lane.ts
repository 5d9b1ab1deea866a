import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { KeyRing } from '../access/keys.js';
import { authenticate } from '../http/api-key.guard.js';
import { COMMON_HEADERS } from '../http/fastify.js';
import { sendProblem } from '../http/problem.filter.js';
import { TreatmentService } from './treatment-service.js';
import { parseTreatments } from './treatments.validator.js';

const PATH = '/v1/treatments';
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers `POST /v1/treatments` straight from Fastify. The route is declared by TreatmentsController, as any other;
 * its handler is replaced here while it is registered, which saves Nest's pipeline of guards, pipes and interceptors
 * (see docs/decisions/0010-treatments-fast-lane.md for what that costs). Limits, parsing of JSON and problem documents
 * are Fastify's and the same as everywhere.
 *
 * The answers of one turn of the event loop leave together, after the one write that records their decisions.
 */
@Injectable()
export class FastLane {
  private readonly logger = new Logger('Http');
  private readonly cors: boolean;

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(TreatmentService) private readonly treatments: TreatmentService,
    @Inject(CONFIG) config: Config,
  ) {
    this.cors = config.corsOrigins.length > 0;
    const server = host.httpAdapter?.getInstance() as FastifyInstance | undefined;
    server?.addHook('onRoute', (route) => {
      if (route.url === PATH && route.method === 'POST')
        route.handler = (request, reply) => void this.answer(request, reply);
    });
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      authenticate(this.keys, request, 'publishable');
      const treatments = await this.treatments.serve(parseTreatments(request.body, sizeOf(request)));
      send(request, reply, JSON.stringify({ treatments }), this.cors);
    } catch (error) {
      sendProblem(error, request, reply, this.logger);
    }
  }
}

/** Bytes of the body; undefined when it came in chunks. */
function sizeOf(request: FastifyRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Writes the answer past Fastify's reply, whose hooks and checks cost a fifth of the whole request. */
function send(request: FastifyRequest, reply: FastifyReply, text: string, cors: boolean): void {
  reply.hijack();
  const { raw } = reply;
  if (cors)
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) raw.setHeader(name, value);
  // Spelt out, because spreading an object costs microseconds.
  raw.writeHead(200, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(text),
    'x-request-id': request.id,
    'x-content-type-options': COMMON_HEADERS['x-content-type-options'],
    'cache-control': COMMON_HEADERS['cache-control'],
  });
  raw.end(text);
}
