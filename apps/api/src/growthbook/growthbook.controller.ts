import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { KeyRing } from '../access/keys.js';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { Public, authenticateClientKey } from '../http/api-key.guard.js';
import { EventStreams } from '../http/event-streams.js';
import { RateLimit } from '../http/rate-limit.js';
import { ExperimentCatalog } from '../serving/experiment-catalog.js';
import { payloadOf } from './payload-cache.js';
import { RemoteEvaluation } from './remote-evaluation.js';

const ANY_SITE = { 'access-control-allow-origin': '*' } as const;
const PAYLOAD_HEADERS = {
  ...ANY_SITE,
  'access-control-expose-headers': 'ETag, x-sse-support, x-unrecoverable',
  'cache-control': 'public, max-age=30, stale-while-revalidate=3600, stale-if-error=36000',
  'x-sse-support': 'enabled',
} as const;

/** What GrowthBook's SDKs ask for, so that they work unmodified: `apiHost` is this server, `clientKey` a publishable key. */
@ApiTags('growthbook')
@Controller()
@Public()
export class GrowthBookController implements OnModuleInit, BeforeApplicationShutdown {
  private readonly streams: EventStreams;
  private readonly limit: RateLimit;
  private stopListening: () => void = () => undefined;
  private streamed = '';

  constructor(
    @Inject(ExperimentCatalog) private readonly catalog: ExperimentCatalog,
    @Inject(RemoteEvaluation) private readonly remote: RemoteEvaluation,
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(CONFIG) config: Config,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    this.limit = new RateLimit(config.evaluationsPerSecond);
    this.streams = new EventStreams(config.streamsPerKey);
    allowPreflights(host.httpAdapter?.getInstance() as FastifyInstance | undefined);
  }

  onModuleInit(): void {
    this.stopListening = this.catalog.onChange(() => {
      const { etag, text } = payloadOf(this.catalog.current);
      // Items may have changed alone, and features say nothing of them.
      if (etag !== this.streamed) this.streams.send({ id: etag, event: 'features', data: text });
      this.streamed = etag;
    });
  }

  beforeApplicationShutdown(): void {
    this.stopListening();
    this.streams.close();
  }

  @Get('api/features/:clientKey')
  @ApiOperation({ summary: 'GrowthBook: the features that an SDK evaluates by itself' })
  features(
    @Param('clientKey') clientKey: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    authenticateClientKey(this.keys, clientKey);
    const { text, etag } = payloadOf(this.catalog.current);
    void reply.headers({ ...PAYLOAD_HEADERS, etag });
    if (request.headers['if-none-match']?.replace(/^W\//, '') === etag) void reply.status(304).send();
    else void reply.header('content-type', 'application/json; charset=utf-8').send(text);
  }

  @Post('api/eval/:clientKey')
  @HttpCode(200)
  @ApiOperation({ summary: 'GrowthBook: every feature decided here, policies too' })
  async evaluate(
    @Param('clientKey') clientKey: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { keyId } = authenticateClientKey(this.keys, clientKey);
    this.limit.take(`${keyId} ${request.ip}`);
    const features = await this.remote.evaluate(body);
    void reply.headers({ ...ANY_SITE, 'cache-control': 'no-store' });
    return { status: 200, dateUpdated: new Date().toISOString(), features, experiments: [], savedGroups: {} };
  }

  @Get('sub/:clientKey')
  @ApiOperation({ summary: 'GrowthBook: the features again whenever they change, as server-sent events' })
  subscribe(
    @Param('clientKey') clientKey: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const { keyId } = authenticateClientKey(this.keys, clientKey);
    const { etag, text } = payloadOf(this.catalog.current);
    // Something may have changed since the SDK has read the features, or was last connected.
    const known = request.headers['last-event-id'] === etag;
    const first = known ? null : { id: etag, event: 'features', data: text };
    this.streams.add(request, reply, ANY_SITE, first, {
      keyId,
      mayRead: () => this.keys.find(clientKey) !== null,
    });
  }
}

/** Of remote evaluations from a browser; where origins are configured, the CORS plugin answers before this. */
function allowPreflights(server: FastifyInstance | undefined): void {
  server?.options('/api/eval/:clientKey', (_request, reply) => {
    void reply
      .status(204)
      .headers({
        ...ANY_SITE,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '600',
      })
      .send();
  });
}
