import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { Acting } from '../http/acting.js';
import { AllowRole } from '../http/api-key.guard.js';
import type { AuthenticatedRequest } from '../http/api-key.guard.js';
import { Problem } from '../http/problem.js';
import { AllowWriteKey } from '../http/write-key.js';
import { IdentitiesService } from '../identities/identities.service.js';
import type { Link } from '../identities/link-units.js';
import { EventIntake } from './event-intake.js';
import { LIMITS } from './event.validator.js';
import type { EventsAnswer } from './events.schema.js';
import { fromSegment } from './segment.js';
import { aliasSchema, identifySchema, linkOf } from './segment-links.js';

interface SegmentAnswer extends EventsAnswer {
  readonly success: true;
  /** Messages that are neither outcomes nor links that this key may make. */
  readonly ignored: number;
  /** `identify` and `alias` messages that told which unit an anonymous one became. */
  readonly linked: number;
}

/** Who sends, for the log of audits; null: a key that anybody may hold, which makes no links. */
type Linker = Acting | null;

/** Senders that speak Segment's HTTP API: `track` messages become outcomes. */
@ApiTags('events')
@Controller('v1')
export class SegmentController {
  constructor(
    @Inject(EventIntake) private readonly intake: EventIntake,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(IdentitiesService) private readonly identities: IdentitiesService,
  ) {}

  @Post('track')
  @HttpCode(200)
  @AllowRole('publishable')
  @AllowWriteKey()
  @ApiOperation({ summary: 'One Segment track message, as an outcome' })
  track(@Body() body: unknown): Promise<SegmentAnswer> {
    return this.take([body], undefined, null);
  }

  @Post('identify')
  @HttpCode(200)
  @AllowRole('secret')
  @AllowWriteKey()
  @ApiOperation({ summary: 'A Segment identify message: its anonymousId has become its userId' })
  identify(@Body({ schema: identifySchema }) body: object, @Acting() acting: Acting): Promise<SegmentAnswer> {
    return this.take([{ ...body, type: 'identify' }], undefined, acting);
  }

  @Post('alias')
  @HttpCode(200)
  @AllowRole('secret')
  @AllowWriteKey()
  @ApiOperation({ summary: 'A Segment alias message: its previousId has become its userId' })
  alias(@Body({ schema: aliasSchema }) body: object, @Acting() acting: Acting): Promise<SegmentAnswer> {
    return this.take([{ ...body, type: 'alias' }], undefined, acting);
  }

  @Post('batch')
  @HttpCode(200)
  @AllowRole('publishable')
  @AllowWriteKey()
  @ApiOperation({
    summary: 'A batch of Segment messages; those of the type track become outcomes',
    description:
      'Each messageId counts once. 200 means that the accepted messages are durable. With a secret key, identify and alias messages link units.',
  })
  batch(
    @Body() body: unknown,
    @Req() request: AuthenticatedRequest,
    @Acting() acting: Acting,
  ): Promise<SegmentAnswer> {
    const { batch, sentAt } = (body ?? {}) as { batch?: unknown; sentAt?: unknown };
    if (!Array.isArray(batch)) throw Problem.invalid('/batch', 'invalid_type', 'send {"batch": [...]}');
    if (batch.length === 0) throw Problem.invalid('/batch', 'too_small', 'send at least one message');
    if (batch.length > LIMITS.events)
      throw Problem.invalid('/batch', 'too_big', `send at most ${LIMITS.events} messages at a time`);
    return this.take(batch, sentAt, request.caller?.role === 'publishable' ? null : acting);
  }

  /** @throws Problem 400 when no message could be accepted. */
  private async take(messages: readonly unknown[], sentAt: unknown, linker: Linker): Promise<SegmentAnswer> {
    const now = Date.now();
    // First, so that what the same batch tells of the units counts for the one that is kept.
    const { rejected, linked } = linker ? await this.link(messages, linker) : { rejected: [], linked: 0 };
    const events: unknown[] = [];
    const places: number[] = [];
    messages.forEach((message, index) => {
      const mapped = fromSegment(message, { own: this.config.segmentNames, sentAt, now });
      if ('code' in mapped) rejected.push({ index, ...mapped });
      else if (mapped.event !== null) {
        events.push(mapped.event);
        places.push(index);
      }
    });
    const ignored = messages.length - events.length - rejected.length - linked;
    const answer =
      events.length > 0 ? await this.intake.take({ events }, now) : { accepted: 0, rejected: [] };
    rejected.push(...answer.rejected.map((one) => ({ ...one, index: places[one.index] ?? one.index })));
    if (answer.accepted + linked === 0 && rejected.length > 0) throw allRejected(rejected);
    return { success: true, accepted: answer.accepted, rejected, ignored, linked };
  }

  private async link(
    messages: readonly unknown[],
    acting: Acting,
  ): Promise<{ rejected: EventsAnswer['rejected']; linked: number }> {
    const rejected: EventsAnswer['rejected'] = [];
    const links: Link[] = [];
    const places: number[] = [];
    for (const [index, message] of messages.entries()) {
      const link = linkOf(message);
      if (link === null) continue;
      if ('code' in link) rejected.push({ index, ...link });
      else {
        links.push(link);
        places.push(index);
      }
    }
    const made = await this.identities.linkAll(links, acting);
    let linked = 0;
    made.forEach((one, i) => {
      // No room for another alias, or a unit that was erased: the rest of the batch counts all the same.
      if (one instanceof Problem)
        rejected.push({ index: places[i] ?? i, code: one.code, message: one.message });
      else linked += 1;
    });
    return { rejected, linked };
  }
}

const allRejected = (rejected: EventsAnswer['rejected']): Problem =>
  new Problem(
    400,
    'all_events_rejected',
    'None of the messages could be accepted',
    rejected.slice(0, 20).map(({ index, code, message }) => ({ pointer: `/batch/${index}`, code, message })),
  );
