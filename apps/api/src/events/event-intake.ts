import { Inject, Injectable, Logger } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { withDeadline } from '../queues/deadline.js';
import { IdentityMap } from '../persistence/identity-map.js';
import { encodeWritten } from '../queues/event-lines.js';
import { IngestProducer } from '../queues/ingest-producer.js';
import type { EventLines } from '../queues/jobs.js';
import { RateLimitedLog } from '../queues/rate-limited-log.js';
import { Spool } from '../queues/spool.js';
import { EventBatcher } from './event-batcher.js';
import { LIMITS, isRejection, receivedAt, validateEvent } from './event.validator.js';
import type { EventsAnswer } from './events.schema.js';

/** After a failed hand-over the queue is left alone for this long; batches go to the spool meanwhile. */
const REST_MS = 1_000;
/** A hand-over that takes longer than this counts as failed; the events may then arrive twice, which is harmless. */
const PATIENCE_MS = 3_000;

/** Takes in batches of events: checks each, and answers when those that passed are durable. */
@Injectable()
export class EventIntake {
  private readonly batcher = new EventBatcher((lines) => this.handOver(lines));
  private readonly log = new RateLimitedLog((message) => new Logger('Events').warn(message));
  private restUntil = 0;

  constructor(
    @Inject(IngestProducer) private readonly producer: IngestProducer,
    @Inject(Spool) private readonly spool: Spool,
    @Inject(IdentityMap) private readonly identities: IdentityMap,
  ) {}

  /**
   * @param body the parsed request body.
   * @throws Problem 400 when it is not a batch, 503 when neither the queue nor the disk takes it.
   */
  async take(body: unknown, now: number = Date.now()): Promise<EventsAnswer> {
    const { answer, lines } = checkBatch(eventsOf(body), now, this.identities);
    if (lines.count > 0) await this.batcher.add(lines);
    return answer;
  }

  private async handOver(lines: EventLines): Promise<void> {
    if (Date.now() >= this.restUntil) {
      try {
        await withDeadline(this.producer.addEvents(lines), PATIENCE_MS);
        return;
      } catch (error) {
        this.restUntil = Date.now() + REST_MS;
        this.log.report('the queue is away, events go to the spool', error as Error);
      }
    }
    try {
      await this.spool.appendDurable('events', lines.lines, lines.count);
    } catch (error) {
      this.log.report('the spool refused events', error as Error);
      throw new Problem(
        503,
        'unavailable',
        'Neither the queue nor the local spool takes events at the moment; send them again',
        [],
        {
          'retry-after': '5',
        },
      );
    }
  }
}

function eventsOf(body: unknown): readonly unknown[] {
  const events = (body as { events?: unknown } | null)?.events;
  if (!Array.isArray(events)) throw Problem.invalid('/events', 'invalid_type', 'send {"events": [...]}');
  if (events.length === 0) throw Problem.invalid('/events', 'too_small', 'send at least one event');
  if (events.length > LIMITS.events)
    throw Problem.invalid('/events', 'too_big', `send at most ${LIMITS.events} events at a time`);
  return events;
}

function checkBatch(
  events: readonly unknown[],
  now: number,
  identities: IdentityMap,
): { answer: EventsAnswer; lines: EventLines } {
  const rejected: EventsAnswer['rejected'] = [];
  let firstAt = Infinity;
  let lastAt = -Infinity;
  const lines: string[] = [];
  const received = receivedAt(now);
  events.forEach((raw, index) => {
    const event = validateEvent(raw, received);
    if (isRejection(event)) {
      rejected.push({ index, code: event.code, message: event.message });
      return;
    }
    if (event.at < firstAt) firstAt = event.at;
    if (event.at > lastAt) lastAt = event.at;
    const unitId = identities.resolve(event.unitId);
    lines.push(encodeWritten(unitId === event.unitId ? event : { ...event, unitId }));
  });
  const count = lines.length;
  return { answer: { accepted: count, rejected }, lines: { count, firstAt, lastAt, lines: lines.join('') } };
}
