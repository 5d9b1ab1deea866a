import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { KeyRing } from '../access/keys.js';
import { authenticate } from '../http/api-key.guard.js';
import { sendProblem } from '../http/problem.filter.js';
import { TreatmentService } from './treatment-service.js';
import { parseTreatments } from './treatments.validator.js';

const PATH = '/v1/treatments';
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers `POST /v1/treatments` straight from Fastify. The route is declared by TreatmentsController, as any other;
 * its handler is replaced here while it is registered, which saves Nest's pipeline of guards, pipes and interceptors
 * (see docs/decisions/0010-treatments-fast-lane.md for what that costs). Limits, parsing of JSON, headers and
 * problem documents are Fastify's and the same as everywhere.
 */
@Injectable()
export class FastLane {
  private readonly logger = new Logger('Http');

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(TreatmentService) private readonly treatments: TreatmentService,
  ) {
    const server = host.httpAdapter?.getInstance() as FastifyInstance | undefined;
    server?.addHook('onRoute', (route) => {
      if (route.url === PATH && route.method === 'POST')
        route.handler = (request, reply) => this.answer(request, reply);
    });
  }

  private answer(request: FastifyRequest, reply: FastifyReply): void {
    try {
      authenticate(this.keys, request, 'publishable');
      const treatments = this.treatments.serve(parseTreatments(request.body));
      void reply.header('content-type', JSON_TYPE).send(JSON.stringify({ treatments }));
    } catch (error) {
      sendProblem(error, request, reply, this.logger);
    }
  }
}
