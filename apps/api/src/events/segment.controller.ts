import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { AllowRole } from '../http/api-key.guard.js';
import { Problem } from '../http/problem.js';
import { AllowWriteKey } from '../http/write-key.js';
import { EventIntake } from './event-intake.js';
import { LIMITS } from './event.validator.js';
import type { EventsAnswer } from './events.schema.js';
import { fromSegment } from './segment.js';

interface SegmentAnswer extends EventsAnswer {
  readonly success: true;
  /** Messages of other types than `track`. */
  readonly ignored: number;
}

/** Senders that speak Segment's HTTP API: `track` messages become outcomes. */
@ApiTags('events')
@Controller('v1')
export class SegmentController {
  constructor(
    @Inject(EventIntake) private readonly intake: EventIntake,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('track')
  @HttpCode(200)
  @AllowRole('publishable')
  @AllowWriteKey()
  @ApiOperation({ summary: 'One Segment track message, as an outcome' })
  track(@Body() body: unknown): Promise<SegmentAnswer> {
    return this.take([body], undefined);
  }

  @Post('batch')
  @HttpCode(200)
  @AllowRole('publishable')
  @AllowWriteKey()
  @ApiOperation({
    summary: 'A batch of Segment messages; those of the type track become outcomes',
    description: 'Each messageId counts once. 200 means that the accepted messages are durable.',
  })
  batch(@Body() body: unknown): Promise<SegmentAnswer> {
    const { batch, sentAt } = (body ?? {}) as { batch?: unknown; sentAt?: unknown };
    if (!Array.isArray(batch)) throw Problem.invalid('/batch', 'invalid_type', 'send {"batch": [...]}');
    if (batch.length === 0) throw Problem.invalid('/batch', 'too_small', 'send at least one message');
    if (batch.length > LIMITS.events)
      throw Problem.invalid('/batch', 'too_big', `send at most ${LIMITS.events} messages at a time`);
    return this.take(batch, sentAt);
  }

  /** @throws Problem 400 when no message could be accepted. */
  private async take(messages: readonly unknown[], sentAt: unknown): Promise<SegmentAnswer> {
    const now = Date.now();
    const rejected: EventsAnswer['rejected'] = [];
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
    const ignored = messages.length - events.length - rejected.length;
    const answer =
      events.length > 0 ? await this.intake.take({ events }, now) : { accepted: 0, rejected: [] };
    rejected.push(...answer.rejected.map((one) => ({ ...one, index: places[one.index] ?? one.index })));
    if (answer.accepted === 0 && rejected.length > 0) throw allRejected(rejected);
    return { success: true, accepted: answer.accepted, rejected, ignored };
  }
}

const allRejected = (rejected: EventsAnswer['rejected']): Problem =>
  new Problem(
    400,
    'all_events_rejected',
    'None of the messages could be accepted',
    rejected.slice(0, 20).map(({ index, code, message }) => ({ pointer: `/batch/${index}`, code, message })),
  );
