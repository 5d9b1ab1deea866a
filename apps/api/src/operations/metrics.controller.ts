import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyRing, allows } from '../access/keys.js';
import { Public } from '../http/api-key.guard.js';
import { Problem } from '../http/problem.js';
import { MetricsExporter } from './metrics-exporter.js';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** Prometheus metrics, for callers on this machine or with a secret or admin key. */
@ApiExcludeController()
@Controller('metrics')
export class PrometheusController {
  constructor(
    @Inject(MetricsExporter) private readonly exporter: MetricsExporter,
    @Inject(KeyRing) private readonly keys: KeyRing,
  ) {}

  @Get()
  @Public()
  async metrics(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    this.authorise(request);
    void reply.header('content-type', this.exporter.contentType);
    return this.exporter.text();
  }

  private authorise(request: FastifyRequest): void {
    const header = request.headers.authorization;
    if (header === undefined) {
      // A proxy on this machine forwards strangers.
      const forwarded = request.headers['x-forwarded-for'] ?? request.headers['forwarded'];
      if (LOOPBACK.has(request.socket.remoteAddress ?? '') && forwarded === undefined) return;
      throw new Problem(
        401,
        'unauthenticated',
        'Send a secret or admin key as "Authorization: Bearer <key>"',
      );
    }
    const caller = header.startsWith('Bearer ') ? this.keys.find(header.slice(7).trim()) : null;
    if (!caller)
      throw new Problem(
        401,
        'unauthenticated',
        'This API key is not known, or it was revoked or has expired',
      );
    if (!allows(caller.role, 'secret'))
      throw new Problem(403, 'forbidden', 'This needs a key with the role "secret"');
  }
}
