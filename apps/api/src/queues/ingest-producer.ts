import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { mergeLines } from './event-lines.js';
import { QUEUES } from './jobs.js';
import type { DecisionLinesJob, DecisionRecord, DecisionsJob, EventLines, EventsJob } from './jobs.js';
import type { SpoolBatch } from './spool.js';

/** Most events in one job; several spooled batches are merged up to this. */
export const MOST_EVENTS_PER_JOB = 4000;

/** Puts facts on the queue. Both methods resolve once the queue holds them durably. */
@Injectable()
export class IngestProducer {
  constructor(@InjectQueue(QUEUES.ingest) private readonly queue: Queue) {}

  async addEvents(events: EventLines): Promise<void> {
    const data: EventsJob = { schemaVersion: 1, ...events };
    await this.queue.add('events', data);
  }

  async addDecisions(decisions: readonly DecisionRecord[]): Promise<void> {
    const data: DecisionsJob = { schemaVersion: 1, decisions };
    await this.queue.add('decisions', data);
  }

  /** Hands spooled batches over in one round trip; for the spool's `ship`. */
  async ship(batches: readonly SpoolBatch[]): Promise<void> {
    await this.queue.addBulk(
      batches.flatMap((batch): { name: string; data: DecisionLinesJob | EventsJob }[] =>
        batch.kind === 'decisions'
          ? [{ name: 'decisions', data: { schemaVersion: 1, decisionLines: batch.texts.join('\n') } }]
          : inJobs(batch.records as readonly EventLines[]).map((data) => ({ name: 'events', data })),
      ),
    );
  }
}

function inJobs(parts: readonly EventLines[]): EventsJob[] {
  const jobs: EventsJob[] = [];
  let open: EventLines[] = [];
  let count = 0;
  for (const part of parts) {
    if (count > 0 && count + part.count > MOST_EVENTS_PER_JOB) {
      jobs.push({ schemaVersion: 1, ...mergeLines(open) });
      open = [];
      count = 0;
    }
    open.push(part);
    count += part.count;
  }
  if (open.length > 0) jobs.push({ schemaVersion: 1, ...mergeLines(open) });
  return jobs;
}
