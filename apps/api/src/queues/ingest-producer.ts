import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { eventLinesOf } from './event-lines.js';
import { QUEUES } from './jobs.js';
import type { DecisionsJob, EventLines, EventsJob } from './jobs.js';
import type { SpoolBatch } from './spool.js';

/** Puts facts on the queue. All methods resolve once the queue holds them durably. */
@Injectable()
export class IngestProducer {
  constructor(@InjectQueue(QUEUES.ingest) private readonly queue: Queue) {}

  async addEvents(events: EventLines): Promise<void> {
    const data: EventsJob = { schemaVersion: 1, ...events };
    await this.queue.add('events', data);
  }

  /** @param lines as encodeDecision makes them, each with its newline. */
  async addDecisions(lines: string): Promise<void> {
    const data: DecisionsJob = { schemaVersion: 2, lines };
    await this.queue.add('decisions', data);
  }

  /**
   * Hands a spooled batch over; for the spool's `ship`. As one job: on PostgreSQL adding a job costs a fifth of adding
   * it "in bulk", which makes temporary tables.
   */
  ship({ kind, lines }: SpoolBatch): Promise<void> {
    return kind === 'decisions' ? this.addDecisions(lines) : this.addEvents(eventLinesOf(lines));
  }
}
