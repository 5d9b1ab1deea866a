import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { KeyRing } from '../access/keys.js';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { AllowRole, Public, authenticateClientKey } from '../http/api-key.guard.js';
import type { AuthenticatedRequest } from '../http/api-key.guard.js';
import { EventStreams } from '../http/event-streams.js';
import type { StreamedEvent } from '../http/event-streams.js';
import { Problem } from '../http/problem.js';
import { RateLimit } from '../http/rate-limit.js';
import { ExperimentCatalog } from '../serving/experiment-catalog.js';
import { toOpenApi } from '../serving/openapi-schema.js';
import { FlagService } from '../serving/flag-service.js';
import { ofrepFlag } from './ofrep-answer.js';
import type { OfrepFlag } from './ofrep-answer.js';
import { readOfrep } from './ofrep-request.js';

const INACTIVITY_S = 120;
/** A push that names a configuration newer than ours makes us look, at most this often. */
const LOOK_MS = 1_000;

const BODY = toOpenApi(
  z.object({ context: z.looseObject({ targetingKey: z.string().describe('The id of the unit.') }) }),
);

/** OpenFeature Remote Evaluation Protocol 0.3: a flag is a surface, its variant the arm. */
@ApiTags('ofrep')
@Controller('ofrep/v1')
export class OfrepController implements OnModuleInit, BeforeApplicationShutdown {
  private readonly streams: EventStreams;
  private readonly limit: RateLimit;
  private stopListening: () => void = () => undefined;
  private lookedAt = 0;

  constructor(
    @Inject(FlagService) private readonly flags: FlagService,
    @Inject(ExperimentCatalog) private readonly catalog: ExperimentCatalog,
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(CONFIG) config: Config,
  ) {
    this.limit = new RateLimit(config.evaluationsPerSecond);
    this.streams = new EventStreams(config.streamsPerKey);
  }

  onModuleInit(): void {
    this.stopListening = this.catalog.onChange(() => this.streams.send(this.changed()));
  }

  beforeApplicationShutdown(): void {
    this.stopListening();
    this.streams.close();
  }

  @Post('evaluate/flags/:key')
  @HttpCode(200)
  @AllowRole('publishable')
  @ApiOperation({ summary: 'OFREP: one flag, for clients whose context changes from call to call' })
  @ApiBody({ schema: BODY })
  async one(
    @Param('key') key: string,
    @Body() body: unknown,
    @Req() request: AuthenticatedRequest,
  ): Promise<OfrepFlag> {
    this.takeTurn(request);
    if (!this.flags.has(key))
      throw new Problem(404, 'flag_not_found', `There is no surface "${key.slice(0, 128)}"`);
    const { asked } = readOfrep(body);
    return ofrepFlag(await this.flags.evaluate(key, asked), asked.expose === true);
  }

  @Post('evaluate/flags')
  @HttpCode(200)
  @AllowRole('publishable')
  @ApiOperation({
    summary: 'OFREP: all flags at once, for clients that evaluate from memory',
    description:
      'A strong ETag stands for the answers; send it as If-None-Match, and 304 says that they are the same.',
  })
  @ApiBody({ schema: BODY })
  @ApiResponse({ status: 304, description: 'The answers are the same' })
  async all(
    @Body() body: unknown,
    @Query('flagConfigEtag') announced: string | undefined,
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object | undefined> {
    this.takeTurn(request);
    const { asked, only } = readOfrep(body);
    if (announced !== undefined) await this.lookFor(announced);
    const etag = `"${this.flags.tagOf(asked, [request.caller?.keyId ?? '', ...(only ?? [])])}"`;
    void reply.header('etag', etag);
    if (namesTag(request.headers['if-none-match'], etag)) {
      void reply.status(304);
      return undefined;
    }
    const flags = await this.flags.evaluateAll(asked, only);
    return {
      flags: flags.map((flag) => ofrepFlag(flag, asked.expose === true)),
      ...this.eventStreams(request),
    };
  }

  @Get('events/:clientKey')
  @Public()
  @ApiOperation({ summary: 'OFREP: tells as server-sent events that flags may have changed' })
  events(
    @Param('clientKey') clientKey: string,
    @Query('since') since: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const { keyId } = authenticateClientKey(this.keys, clientKey);
    const last = request.headers['last-event-id'] ?? since;
    const changed = this.changed();
    // Somebody who was away, or whose flags are older than the stream, is told at once.
    const first = last !== undefined && last !== changed.id ? changed : null;
    this.streams.add(request, reply, {}, first, {
      keyId,
      mayRead: () => this.keys.find(clientKey) !== null,
    });
  }

  private takeTurn(request: AuthenticatedRequest): void {
    this.limit.take(`${request.caller?.keyId ?? ''} ${request.ip}`);
  }

  private changed(): StreamedEvent {
    const etag = this.catalog.revision;
    return { id: etag, event: 'message', data: JSON.stringify({ type: 'refetchEvaluation', etag }) };
  }

  /** Another process may have told about a configuration that this one is yet to read. */
  private async lookFor(announced: string): Promise<void> {
    if (announced === this.catalog.revision || Date.now() - this.lookedAt < LOOK_MS) return;
    this.lookedAt = Date.now();
    await this.catalog.refresh().catch(() => undefined);
  }

  /** A browser cannot send a header with a stream, so that only a key that is no secret gets the address of one. */
  private eventStreams({ caller, headers }: AuthenticatedRequest): object {
    if (caller?.role !== 'publishable') return {};
    const sent = headers.authorization?.slice(7) ?? headers['x-api-key'];
    const since = encodeURIComponent(this.catalog.revision);
    const requestUri = `/ofrep/v1/events/${encodeURIComponent(String(sent).trim())}?since=${since}`;
    return { eventStreams: [{ type: 'sse', endpoint: { requestUri }, inactivityDelaySec: INACTIVITY_S }] };
  }
}

/** Clients send the tag back byte for byte; what stands between may make it weak. */
const namesTag = (header: string | undefined, etag: string): boolean =>
  header !== undefined && header.split(',').some((part) => part.trim().replace(/^W\//, '') === etag);
